// SPDX-License-Identifier: Apache-2.0
// node_pressure_*: time lost because CPU, memory or I/O was short, from /proc/pressure.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kCpuWaiting = counter("node_pressure_cpu_waiting_seconds_total",
                                     "Time that some tasks waited for CPU time, in seconds.");
constexpr auto kIoWaiting =
    counter("node_pressure_io_waiting_seconds_total", "Time that some tasks waited for I/O, in seconds.");
constexpr auto kIoStalled = counter("node_pressure_io_stalled_seconds_total",
                                    "Time that no task could go on for lack of I/O, in seconds.");
constexpr auto kMemoryWaiting = counter("node_pressure_memory_waiting_seconds_total",
                                        "Time that some tasks waited for memory, in seconds.");
constexpr auto kMemoryStalled = counter("node_pressure_memory_stalled_seconds_total",
                                        "Time that no task could go on for lack of memory, in seconds.");
constexpr auto kIrqStalled = counter("node_pressure_irq_stalled_seconds_total",
                                     "Time that no task could go on because of interrupts, in seconds.");
constexpr MetricInfo kMetrics[] = {kCpuWaiting,    kIoWaiting,     kIoStalled,
                                   kMemoryWaiting, kMemoryStalled, kIrqStalled};

struct Resource {
  std::string_view path;
  const Metric<0>* some;
  const Metric<0>* full;
};
constexpr Resource kResources[] = {
    {"pressure/cpu", &kCpuWaiting, nullptr},
    {"pressure/io", &kIoWaiting, &kIoStalled},
    {"pressure/memory", &kMemoryWaiting, &kMemoryStalled},
    {"pressure/irq", nullptr, &kIrqStalled},
};

class Pressure final : public Collector {
 public:
  Pressure(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    bool found = false;
    for (const auto& resource : kResources) {
      auto text = proc_.read(resource.path);
      if (!text && text.error().code == Code::kNoData) continue;  // a kernel without it
      if (!text) return fail(text);
      found = true;
      for (std::string_view line : Lines(*text)) {
        const auto* metric = line.starts_with("some")   ? resource.some
                             : line.starts_with("full") ? resource.full
                                                        : nullptr;
        if (!metric) continue;
        constexpr std::string_view kTotal = " total=";
        const auto at = line.find(kTotal);
        auto total = parse<std::uint64_t>(at == line.npos ? "" : line.substr(at + kTotal.size()));
        if (!total) return std::unexpected(proc_.malformed(resource.path, total.error().message));
        sink(*metric, static_cast<double>(*total) / 1000 / 1000);
      }
    }
    if (!found)
      return fail(Code::kNoData, "no pressure information: " + proc_.path("pressure") + " is not there");
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec pressure{"Pressure stall information (PSI), from /proc/pressure.", kMetrics,
                                    make<Pressure>};

}  // namespace exporter::node
