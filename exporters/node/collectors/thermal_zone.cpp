// SPDX-License-Identifier: Apache-2.0
// node_thermal_zone_temp and node_cooling_device_*: from /sys/class/thermal.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kTemperature =
    gauge("node_thermal_zone_temp", "Temperature of the zone, in degrees Celsius.", "type", "zone");
constexpr auto kCurrent =
    gauge("node_cooling_device_cur_state", "How hard the device cools.", "name", "type");
constexpr auto kMax = gauge("node_cooling_device_max_state", "How hard the device can cool.", "name", "type");
constexpr MetricInfo kMetrics[] = {kTemperature, kCurrent, kMax};

class ThermalZone final : public Collector {
 public:
  ThermalZone(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    const auto temperatures = sink.family(kTemperature);
    for (const auto& zone : sys_.glob("class/thermal/thermal_zone[0-9]*")) {
      const auto type = sys_.read(zone + "/type", type_).value_or("");
      const auto temperature = sys_.number<std::int64_t>(zone + "/temp");
      // A sensor that is off or asleep, or says nothing that makes sense, counts as 0: rules know it.
      const auto name = std::string_view(zone).substr(zone.find("thermal_zone") + 12);
      temperatures({trim(type), name}, static_cast<double>(temperature.value_or(0)) / 1000.0);
    }
    const auto current = sink.family(kCurrent);
    const auto max = sink.family(kMax);
    for (const auto& device : sys_.glob("class/thermal/cooling_device[0-9]*")) {
      auto type = sys_.read(device + "/type", type_);
      const auto max_state = sys_.number<std::int64_t>(device + "/max_state");
      const auto state = sys_.number<std::int64_t>(device + "/cur_state");
      if (!type || !max_state || !state) continue;
      const auto name = std::string_view(device).substr(device.find("cooling_device") + 14);
      current({name, trim(*type)}, *state);
      max({name, trim(*type)}, *max_state);
    }
    return {};
  }

 private:
  Files sys_;
  std::string type_;
};

}  // namespace

extern const CollectorSpec thermal_zone{"Thermal zones and cooling devices, from /sys/class/thermal.",
                                        kMetrics, make<ThermalZone>};

}  // namespace exporter::node
