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
  Schedstat(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("schedstat");
    if (!text) return fail(text);
    const auto running = sink.family(kRunning);
    const auto waiting = sink.family(kWaiting);
    const auto timeslices = sink.family(kTimeslices);
    for (std::string_view line : Lines(*text)) {
      if (!line.starts_with("cpu")) continue;
      Fields fields(line);
      const auto cpu = fields.next().substr(3);
      fields.skip(6);
      auto run = parse<std::uint64_t>(fields.next());
      auto wait = parse<std::uint64_t>(fields.next());
      auto slices = parse<std::uint64_t>(fields.next());
      if (!parse<unsigned>(cpu) || !run || !wait || !slices) continue;  // a line of another version
      running({cpu}, static_cast<double>(*run) / 1e9);
      waiting({cpu}, static_cast<double>(*wait) / 1e9);
      timeslices({cpu}, *slices);
    }
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec schedstat{"Scheduler statistics of each CPU, from /proc/schedstat.", kMetrics,
                                     make<Schedstat>};

}  // namespace exporter::node
