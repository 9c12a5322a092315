// SPDX-License-Identifier: Apache-2.0
// node_time_*: this moment, the time zone, and the clock sources in /sys/devices/system/clocksource.

#include <ctime>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kNow = gauge("node_time_seconds", "This moment, as Unix time in seconds.");
constexpr auto kZone =
    gauge("node_time_zone_offset_seconds", "Local time minus UTC, in seconds.", "time_zone");
constexpr auto kAvailable = gauge("node_time_clocksource_available_info",
                                  "Clock sources that can be used; always 1.", "clocksource", "device");
constexpr auto kCurrent = gauge("node_time_clocksource_current_info", "The clock source in use; always 1.",
                                "clocksource", "device");
constexpr MetricInfo kMetrics[] = {kNow, kZone, kAvailable, kCurrent};

class Time final : public Collector {
 public:
  Time(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    ::timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    ::tm local{};
    ::localtime_r(&now.tv_sec, &local);
    const auto nanoseconds = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    sink(kNow, static_cast<double>(nanoseconds) / 1e9);
    sink(kZone, {local.tm_zone}, local.tm_gmtoff);

    const auto available = sink.family(kAvailable);
    const auto current = sink.family(kCurrent);
    unsigned position = 0;
    for (const auto& device : sys_.glob("devices/system/clocksource/clocksource[0-9]*")) {
      const Digits label(position++);
      auto sources = sys_.value(device + "/available_clocksource");
      if (!sources) return fail(sources);
      for (Fields fields(*sources); !fields.empty();) available({fields.next(), label}, 1);
      auto used = sys_.value(device + "/current_clocksource");
      if (!used) return fail(used);
      current({*used, label}, 1);
    }
    return {};
  }

 private:
  Files sys_;
};

}  // namespace

extern const CollectorSpec time{"The time, its zone and the clock sources.", kMetrics, make<Time>};

}  // namespace exporter::node
