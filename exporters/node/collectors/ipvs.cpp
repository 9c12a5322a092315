// SPDX-License-Identifier: Apache-2.0
// node_ipvs_*: the kernel's load balancer, from /proc/net/ip_vs_stats and ip_vs.

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "collector_spec.hpp"
#include "ip_text.hpp"

namespace exporter::node {
namespace {

constexpr Metric<0> kTotals[] = {
    counter("node_ipvs_connections_total", "Connections made."),
    counter("node_ipvs_incoming_packets_total", "Packets received."),
    counter("node_ipvs_outgoing_packets_total", "Packets sent."),
    counter("node_ipvs_incoming_bytes_total", "Bytes received."),
    counter("node_ipvs_outgoing_bytes_total", "Bytes sent."),
};

constexpr std::string_view kLabels[] = {"local_address", "local_port", "remote_address",
                                        "remote_port",   "proto",      "local_mark"};
enum LabelIndex : std::uint8_t { kLocalAddress, kLocalPort, kRemoteAddress, kRemotePort, kProto, kLocalMark };

constexpr auto kActive = gauge("node_ipvs_backend_connections_active", "Active connections of a backend.",
                               kLabels[0], kLabels[1], kLabels[2], kLabels[3], kLabels[4], kLabels[5]);
constexpr auto kInactive =
    gauge("node_ipvs_backend_connections_inactive", "Inactive connections of a backend.", kLabels[0],
          kLabels[1], kLabels[2], kLabels[3], kLabels[4], kLabels[5]);
constexpr auto kWeight = gauge("node_ipvs_backend_weight", "Weight of a backend.", kLabels[0], kLabels[1],
                               kLabels[2], kLabels[3], kLabels[4], kLabels[5]);
constexpr MetricInfo kMetrics[] = {kTotals[0], kTotals[1], kTotals[2], kTotals[3],
                                   kTotals[4], kActive,    kInactive,  kWeight};

struct Backend {
  std::array<std::string, std::size(kLabels)> labels;
  std::uint64_t weight = 0;
  std::uint64_t active = 0;
  std::uint64_t inactive = 0;
};

struct Endpoint {
  std::string address;
  std::string port;
};

// "C0A80001:0050" or "[2001:0DB8:0000:0000:0000:0000:0000:0001]:0050".
std::optional<Endpoint> parse_endpoint(std::string_view text) {
  std::string digits;
  if (text.size() == 46) {
    for (const char c : text.substr(1, 39)) {
      if (c != ':') digits += c;
    }
    if (digits.size() != 32) return std::nullopt;
  } else if (text.size() == 13) {
    digits = text.substr(0, 8);
  } else {
    return std::nullopt;
  }
  const auto port = parse<std::uint16_t>(text.substr(text.size() - 4), 16);
  if (!port) return std::nullopt;
  std::array<std::byte, 16> address{};
  const auto size = digits.size() / 2;
  for (std::size_t i = 0; i < size; ++i) {
    auto byte = parse<std::uint8_t>(std::string_view(digits).substr(2 * i, 2), 16);
    if (!byte) return std::nullopt;
    address[i] = std::byte{*byte};
  }
  return Endpoint{std::string(IpText(Bytes(address).first(size))), std::string(Digits(*port))};
}

class Ipvs final : public Collector {
 public:
  Ipvs(Host& host, Flags& flags)
      : proc_(host.procfs()),
        labels_flag_(
            flags.text("collector.ipvs.backend-labels",
                       "local_address,local_port,remote_address,remote_port,proto,local_mark",
                       "Labels of the backends' metrics, separated by commas; others are summed up.")) {}

  Status start() override {
    std::string_view rest = *labels_flag_;
    std::vector<std::string> unknown;
    while (!rest.empty()) {
      const auto label = take_until(rest, ',');
      const auto* known = std::find(std::begin(kLabels), std::end(kLabels), label);
      if (known != std::end(kLabels)) {
        chosen_[static_cast<std::size_t>(known - kLabels)] = true;
      } else if (!label.empty()) {
        unknown.emplace_back(label);
      }
    }
    if (unknown.empty()) return {};
    std::sort(unknown.begin(), unknown.end());
    unknown.erase(std::unique(unknown.begin(), unknown.end()), unknown.end());
    std::string names;
    for (const auto& label : unknown) names += (names.empty() ? "" : ", ") + label;
    return fail(Code::kInvalid, "unknown IPVS backend labels: \"" + names + "\"");
  }

  Status collect(Sink& sink, const Scrape&) override {
    std::array<std::uint64_t, std::size(kTotals)> totals{};
    if (auto read = read_totals(totals); !read) return read;
    for (std::size_t i = 0; i < totals.size(); ++i) sink(kTotals[i], totals[i]);
    std::vector<Backend> backends;
    if (auto read = read_backends(backends); !read) return read;
    for (const auto* metric : {&kActive, &kInactive, &kWeight}) {
      for (const auto& backend : backends) {
        std::array<Label, std::size(kLabels)> labels{};
        std::size_t count = 0;
        for (std::size_t i = 0; i < labels.size(); ++i) {
          if (chosen_[i]) labels[count++] = {kLabels[i], backend.labels[i]};
        }
        const auto value = metric == &kActive     ? backend.active
                           : metric == &kInactive ? backend.inactive
                                                  : backend.weight;
        sink.sample(metric->name, metric->help, metric->type, std::span(labels).first(count), value);
      }
    }
    return {};
  }

 private:
  Status read_totals(std::array<std::uint64_t, std::size(kTotals)>& totals) {
    auto text = proc_.read("net/ip_vs_stats");
    if (!text) return fail(text);
    auto rest = *text;
    take_until(rest, '\n');
    take_until(rest, '\n');
    if (rest.find('\n') == std::string_view::npos) {
      return std::unexpected(proc_.malformed("net/ip_vs_stats", "too short"));
    }
    Fields fields(take_until(rest, '\n'));
    for (auto& total : totals) {
      auto number = parse<std::uint64_t>(fields.next(), 16);
      if (!number) return std::unexpected(proc_.malformed("net/ip_vs_stats", number.error().message));
      total = *number;
    }
    if (!fields.empty()) return std::unexpected(proc_.malformed("net/ip_vs_stats", "too many columns"));
    return {};
  }

  Status read_backends(std::vector<Backend>& backends) {
    auto text = proc_.read("net/ip_vs");
    if (!text) return fail(text);
    Backend service;
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      const auto kind = fields.next();
      const auto where = fields.next();
      if (where.empty() || kind == "IP" || kind == "Prot" || where == "RemoteAddress:Port") continue;
      if (kind == "TCP" || kind == "UDP") {
        auto local = parse_endpoint(where);
        if (!local)
          return std::unexpected(proc_.malformed("net/ip_vs", "invalid address " + std::string(where)));
        service.labels = {local->address, local->port, "", "", std::string(kind), ""};
      } else if (kind == "FWM") {
        service.labels = {"", "0", "", "", "FWM", std::string(where)};
      } else if (kind == "->") {
        fields.next();  // how packets are forwarded
        const auto weight_text = fields.next();
        const auto active_text = fields.next();
        const auto inactive_text = fields.next();
        if (inactive_text.empty()) continue;
        auto remote = parse_endpoint(where);
        if (!remote)
          return std::unexpected(proc_.malformed("net/ip_vs", "invalid address " + std::string(where)));
        auto weight = parse<std::uint64_t>(weight_text);
        auto active = parse<std::uint64_t>(active_text);
        auto inactive = parse<std::uint64_t>(inactive_text);
        if (!weight || !active || !inactive) {
          return std::unexpected(
              proc_.malformed("net/ip_vs", "invalid number in line " + std::string(trim(line))));
        }
        Backend backend = service;
        backend.labels[kRemoteAddress] = std::move(remote->address);
        backend.labels[kRemotePort] = std::move(remote->port);
        backend.weight = *weight;
        backend.active = *active;
        backend.inactive = *inactive;
        for (std::size_t i = 0; i < std::size(kLabels); ++i) {
          if (!chosen_[i]) backend.labels[i].clear();
        }
        backends.push_back(std::move(backend));
      }
    }
    sum_equal(backends);
    return {};
  }

  // Without all labels, several backends share a series.
  static void sum_equal(std::vector<Backend>& backends) {
    std::stable_sort(backends.begin(), backends.end(),
                     [](const Backend& a, const Backend& b) { return a.labels < b.labels; });
    std::size_t count = 0;
    for (auto& backend : backends) {
      if (count > 0 && backends[count - 1].labels == backend.labels) {
        backends[count - 1].weight += backend.weight;
        backends[count - 1].active += backend.active;
        backends[count - 1].inactive += backend.inactive;
      } else {
        if (&backends[count] != &backend) backends[count] = std::move(backend);
        ++count;
      }
    }
    backends.resize(count);
  }

  Files proc_;
  const Flag<std::string>& labels_flag_;
  std::array<bool, std::size(kLabels)> chosen_{};
};

}  // namespace

extern const CollectorSpec ipvs{"The kernel's load balancer (IPVS), from /proc/net/ip_vs_stats and ip_vs.",
                                kMetrics, make<Ipvs>, /*keep_partial=*/true};

}  // namespace exporter::node
