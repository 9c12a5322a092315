// SPDX-License-Identifier: Apache-2.0
// node_rapl_*_joules_total: energy used by parts of the processor, from /sys/class/powercap.

#include <map>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Energy used by the zone, in joules.";
constexpr auto kJoules = counter("node_rapl_joules_total", kHelp, "index", "path", "rapl_zone");
constexpr auto kZoneJoules = counter("node_rapl_*_joules_total", kHelp, "index", "path");
constexpr MetricInfo kMetrics[] = {kJoules, kZoneJoules};

class Rapl final : public Collector {
 public:
  Rapl(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        zone_label_(flags.toggle("collector.rapl.enable-zone-label", false,
                                 "Expose one family with the zone's name as a label.")) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto entries = sys_.list("class/powercap");
    if (!entries) return fail(entries);
    std::map<std::string, unsigned, std::less<>> seen;
    for (const auto& entry : *entries) {
      const auto directory = "class/powercap/" + entry;
      auto text = sys_.value(directory + "/name");
      if (!text) continue;
      std::string name(*text);
      // "package-1" says which it is; of zones without a number, the first is 0, the next 1.
      unsigned index = seen[name]++;
      if (const auto dash = name.find_last_of('-'); dash != name.npos) {
        if (auto number = parse<unsigned>(std::string_view(name).substr(dash + 1))) {
          index = *number;
          name.resize(dash);
        }
      }
      auto energy = sys_.number<std::uint64_t>(directory + "/energy_uj");
      if (!energy && energy.error().code == Code::kNoData) continue;  // "intel-rapl" itself has no counter
      if (!energy && energy.error().code == Code::kDenied) return fail(Code::kNoData, energy.error().message);
      if (!energy) return fail(energy);
      const auto joules = static_cast<double>(*energy) / 1e6;
      const auto path = sys_.path(directory);
      if (*zone_label_) {
        sink(kJoules, {Digits(index), path, name}, joules);
      } else {
        const auto family = "node_rapl_" + sanitize_name(name) + "_joules_total";
        sink(counter(family, kHelp, "index", "path"), {Digits(index), path}, joules);
      }
    }
    return {};
  }

 private:
  Files sys_;
  const Flag<bool>& zone_label_;
};

}  // namespace

extern const CollectorSpec rapl{"Energy use of processors and memory (RAPL), from /sys/class/powercap.",
                                kMetrics, make<Rapl>};

}  // namespace exporter::node
