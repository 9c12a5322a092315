// SPDX-License-Identifier: Apache-2.0
// node_drm_*: AMD graphics cards, from /sys/class/drm/card<n>/device.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_drm_card_info", "Identity of a graphics card; always 1.", "card",
                             "memory_vendor", "power_performance_level", "unique_id", "vendor");
constexpr auto kBusy = gauge("node_drm_gpu_busy_percent", "How busy the GPU is, in percent.", "card");
constexpr auto kGttSize = gauge("node_drm_memory_gtt_size_bytes", "Size of the GTT block in bytes.", "card");
constexpr auto kGttUsed = gauge("node_drm_memory_gtt_used_bytes", "Used bytes of the GTT block.", "card");
constexpr auto kVisibleSize = gauge("node_drm_memory_vis_vram_size_bytes",
                                    "Size of the video memory that the CPU sees, in bytes.", "card");
constexpr auto kVisibleUsed =
    gauge("node_drm_memory_vis_vram_used_bytes", "Used bytes of the video memory that the CPU sees.", "card");
constexpr auto kVramSize =
    gauge("node_drm_memory_vram_size_bytes", "Size of the video memory in bytes.", "card");
constexpr auto kVramUsed =
    gauge("node_drm_memory_vram_used_bytes", "Used bytes of the video memory.", "card");
constexpr MetricInfo kMetrics[] = {kInfo,        kBusy,        kGttSize,  kGttUsed,
                                   kVisibleSize, kVisibleUsed, kVramSize, kVramUsed};

struct Row {
  std::string_view file;
  const Metric<1>& metric;
};
constexpr Row kRows[] = {
    {"gpu_busy_percent", kBusy},
    {"mem_info_gtt_total", kGttSize},
    {"mem_info_gtt_used", kGttUsed},
    {"mem_info_vis_vram_total", kVisibleSize},
    {"mem_info_vis_vram_used", kVisibleUsed},
    {"mem_info_vram_total", kVramSize},
    {"mem_info_vram_used", kVramUsed},
};

/// "card" and one digit; "card0-DP-1" is a connector.
bool is_card(std::string_view name) {
  return name.size() == 5 && name.starts_with("card") && name[4] >= '0' && name[4] <= '9';
}

class Drm final : public Collector {
 public:
  Drm(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto cards = sys_.list("class/drm");
    if (!cards) return {};  // without graphics cards there is nothing to report
    for (const auto& card : *cards) {
      if (!is_card(card)) continue;
      const std::string base = "class/drm/" + card + "/device/";
      auto uevent = sys_.read(base + "uevent");
      if (!uevent || uevent->find("DRIVER=amdgpu") == std::string_view::npos) continue;
      sink(kInfo,
           {card, text(base + "mem_info_vram_vendor"), text(base + "power_dpm_force_performance_level"),
            text(base + "unique_id"), "amd"},
           1);
      for (const auto& row : kRows) {
        auto number = sys_.number<std::uint64_t>(base + std::string(row.file));
        if (!number && number.error().code == Code::kInvalid) return fail(number);
        sink(row.metric, {card}, number.value_or(0));
      }
    }
    return {};
  }

 private:
  /// Empty where the file is missing.
  std::string text(const std::string& path) { return std::string(sys_.value(path).value_or("")); }

  Files sys_;
};

}  // namespace

extern const CollectorSpec drm{"AMD graphics cards, from /sys/class/drm.", kMetrics, make<Drm>};

}  // namespace exporter::node
