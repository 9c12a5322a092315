// SPDX-License-Identifier: Apache-2.0
// node_dmi_info: makers, models and versions of the machine and its firmware, from /sys/class/dmi/id.

#include <array>
#include <vector>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo =
    gauge("node_dmi_info", "The machine and its firmware, as far as readable; always 1.", "bios_date",
          "bios_release", "bios_vendor", "bios_version", "board_asset_tag", "board_name", "board_serial",
          "board_vendor", "board_version", "chassis_asset_tag", "chassis_serial", "chassis_vendor",
          "chassis_version", "product_family", "product_name", "product_serial", "product_sku",
          "product_uuid", "product_version", "system_vendor");
constexpr MetricInfo kMetrics[] = {kInfo};

class Dmi final : public Collector {
 public:
  Dmi(Host& host, Flags&) : sys_(host.sysfs()) {}

  /// Nothing of this changes while the machine runs.
  Status start() override {
    for (std::size_t i = 0; i < kInfo.labels.size(); ++i) {
      const auto label = kInfo.labels[i];
      const auto file = label == "system_vendor" ? "sys_vendor" : label;
      std::string buffer;
      auto text = sys_.read_once("class/dmi/id/" + std::string(file), buffer);
      if (!text) continue;  // the machine lacks it, or only root may know it
      std::string scratch;
      values_[i] = valid_utf8(trim(*text), scratch);
      labels_.push_back({label, values_[i]});
    }
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    if (labels_.empty()) return fail(Code::kNoData, "nothing readable in " + sys_.path("class/dmi/id"));
    sink.sample(kInfo.name, kInfo.help, kInfo.type, labels_, 1);
    return {};
  }

 private:
  Files sys_;
  std::array<std::string, kInfo.labels.size()> values_;
  std::vector<Label> labels_;
};

}  // namespace

extern const CollectorSpec dmi{"Makers and models of the machine, from /sys/class/dmi/id.", kMetrics,
                               make<Dmi>};

}  // namespace exporter::node
