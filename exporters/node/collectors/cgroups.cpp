// SPDX-License-Identifier: Apache-2.0
// node_cgroups_*: the control group controllers, from /proc/cgroups.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kCgroups = gauge("node_cgroups_cgroups", "Control groups of the controller.", "subsys_name");
constexpr auto kEnabled =
    gauge("node_cgroups_enabled", "1 where the controller is on, else 0.", "subsys_name");
constexpr MetricInfo kMetrics[] = {kCgroups, kEnabled};

class Cgroups final : public Collector {
 public:
  Cgroups(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("cgroups");
    if (!text) return fail(text);
    for (std::string_view line : Lines(*text)) {
      if (line.starts_with('#')) continue;
      Fields fields(line);
      const auto name = fields.next();
      auto cgroups = parse<std::uint64_t>(fields.skip(1).next());
      auto enabled = parse<std::uint64_t>(fields.next());
      if (!cgroups) return std::unexpected(proc_.malformed("cgroups", cgroups.error().message));
      if (!enabled) return std::unexpected(proc_.malformed("cgroups", enabled.error().message));
      sink(kCgroups, {name}, *cgroups);
      sink(kEnabled, {name}, *enabled);
    }
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec cgroups{"Control group controllers, from /proc/cgroups.", kMetrics, make<Cgroups>};

}  // namespace exporter::node
