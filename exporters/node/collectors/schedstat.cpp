// SPDX-License-Identifier: Apache-2.0
// node_schedstat_*: the scheduler's work on each CPU, from /proc/schedstat.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kRunning =
    counter("node_schedstat_running_seconds_total", "Time that the CPU ran tasks, in seconds.", "cpu");
constexpr auto kWaiting =
    counter("node_schedstat_waiting_seconds_total", "Time that tasks waited for the CPU, in seconds.", "cpu");
constexpr auto kTimeslices = counter("node_schedstat_timeslices_total", "Time slices run on the CPU.", "cpu");
constexpr MetricInfo kMetrics[] = {kRunning, kWaiting, kTimeslices};

class Schedstat final : public Collector {
 public:
  Schedstat(Host& host, Flags& flags)
      : proc_(host.procfs()),
        aggregate_(flags.toggle("collector.schedstat.aggregate", false,
                                "Expose the times of all CPUs added up, as cpu=\"all\".")) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("schedstat");
    if (!text) return fail(text);
    const auto running = sink.family(kRunning);
    const auto waiting = sink.family(kWaiting);
    const auto timeslices = sink.family(kTimeslices);
    std::uint64_t all_run = 0, all_wait = 0, all_slices = 0;
    for (std::string_view line : Lines(*text)) {
      if (!line.starts_with("cpu")) continue;
      Fields fields(line);
      const auto cpu = fields.next().substr(3);
      fields.skip(6);
      auto run = parse<std::uint64_t>(fields.next());
      auto wait = parse<std::uint64_t>(fields.next());
      auto slices = parse<std::uint64_t>(fields.next());
      if (!parse<unsigned>(cpu) || !run || !wait || !slices) continue;  // a line of another version
      all_run += *run;
      all_wait += *wait;
      all_slices += *slices;
      if (*aggregate_) continue;
      running({cpu}, static_cast<double>(*run) / 1e9);
      waiting({cpu}, static_cast<double>(*wait) / 1e9);
      timeslices({cpu}, *slices);
    }
    if (*aggregate_) {
      running({"all"}, static_cast<double>(all_run) / 1e9);
      waiting({"all"}, static_cast<double>(all_wait) / 1e9);
      timeslices({"all"}, all_slices);
    }
    return {};
  }

 private:
  Files proc_;
  const Flag<bool>& aggregate_;
};

}  // namespace

extern const CollectorSpec schedstat{"Scheduler statistics of each CPU, from /proc/schedstat.", kMetrics,
                                     make<Schedstat>};

}  // namespace exporter::node
