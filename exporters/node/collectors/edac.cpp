// SPDX-License-Identifier: Apache-2.0
// node_edac_*: memory errors found by the memory controllers, from /sys/devices/system/edac/mc.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kCorrectable =
    counter("node_edac_correctable_errors_total", "Memory errors that were corrected.", "controller");
constexpr auto kUncorrectable = counter("node_edac_uncorrectable_errors_total",
                                        "Memory errors that could not be corrected.", "controller");
constexpr auto kRowCorrectable =
    counter("node_edac_csrow_correctable_errors_total", "Memory errors of the row that were corrected.",
            "controller", "csrow");
constexpr auto kRowUncorrectable =
    counter("node_edac_csrow_uncorrectable_errors_total",
            "Memory errors of the row that could not be corrected.", "controller", "csrow");
constexpr auto kChannelCorrectable =
    counter("node_edac_channel_correctable_errors_total", "Memory errors of the channel that were corrected.",
            "channel", "controller", "csrow", "dimm_label");
constexpr auto kChannelUncorrectable = counter("node_edac_channel_uncorrectable_errors_total",
                                               "Memory errors of the channel that could not be corrected.",
                                               "channel", "controller", "csrow", "dimm_label");
constexpr MetricInfo kMetrics[] = {kCorrectable,      kUncorrectable,      kRowCorrectable,
                                   kRowUncorrectable, kChannelCorrectable, kChannelUncorrectable};

/// What stands behind the last `prefix` in a path.
std::string_view behind(std::string_view path, std::string_view prefix) {
  return path.substr(path.rfind(prefix) + prefix.size());
}

/// "mc#0csrow#2channel#1" becomes "mc0_csrow2_channel1".
std::string dimm_label(std::string_view text) {
  std::string label;
  for (char c : text) {
    if (c != '#') label += c;
  }
  for (std::string_view part : {"csrow", "channel"}) {
    for (std::size_t at = 0; (at = label.find(part, at)) != label.npos; at += part.size() + 1)
      label.insert(at, "_");
  }
  return label;
}

class Edac final : public Collector {
 public:
  Edac(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto& controller : sys_.glob("devices/system/edac/mc/mc[0-9]*")) {
      const auto mc = behind(controller, "/mc");
      auto status = count(sink, kCorrectable, {mc}, controller + "/ce_count");
      if (status) status = count(sink, kRowCorrectable, {mc, "unknown"}, controller + "/ce_noinfo_count");
      if (status) status = count(sink, kUncorrectable, {mc}, controller + "/ue_count");
      if (status) status = count(sink, kRowUncorrectable, {mc, "unknown"}, controller + "/ue_noinfo_count");
      if (!status) return status;
      for (const auto& row : sys_.glob(controller + "/csrow[0-9]*")) {
        const auto csrow = behind(row, "/csrow");
        status = count(sink, kRowCorrectable, {mc, csrow}, row + "/ce_count");
        if (status) status = count(sink, kRowUncorrectable, {mc, csrow}, row + "/ue_count");
        if (!status) return status;
        for (const auto& file : sys_.glob(row + "/ch[0-9]*_ce_count")) {
          const auto channel_path = file.substr(0, file.size() - std::string_view("_ce_count").size());
          const auto channel = behind(channel_path, "/ch");
          auto text = sys_.value(channel_path + "_dimm_label");
          const auto label = text ? dimm_label(*text) : "unknown";
          status = count(sink, kChannelCorrectable, {channel, mc, csrow, label}, file);
          if (status)
            status =
                count(sink, kChannelUncorrectable, {channel, mc, csrow, label}, channel_path + "_ue_count");
          if (!status && status.error().code == Code::kInvalid) return status;
        }
      }
    }
    return {};
  }

 private:
  template <std::size_t N>
  Status count(Sink& sink, const Metric<N>& metric, const std::string_view (&labels)[N],
               std::string_view path) {
    auto errors = sys_.number<std::uint64_t>(path);
    if (!errors) return fail(errors);
    sink(metric, labels, *errors);
    return {};
  }

  Files sys_;
};

}  // namespace

extern const CollectorSpec edac{"Memory errors, from /sys/devices/system/edac.", kMetrics, make<Edac>};

}  // namespace exporter::node
