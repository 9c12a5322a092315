// SPDX-License-Identifier: Apache-2.0
#pragma once

// The machine-readable page of Apache's mod_status, "/server-status?auto", and the families made of it.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

namespace exporter::apache {

struct ProxyWorker {
  std::string_view balancer{};
  std::string_view worker{};
  std::string_view status{};
  std::optional<double> elected{}, busy{}, sent{}, received{};
};

/// What a page says. Texts are pieces of the page.
struct ServerStatus {
  std::string_view version = "UNKNOWN";
  std::string_view mpm = "UNKNOWN";
  std::optional<double> accesses, kilobytes, duration, uptime;
  std::optional<double> cpu_user, cpu_system, cpu_children_user, cpu_children_system, cpu_load;
  std::optional<double> config_generation, mpm_generation;
  std::optional<double> load1, load5, load15;
  std::optional<double> busy, idle, graceful;
  std::optional<double> processes, stopping;
  std::optional<double> connections, writing, keep_alive, closing, wait_io;
  std::optional<std::string_view> scoreboard;
  std::vector<ProxyWorker> workers;
  bool recognised = false;  ///< any line had a known name: an HTML page has none
};

/// Reads a page line by line; lines of other names are skipped. Where a value is no number the rest is left,
/// and `status` has what stands before it.
Status parse_server_status(std::string_view page, ServerStatus& status);

/// "Apache/2.4.57 (Debian)" as 2.04057; nothing where the version does not have three parts (ServerTokens).
std::optional<double> version_number(std::string_view server_version);

/// `whole` is false where the page could not be read to its end: then only the families are written that the
/// original has by then.
void write_server_status(Sink& sink, const ServerStatus& status, bool whole);
void write_up(Sink& sink, bool up);
void write_failures(Sink& sink, std::uint64_t failures);

std::span<const MetricInfo> metrics();

}  // namespace exporter::apache
