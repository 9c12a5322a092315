// SPDX-License-Identifier: Apache-2.0
// node_kernel_hung_tasks_total: from /proc/sys/kernel/hung_task_detect_count (kernel 6.13 and later).

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kHung = counter("node_kernel_hung_tasks_total", "Tasks found hung.");
constexpr MetricInfo kMetrics[] = {kHung};

class KernelHung final : public Collector {
 public:
  KernelHung(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto count = proc_.number<std::uint64_t>("sys/kernel/hung_task_detect_count");
    if (!count) return fail(count);
    sink(kHung, *count);
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec kernel_hung{"Hung tasks, from /proc/sys/kernel/hung_task_detect_count.", kMetrics,
                                       make<KernelHung>};

}  // namespace exporter::node
