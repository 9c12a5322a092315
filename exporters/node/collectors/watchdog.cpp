// SPDX-License-Identifier: Apache-2.0
// node_watchdog_*: hardware watchdogs, from /sys/class/watchdog.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kBootStatus = gauge("node_watchdog_bootstatus", "Status bits at boot.", "name");
constexpr auto kTimeLeft =
    gauge("node_watchdog_timeleft_seconds", "Time left before the machine is reset, in seconds.", "name");
constexpr auto kTimeout = gauge("node_watchdog_timeout_seconds", "Time to a reset, in seconds.", "name");
constexpr auto kPretimeout =
    gauge("node_watchdog_pretimeout_seconds", "Warning time before a reset, in seconds.", "name");
constexpr auto kAccess = gauge("node_watchdog_access_cs0", "Whether the other boot device was used.", "name");
constexpr auto kFirmware = gauge("node_watchdog_fw_version", "Version of the firmware.", "name");
constexpr auto kNoWayOut = gauge("node_watchdog_nowayout", "1 where it cannot be stopped, else 0.", "name");
constexpr auto kInfo = gauge("node_watchdog_info", "What the watchdog says of itself; always 1.", "identity",
                             "name", "options", "pretimeout_governor", "state", "status");
constexpr MetricInfo kMetrics[] = {kBootStatus, kTimeLeft, kTimeout,  kPretimeout,
                                   kAccess,     kFirmware, kNoWayOut, kInfo};

struct Attribute {
  std::string_view file;
  const Metric<1>& metric;
};
constexpr Attribute kAttributes[] = {
    {"bootstatus", kBootStatus}, {"timeleft", kTimeLeft}, {"timeout", kTimeout},
    {"pretimeout", kPretimeout}, {"access_cs0", kAccess}, {"fw_version", kFirmware},
    {"nowayout", kNoWayOut},
};

class Watchdog final : public Collector {
 public:
  Watchdog(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto names = sys_.list("class/watchdog");
    if (!names) return fail(names);
    const auto info = sink.family(kInfo);
    for (const auto& name : *names) {
      const auto directory = "class/watchdog/" + name + "/";
      for (const auto& attribute : kAttributes) {
        auto value = sys_.number<std::int64_t>(directory + std::string(attribute.file));
        if (!value && value.error().code == Code::kInvalid) return fail(value);
        if (value) sink(attribute.metric, {name}, *value);
      }
      const auto text = [&](const char* file) {
        return std::string(sys_.value(directory + file).value_or(""));
      };
      info({text("identity"), name, text("options"), text("pretimeout_governor"), text("state"),
            text("status")},
           1);
    }
    return {};
  }

 private:
  Files sys_;
};

}  // namespace

extern const CollectorSpec watchdog{"Hardware watchdogs, from /sys/class/watchdog.", kMetrics,
                                    make<Watchdog>};

}  // namespace exporter::node
