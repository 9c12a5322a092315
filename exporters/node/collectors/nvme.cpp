// SPDX-License-Identifier: Apache-2.0
// node_nvme_*: NVMe controllers and their namespaces, from /sys/class/nvme.

#include <algorithm>
#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_nvme_info", "Identity and state of an NVMe controller; always 1.",
                             "cntlid", "device", "firmware_revision", "model", "serial", "state");
constexpr auto kNamespaceInfo = gauge(
    "node_nvme_namespace_info", "State of the path to a namespace; always 1.", "ana_state", "device", "nsid");
constexpr auto kCapacity =
    gauge("node_nvme_namespace_capacity_bytes", "Capacity of a namespace in bytes.", "device", "nsid");
constexpr auto kSize =
    gauge("node_nvme_namespace_size_bytes", "Size of a namespace in bytes.", "device", "nsid");
constexpr auto kUsed =
    gauge("node_nvme_namespace_used_bytes", "Bytes of a namespace in use.", "device", "nsid");
constexpr auto kBlockSize = gauge("node_nvme_namespace_logical_block_size_bytes",
                                  "Logical block size of a namespace in bytes.", "device", "nsid");
constexpr MetricInfo kMetrics[] = {kInfo, kNamespaceInfo, kCapacity, kSize, kUsed, kBlockSize};

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The 3 of "nvme0n3"; empty for anything else, "nvme0c1n3" (one path of many) among it.
std::string_view namespace_id(std::string_view name) {
  if (!name.starts_with("nvme")) return {};
  name.remove_prefix(4);
  const auto controller = take_until(name, 'n');
  return all_digits(controller) && all_digits(name) ? name : std::string_view{};
}

class Nvme final : public Collector {
 public:
  Nvme(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto controllers = sys_.list("class/nvme");
    if (!controllers) return fail(controllers);
    for (const auto& controller : *controllers) {
      if (!write_controller(sink, controller)) continue;  // unplugged a moment ago
      auto entries = sys_.list("class/nvme/" + controller);
      if (!entries) continue;
      for (const auto& entry : *entries) {
        const auto id = namespace_id(entry);
        if (id.empty()) continue;
        if (auto status = write_namespace(sink, controller, entry, id); !status) return status;
      }
    }
    return {};
  }

 private:
  bool write_controller(Sink& sink, const std::string& controller) {
    static constexpr std::string_view kFiles[] = {"firmware_rev", "model", "serial", "state", "cntlid"};
    std::array<std::string, std::size(kFiles)> values;
    for (std::size_t i = 0; i < std::size(kFiles); ++i) {
      auto text = sys_.value(path_.assign("class/nvme/").append(controller).append("/").append(kFiles[i]));
      if (!text) return false;
      values[i] = *text;
    }
    sink(kInfo, {values[4], controller, values[0], values[1], values[2], values[3]}, 1);
    return true;
  }

  Status write_namespace(Sink& sink, std::string_view controller, std::string_view entry,
                         std::string_view id) {
    const std::string base = std::string("class/nvme/").append(controller).append("/").append(entry);
    const auto block = sys_.number<std::uint64_t>(base + "/queue/logical_block_size");
    const auto size = sys_.number<std::uint64_t>(base + "/size");
    const auto used = sys_.number<std::uint64_t>(base + "/nuse");
    for (const auto* number : {&block, &size, &used}) {
      if (!*number && number->error().code == Code::kInvalid) return fail(*number);
    }
    if (!block || !size) return {};
    // Compatibility: `size` counts sectors of 512 bytes, but the known series multiply it by the block size.
    sink(kCapacity, {controller, id}, *size * *block);
    sink(kSize, {controller, id}, *size * *block);
    if (used) sink(kUsed, {controller, id}, *used * *block);  // Linux 6.8 and later
    sink(kBlockSize, {controller, id}, *block);
    auto state = sys_.value(base + "/ana_state");
    sink(kNamespaceInfo, {state ? *state : "unknown", controller, id}, 1);
    return {};
  }

  Files sys_;
  std::string path_;
};

}  // namespace

extern const CollectorSpec nvme{"NVMe controllers and namespaces, from /sys/class/nvme.", kMetrics,
                                make<Nvme>};

}  // namespace exporter::node
