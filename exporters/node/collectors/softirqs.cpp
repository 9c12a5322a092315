// SPDX-License-Identifier: Apache-2.0
// node_softirqs_functions_total: soft interrupts by kind and CPU, from /proc/softirqs.

#include <algorithm>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kSoftirqs =
    counter("node_softirqs_functions_total", "Soft interrupts handled.", "cpu", "type");
constexpr MetricInfo kMetrics[] = {kSoftirqs};

constexpr std::string_view kTypes[] = {"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
                                       "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU"};

class Softirqs final : public Collector {
 public:
  Softirqs(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("softirqs");
    if (!text) return fail(text);
    std::string_view rest = *text;
    take_until(rest, '\n');  // the CPUs' names
    const auto softirqs = sink.family(kSoftirqs);
    for (std::string_view line : Lines(rest)) {
      Fields fields(line);
      auto type = fields.next();
      if (!type.ends_with(':')) continue;
      type.remove_suffix(1);
      if (std::ranges::find(kTypes, type) == std::end(kTypes)) continue;
      for (unsigned cpu = 0; !fields.empty(); ++cpu) {
        auto count = parse<std::uint64_t>(fields.next());
        if (!count) return std::unexpected(proc_.malformed("softirqs", count.error().message));
        softirqs({Digits(cpu), type}, *count);
      }
    }
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec softirqs{"Soft interrupts of each kind and CPU, from /proc/softirqs.", kMetrics,
                                    make<Softirqs>};

}  // namespace exporter::node
