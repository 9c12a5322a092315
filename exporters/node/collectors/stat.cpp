// SPDX-License-Identifier: Apache-2.0
// node_boot_time_seconds, node_context_switches_total and others: the kernel's totals, from /proc/stat.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInterrupts = counter("node_intr_total", "Interrupts serviced.");
constexpr auto kSwitches = counter("node_context_switches_total", "Context switches.");
constexpr auto kForks = counter("node_forks_total", "Processes and threads created.");
constexpr auto kBootTime =
    gauge("node_boot_time_seconds", "When the machine was started, as Unix time in seconds.");
constexpr auto kRunning = gauge("node_procs_running", "Tasks that run or are ready to.");
constexpr auto kBlocked = gauge("node_procs_blocked", "Tasks that wait for I/O.");
constexpr auto kSoftirqs = counter("node_softirqs_total", "Soft interrupts handled.", "vector");
constexpr MetricInfo kMetrics[] = {kInterrupts, kSwitches, kForks, kBootTime, kRunning, kBlocked, kSoftirqs};

struct Row {
  std::string_view key;
  const Metric<0>& metric;
};
constexpr Row kRows[] = {
    {"intr", kInterrupts}, {"ctxt", kSwitches},         {"processes", kForks},
    {"btime", kBootTime},  {"procs_running", kRunning}, {"procs_blocked", kBlocked},
};

constexpr std::string_view kVectors[] = {"hi",           "timer",   "net_tx", "net_rx",  "block",
                                         "block_iopoll", "tasklet", "sched",  "hrtimer", "rcu"};

class Stat final : public Collector {
 public:
  Stat(Host& host, Flags& flags)
      : proc_(host.procfs()),
        softirq_(flags.toggle("collector.stat.softirq", false, "Expose soft interrupts by vector.")) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("stat");
    if (!text) return fail(text);
    std::uint64_t values[std::size(kRows)] = {};
    for (std::string_view line : Lines(*text)) {
      Fields fields(line);
      const auto key = fields.next();
      for (std::size_t i = 0; i < std::size(kRows); ++i) {
        if (key != kRows[i].key || fields.empty()) continue;
        auto value = parse<std::uint64_t>(fields.next());
        if (!value) return std::unexpected(proc_.malformed("stat", value.error().message));
        values[i] = *value;
      }
      if (key == "softirq" && *softirq_) {
        fields.skip(1);  // the sum
        auto softirqs = sink.family(kSoftirqs);
        for (std::string_view vector : kVectors) {
          auto value = parse<std::uint64_t>(fields.next());
          if (!value) return std::unexpected(proc_.malformed("stat", value.error().message));
          softirqs({vector}, *value);
        }
      }
    }
    for (std::size_t i = 0; i < std::size(kRows); ++i) sink(kRows[i].metric, values[i]);
    return {};
  }

 private:
  Files proc_;
  const Flag<bool>& softirq_;
};

}  // namespace

extern const CollectorSpec stat{"Interrupts, context switches, forks and boot time, from /proc/stat.",
                                kMetrics, make<Stat>};

}  // namespace exporter::node
