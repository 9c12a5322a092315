// SPDX-License-Identifier: Apache-2.0
// node_dmmultipath_*: multipath devices of the device mapper and their paths, from /sys/block/dm-*.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_dmmultipath_device_info", "Identity of a multipath device; always 1.",
                             "device", "sysfs_name", "uuid");
constexpr auto kActive = gauge("node_dmmultipath_device_active", "0 while the device is suspended, else 1.",
                               "device", "sysfs_name");
constexpr auto kSize =
    gauge("node_dmmultipath_device_size_bytes", "Size of the device in bytes.", "device", "sysfs_name");
constexpr auto kPaths =
    gauge("node_dmmultipath_device_paths", "Paths of the device.", "device", "sysfs_name");
constexpr auto kPathsActive = gauge("node_dmmultipath_device_paths_active",
                                    "Paths whose state is running or live.", "device", "sysfs_name");
constexpr auto kPathsFailed =
    gauge("node_dmmultipath_device_paths_failed", "Paths in any other state.", "device", "sysfs_name");
constexpr auto kPathState =
    gauge("node_dmmultipath_path_state", "State of a path; always 1.", "device", "path", "state");
constexpr MetricInfo kMetrics[] = {kInfo, kActive, kSize, kPaths, kPathsActive, kPathsFailed, kPathState};

class Dmmultipath final : public Collector {
 public:
  Dmmultipath(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto devices = sys_.list("block");
    if (!devices) return fail(devices);
    for (const auto& device : *devices) {
      if (!device.starts_with("dm-")) continue;
      if (auto status = write_device(sink, device); !status) return status;
    }
    return {};
  }

 private:
  Status write_device(Sink& sink, std::string_view device) {
    const std::string base = std::string("block/").append(device);
    auto text = sys_.value(base + "/dm/uuid");
    if (!text || !text->starts_with("mpath-")) return {};
    const std::string uuid(*text);
    text = sys_.value(base + "/dm/name");
    if (!text) return {};  // removed a moment ago
    const std::string name(*text);
    text = sys_.value(base + "/dm/suspended");
    if (!text) return {};
    const bool suspended = *text == "1";
    auto sectors = sys_.number<std::uint64_t>(base + "/size");
    if (!sectors) return sectors.error().code == Code::kInvalid ? Status(fail(sectors)) : Status{};

    sink(kInfo, {name, device, uuid}, 1);
    sink(kActive, {name, device}, suspended ? 0 : 1);
    sink(kSize, {name, device}, *sectors * 512);

    unsigned active = 0;
    unsigned failed = 0;
    if (auto paths = sys_.list(base + "/slaves")) {
      for (const auto& path : *paths) {
        auto state = sys_.value("block/" + path + "/device/state");
        const std::string_view known = state ? *state : "unknown";
        (known == "running" || known == "live" ? active : failed) += 1;
        sink(kPathState, {name, path, known}, 1);
      }
    }
    sink(kPaths, {name, device}, active + failed);
    sink(kPathsActive, {name, device}, active);
    sink(kPathsFailed, {name, device}, failed);
    return {};
  }

  Files sys_;
};

}  // namespace

extern const CollectorSpec dmmultipath{"Multipath devices, from /sys/block/dm-*.", kMetrics,
                                       make<Dmmultipath>};

}  // namespace exporter::node
