// SPDX-License-Identifier: Apache-2.0
// node_cpu_scaling_* and node_cpu_frequency_*: clock rates and governors, from
// /sys/devices/system/cpu/cpu*/cpufreq.

#include <algorithm>

#include "collector_spec.hpp"
#include "cpu_list.hpp"

namespace exporter::node {
namespace {

constexpr auto kCurrent = gauge("node_cpu_frequency_hertz", "Clock rate of the CPU, in hertz.", "cpu");
constexpr auto kMin = gauge("node_cpu_frequency_min_hertz", "Lowest clock rate of the CPU, in hertz.", "cpu");
constexpr auto kMax =
    gauge("node_cpu_frequency_max_hertz", "Highest clock rate of the CPU, in hertz.", "cpu");
constexpr auto kAverage = gauge("node_cpu_frequency_avg_hertz",
                                "Clock rate of the CPU, averaged by the hardware, in hertz.", "cpu");
constexpr auto kScaling =
    gauge("node_cpu_scaling_frequency_hertz", "Clock rate that was set, in hertz.", "cpu");
constexpr auto kScalingMin =
    gauge("node_cpu_scaling_frequency_min_hertz", "Lowest clock rate that may be set, in hertz.", "cpu");
constexpr auto kScalingMax =
    gauge("node_cpu_scaling_frequency_max_hertz", "Highest clock rate that may be set, in hertz.", "cpu");
constexpr auto kGovernor =
    gauge("node_cpu_scaling_governor", "1 for the governor in use, 0 for the others.", "cpu", "governor");
constexpr MetricInfo kMetrics[] = {kCurrent, kMin,        kMax,        kAverage,
                                   kScaling, kScalingMin, kScalingMax, kGovernor};

struct Rate {
  std::string_view file;
  const Metric<1>& metric;
};
constexpr Rate kRates[] = {
    {"/cpuinfo_cur_freq", kCurrent},    {"/cpuinfo_min_freq", kMin},     {"/cpuinfo_max_freq", kMax},
    {"/cpuinfo_avg_freq", kAverage},    {"/scaling_cur_freq", kScaling}, {"/scaling_min_freq", kScalingMin},
    {"/scaling_max_freq", kScalingMax},
};

class Cpufreq final : public Collector {
 public:
  Cpufreq(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto offline_text = sys_.value("devices/system/cpu/offline");
    if (!offline_text) return fail(offline_text);
    const auto offline = parse_cpu_list(*offline_text);
    if (!offline) return std::unexpected(sys_.malformed("devices/system/cpu/offline", "not a list of CPUs"));

    const auto governors = sink.family(kGovernor);
    for (const auto& cpu : sys_.glob("devices/system/cpu/cpu[0-9]*")) {
      const auto label = std::string_view(cpu).substr(cpu.find_last_of('/') + 4);
      const auto number = parse<unsigned>(label);
      if (!number || std::ranges::binary_search(*offline, *number)) continue;
      path_.assign(cpu).append("/cpufreq");
      const auto directory = path_.size();
      if (!sys_.exists(path_)) continue;
      for (const auto& rate : kRates) {
        path_.resize(directory);
        auto text = sys_.value(path_.append(rate.file));
        // Not all drivers have all files, some are root's only, and some have no answer just now.
        if (!text || *text == "<unknown>") continue;
        auto kilohertz = parse<std::uint64_t>(*text);
        if (!kilohertz) return std::unexpected(sys_.malformed(path_, kilohertz.error().message));
        sink(rate.metric, {label}, static_cast<double>(*kilohertz) * 1000.0);
      }
      path_.resize(directory);
      auto governor = sys_.read(path_.append("/scaling_governor"), governor_);
      if (!governor || trim(*governor).empty()) continue;
      path_.resize(directory);
      auto available = sys_.value(path_.append("/scaling_available_governors"));
      if (!available) continue;
      for (Fields fields(*available); !fields.empty();) {
        const auto name = fields.next();
        governors({label, name}, name == trim(*governor) ? 1 : 0);
      }
    }
    return {};
  }

 private:
  Files sys_;
  std::string path_;
  std::string governor_;
};

}  // namespace

extern const CollectorSpec cpufreq{"Clock rates and governors, from /sys/devices/system/cpu.", kMetrics,
                                   make<Cpufreq>};

}  // namespace exporter::node
