// SPDX-License-Identifier: Apache-2.0
// node_ksmd_*: merging of equal pages, from /sys/kernel/mm/ksm.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kFullScans = counter("node_ksmd_full_scans_total", "Times that all areas were scanned.");
constexpr auto kMergeAcrossNodes =
    gauge("node_ksmd_merge_across_nodes", "Whether pages of several nodes are merged.");
constexpr auto kShared = gauge("node_ksmd_pages_shared", "Shared pages in use.");
constexpr auto kSharing = gauge("node_ksmd_pages_sharing", "Pages that share another one.");
constexpr auto kToScan = gauge("node_ksmd_pages_to_scan", "Pages to scan before a sleep.");
constexpr auto kUnshared = gauge("node_ksmd_pages_unshared", "Pages checked that have no equal.");
constexpr auto kVolatile = gauge("node_ksmd_pages_volatile", "Pages that change too fast to be merged.");
constexpr auto kRun = gauge("node_ksmd_run", "0 stopped, 1 running, 2 stopped and unmerged.");
constexpr auto kSleep = gauge("node_ksmd_sleep_seconds", "Sleep between scans, in seconds.");
constexpr MetricInfo kMetrics[] = {kFullScans, kMergeAcrossNodes, kShared, kSharing, kToScan,
                                   kUnshared,  kVolatile,         kRun,    kSleep};

struct Attribute {
  std::string_view path;
  const Metric<0>& metric;
};
constexpr Attribute kAttributes[] = {
    {"kernel/mm/ksm/full_scans", kFullScans},    {"kernel/mm/ksm/merge_across_nodes", kMergeAcrossNodes},
    {"kernel/mm/ksm/pages_shared", kShared},     {"kernel/mm/ksm/pages_sharing", kSharing},
    {"kernel/mm/ksm/pages_to_scan", kToScan},    {"kernel/mm/ksm/pages_unshared", kUnshared},
    {"kernel/mm/ksm/pages_volatile", kVolatile}, {"kernel/mm/ksm/run", kRun},
};

class Ksmd final : public Collector {
 public:
  Ksmd(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto& attribute : kAttributes) {
      auto value = sys_.number<std::uint64_t>(attribute.path);
      if (!value) return fail(value);
      sink(attribute.metric, *value);
    }
    auto milliseconds = sys_.number<std::uint64_t>("kernel/mm/ksm/sleep_millisecs");
    if (!milliseconds) return fail(milliseconds);
    sink(kSleep, static_cast<double>(*milliseconds) / 1000);
    return {};
  }

 private:
  Files sys_;
};

}  // namespace

extern const CollectorSpec ksmd{"Merging of equal memory pages, from /sys/kernel/mm/ksm.", kMetrics,
                                make<Ksmd>};

}  // namespace exporter::node
