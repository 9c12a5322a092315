// SPDX-License-Identifier: Apache-2.0
// node_load*: the run queue's averages, from /proc/loadavg.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kLoad1 = gauge("node_load1", "Run queue length, averaged over 1 minute.");
constexpr auto kLoad5 = gauge("node_load5", "Run queue length, averaged over 5 minutes.");
constexpr auto kLoad15 = gauge("node_load15", "Run queue length, averaged over 15 minutes.");
constexpr MetricInfo kMetrics[] = {kLoad1, kLoad5, kLoad15};

class Loadavg final : public Collector {
 public:
  Loadavg(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("loadavg");
    if (!text) return fail(text);
    Fields fields(*text);
    for (const auto* metric : {&kLoad1, &kLoad5, &kLoad15}) {
      auto load = parse<double>(fields.next());
      if (!load) return std::unexpected(proc_.malformed("loadavg", load.error().message));
      sink(*metric, *load);
    }
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec loadavg{"Load averages, from /proc/loadavg.", kMetrics, make<Loadavg>};

}  // namespace exporter::node
