// SPDX-License-Identifier: Apache-2.0
// The reader of "/server-status?auto".

#include "server_status.hpp"

#include <string>

#include <exporter/text.hpp>

namespace exporter::apache {
namespace {

struct NumberLine {
  std::string_view name;
  std::optional<double> ServerStatus::*field;
};

using S = ServerStatus;
constexpr NumberLine kNumbers[] = {
    {"Total Accesses", &S::accesses},
    {"Total kBytes", &S::kilobytes},
    {"Total Duration", &S::duration},
    {"Uptime", &S::uptime},
    {"CPULoad", &S::cpu_load},
    {"CPUUser", &S::cpu_user},
    {"CPUSystem", &S::cpu_system},
    {"CPUChildrenUser", &S::cpu_children_user},
    {"CPUChildrenSystem", &S::cpu_children_system},
    {"ParentServerConfigGeneration", &S::config_generation},
    {"ParentServerMPMGeneration", &S::mpm_generation},
    {"Load1", &S::load1},
    {"Load5", &S::load5},
    {"Load15", &S::load15},
    {"BusyWorkers", &S::busy},
    {"IdleWorkers", &S::idle},
    {"GracefulWorkers", &S::graceful},
    {"Processes", &S::processes},
    {"Stopping", &S::stopping},
    {"ConnsTotal", &S::connections},
    {"ConnsAsyncWriting", &S::writing},
    {"ConnsAsyncKeepAlive", &S::keep_alive},
    {"ConnsAsyncClosing", &S::closing},
    {"ConnsAsyncWaitIO", &S::wait_io},
};

Status take_number(std::string_view name, std::string_view text, std::optional<double>& field) {
  const auto number = parse<double>(text);
  if (!number)
    return fail(Code::kInvalid,
                "the line \"" + std::string(name.substr(0, 60)) + "\": " + number.error().message);
  field = *number;
  return {};
}

/// "ProxyBalancer[0]Worker[1]Status" and the like. Whose they are stands in a ...Name line before them.
Status take_proxy_line(std::string_view name, std::string_view value, ServerStatus& status,
                       std::string_view& balancer) {
  const auto part = name.substr(name.rfind(']') + 1);
  if (name.find("]Worker[") == std::string_view::npos) {
    if (part == "Name") balancer = value;
    return {};
  }
  if (part == "Name") {
    status.workers.push_back({.balancer = balancer, .worker = value});
    return {};
  }
  if (status.workers.empty()) status.workers.emplace_back();
  auto& worker = status.workers.back();
  if (part == "Status") worker.status = value;
  if (part == "Elected") return take_number(name, value, worker.elected);
  if (part == "Busy") return take_number(name, value, worker.busy);
  if (part != "Sent" && part != "Rcvd") return {};
  if (value.ends_with('K') || value.ends_with('k')) value.remove_suffix(1);
  return take_number(name, value, part == "Sent" ? worker.sent : worker.received);
}

}  // namespace

Status parse_server_status(std::string_view page, ServerStatus& status) {
  std::string_view balancer;
  for (const auto line : Lines(page)) {
    const auto pair = split_pair(line, ':');
    if (!pair) continue;
    const auto [name, value] = *pair;
    if (name.starts_with("ProxyBalancer[")) {
      if (auto taken = take_proxy_line(name, value, status, balancer); !taken) return taken;
    } else if (name == "ServerVersion") {
      status.version = value;
      status.recognised = true;
    } else if (name == "ServerMPM") {
      status.mpm = value;
    } else if (name == "Scoreboard") {
      status.scoreboard = value;
      status.recognised = true;
    } else {
      for (const auto& known : kNumbers) {
        if (known.name != name) continue;
        status.recognised = true;
        if (auto taken = take_number(name, value, status.*known.field); !taken) return taken;
      }
    }
  }
  return {};
}

std::optional<double> version_number(std::string_view server_version) {
  const auto slash = server_version.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  auto rest = server_version.substr(slash + 1);
  rest = rest.substr(0, rest.find_first_of(" ("));
  std::string digits;
  for (const std::size_t width : {0U, 2U, 3U}) {
    const auto number = parse<std::uint32_t>(take_until(rest, '.'));
    if (!number) return std::nullopt;
    const auto part = std::to_string(*number);
    if (part.size() < width) digits.append(width - part.size(), '0');
    digits += part;
    if (width == 0) digits += '.';
  }
  return *parse<double>(digits);
}

}  // namespace exporter::apache
