// SPDX-License-Identifier: Apache-2.0
// node_cpu_vulnerabilities_info: known weaknesses of the CPUs, from /sys/devices/system/cpu/vulnerabilities.

#include <algorithm>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_cpu_vulnerabilities_info", "State of a known weakness; always 1.",
                             "codename", "mitigation", "state");
constexpr MetricInfo kMetrics[] = {kInfo};

constexpr std::string_view kStates[] = {"not affected", "vulnerable", "mitigation", "unknown"};

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() &&
         std::ranges::equal(text.substr(0, prefix.size()), prefix, [](char a, char b) {
           return (a >= 'A' && a <= 'Z' ? static_cast<char>(a + ('a' - 'A')) : a) == b;
         });
}

class CpuVulnerabilities final : public Collector {
 public:
  CpuVulnerabilities(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    const auto info = sink.family(kInfo);
    for (const auto& path : sys_.glob("devices/system/cpu/vulnerabilities/*")) {
      auto text = sys_.value(path);
      if (!text) continue;
      std::string_view state = "unknown";
      std::string_view mitigation = *text;
      for (std::string_view known :
           kStates) {  // "Mitigation: PTI", "Vulnerable, no microcode", "Not affected"
        if (!starts_with_ignoring_case(*text, known)) continue;
        state = known;
        mitigation = known == kStates[0] ? std::string_view{} : Fields(*text).skip(1).rest();
      }
      info({std::string_view(path).substr(path.find_last_of('/') + 1), mitigation, state}, 1);
    }
    return {};
  }

 private:
  Files sys_;
};

}  // namespace

extern const CollectorSpec cpu_vulnerabilities{
    "Known weaknesses of the CPUs, from /sys/devices/system/cpu/vulnerabilities.", kMetrics,
    make<CpuVulnerabilities>};

}  // namespace exporter::node
