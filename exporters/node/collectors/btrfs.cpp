// SPDX-License-Identifier: Apache-2.0
// node_btrfs_*: Btrfs file systems, from /sys/fs/btrfs/<uuid> and, for their devices, from ioctls on a mount
// point.

#include <fcntl.h>
#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include <exporter/log.hpp>

#include "collector_spec.hpp"
#include "mounts.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_btrfs_info", "Label of a file system; always 1.", "label", "uuid");
constexpr auto kGlobalReserve =
    gauge("node_btrfs_global_rsv_size_bytes", "Size of the global reserve in bytes.", "uuid");
constexpr auto kCommits = counter("node_btrfs_commits_total", "Commits.", "uuid");
constexpr auto kLastCommit = gauge("node_btrfs_last_commit_seconds", "Duration of the last commit.", "uuid");
constexpr auto kMaxCommit = gauge("node_btrfs_max_commit_seconds", "Duration of the longest commit.", "uuid");
constexpr auto kCommitTime = counter("node_btrfs_commit_seconds_total", "Duration of all commits.", "uuid");
constexpr auto kReserved =
    gauge("node_btrfs_reserved_bytes", "Bytes reserved for a block group type.", "block_group_type", "uuid");
constexpr auto kUsed = gauge("node_btrfs_used_bytes", "Bytes used per block group type and profile.",
                             "block_group_type", "mode", "uuid");
constexpr auto kSize = gauge("node_btrfs_size_bytes", "Bytes allocated per block group type and profile.",
                             "block_group_type", "mode", "uuid");
constexpr auto kRatio = gauge("node_btrfs_allocation_ratio", "Bytes on disk per byte stored, by profile.",
                              "block_group_type", "mode", "uuid");
constexpr std::string_view kDeviceSizeName = "node_btrfs_device_size_bytes";
constexpr std::string_view kDeviceSizeHelp = "Size of a device in bytes.";
constexpr auto kDeviceSize = gauge(kDeviceSizeName, kDeviceSizeHelp, "btrfs_dev_uuid", "device", "uuid");
/// The same where the ioctls do not work.
constexpr auto kDeviceSizeOnly = gauge(kDeviceSizeName, kDeviceSizeHelp, "device", "uuid");
constexpr auto kDeviceUnused =
    gauge("node_btrfs_device_unused_bytes", "Bytes of a device that are not allocated.", "btrfs_dev_uuid",
          "device", "uuid");
constexpr auto kDeviceErrors = counter("node_btrfs_device_errors_total", "Errors of a device by type.",
                                       "btrfs_dev_uuid", "device", "type", "uuid");
constexpr MetricInfo kMetrics[] = {kInfo,       kGlobalReserve, kCommits,     kLastCommit, kMaxCommit,
                                   kCommitTime, kReserved,      kUsed,        kSize,       kRatio,
                                   kDeviceSize, kDeviceUnused,  kDeviceErrors};

/// In the order of the kernel's counters.
constexpr std::string_view kErrorTypes[] = {"write", "read", "flush", "corruption", "generation"};
static_assert(std::size(kErrorTypes) == BTRFS_DEV_STAT_VALUES_MAX);

struct Device {
  std::string name;
  std::string uuid;
  std::uint64_t size = 0;
  std::uint64_t used = 0;
  std::uint64_t errors[BTRFS_DEV_STAT_VALUES_MAX] = {};
};

/// As in the names below /sys/fs/btrfs.
std::string uuid_text(const __u8 (&bytes)[16]) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < std::size(bytes); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

double ratio(std::string_view profile, std::size_t devices) {
  const auto n = static_cast<double>(devices);
  if (profile == "single" || profile == "raid0") return 1;
  if (profile == "dup" || profile == "raid1" || profile == "raid10") return 2;
  if (profile == "raid1c3") return 3;
  if (profile == "raid1c4") return 4;
  if (profile == "raid5") return n / (n - 1);
  if (profile == "raid6") return n / (n - 2);
  return 0;
}

/// Devices of the file system behind an open directory; nothing where an ioctl fails.
std::vector<Device> query_devices(int directory, const btrfs_ioctl_fs_info_args& info) {
  std::vector<Device> devices;
  for (std::uint64_t id = 0; id <= info.max_id && devices.size() < info.num_devices; ++id) {
    btrfs_ioctl_dev_info_args args{};
    args.devid = id;
    if (ioctl(directory, BTRFS_IOC_DEV_INFO, &args) != 0) {
      if (errno == ENODEV) continue;  // the numbers have gaps
      return {};
    }
    btrfs_ioctl_get_dev_stats stats{};
    stats.devid = id;
    stats.nr_items = BTRFS_DEV_STAT_VALUES_MAX;
    if (ioctl(directory, BTRFS_IOC_GET_DEV_STATS, &stats) != 0) return {};

    Device device;
    const auto* path = reinterpret_cast<const char*>(args.path);
    const std::string_view name(path, strnlen(path, sizeof args.path));
    device.name = name.substr(name.rfind('/') + 1);
    device.uuid = uuid_text(args.uuid);
    device.size = args.total_bytes;
    device.used = args.bytes_used;
    std::copy_n(stats.values, std::size(device.errors), device.errors);
    devices.push_back(std::move(device));
  }
  return devices;
}

class Btrfs final : public Collector {
 public:
  Btrfs(Host& host, Flags&) : proc_(host.procfs()), sys_(host.sysfs()), rootfs_(host.rootfs_path()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto names = sys_.list("fs/btrfs");
    if (!names) return {};  // without Btrfs there is nothing to count
    std::erase_if(*names, [](const auto& name) { return name.find('-') == std::string::npos; });
    if (names->empty()) return {};
    const auto mounted = query_mounted();
    for (const auto& name : *names) {
      const auto found = mounted.find(name);
      if (auto status = write(sink, name, found == mounted.end() ? nullptr : &found->second); !status)
        return status;
    }
    return {};
  }

 private:
  /// The devices of all mounted file systems, by fsid.
  std::map<std::string, std::vector<Device>> query_mounted() {
    std::map<std::string, std::vector<Device>> result;
    auto text = proc_.read("1/mountinfo", text_);
    if (!text) text = proc_.read("self/mountinfo", text_);
    auto mounts = text ? parse_mounts(*text) : std::vector<Mount>();
    if (!mounts) return result;
    std::vector<std::string_view> done;  // by device: subvolumes are mounted many times
    for (const auto& mount : *mounts) {
      if (mount.type != "btrfs" || mount.may_hang || std::ranges::count(done, mount.device) > 0) continue;
      const auto path = path_below(rootfs_, without_rootfs(rootfs_, mount.point));
      // Not kept open: that would keep the file system from being unmounted.
      const Fd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      btrfs_ioctl_fs_info_args info{};
      if (!directory || ioctl(directory.get(), BTRFS_IOC_FS_INFO, &info) != 0) {
        log::debug("Cannot query Btrfs", {{"path", path}, {"err", errno_text(errno)}});
        continue;
      }
      auto devices = query_devices(directory.get(), info);
      if (devices.empty()) continue;
      done.push_back(mount.device);
      result.emplace(uuid_text(info.fsid), std::move(devices));
    }
    return result;
  }

  Status write(Sink& sink, const std::string& name, const std::vector<Device>* mounted) {
    base_ = "fs/btrfs/" + name + "/";
    auto devices = sys_.list(base_ + "devices");
    if (!devices) return {};  // unmounted a moment ago
    auto metadata_uuid = sys_.value(base_ + "metadata_uuid");
    const std::string uuid(metadata_uuid && !metadata_uuid->empty() ? *metadata_uuid : name);

    auto label = sys_.value(base_ + "label");
    sink(kInfo, {label ? *label : "", uuid}, 1);
    sink(kGlobalReserve, {uuid}, number("allocation/global_rsv_size"));
    if (auto status = write_commits(sink, uuid); !status) return status;
    for (const std::string_view type : {"data", "metadata", "system"}) {
      write_allocation(sink, uuid, type, devices->size());
    }
    if (mounted) {
      for (const auto& device : *mounted) write_device(sink, uuid, device);
    } else {
      for (const auto& device : *devices) {
        sink(kDeviceSizeOnly, {device, uuid}, number("devices/" + device + "/size") * 512);
      }
    }
    return {};
  }

  Status write_commits(Sink& sink, std::string_view uuid) {
    std::uint64_t commits = 0;
    double last = 0;
    double most = 0;
    double total = 0;
    const auto path = base_ + "commit_stats";  // Linux 6.0 and later
    if (auto text = sys_.read(path)) {
      for (const auto line : Lines(*text)) {
        Fields fields(line);
        const auto key = fields.next();
        auto value = parse<std::uint64_t>(fields.rest());
        if (!value) return std::unexpected(sys_.malformed(path, value.error().message));
        const double seconds = static_cast<double>(*value) / 1000;
        if (key == "commits") commits = *value;
        if (key == "last_commit_ms") last = seconds;
        if (key == "max_commit_ms") most = seconds;
        if (key == "total_commit_ms") total = seconds;
      }
    }
    sink(kCommits, {uuid}, commits);
    sink(kLastCommit, {uuid}, last);
    sink(kMaxCommit, {uuid}, most);
    sink(kCommitTime, {uuid}, total);
    return {};
  }

  void write_allocation(Sink& sink, std::string_view uuid, std::string_view type, std::size_t devices) {
    const std::string group = "allocation/" + std::string(type) + "/";
    auto entries = sys_.list(base_ + group);
    if (!entries) return;
    sink(kReserved, {type, uuid}, number(group + "bytes_reserved"));
    for (const auto& entry : *entries) {
      // The profiles are the directories; files are told by their names where that is possible.
      if (entry.find('_') != std::string::npos || entry == "flags" ||
          !sys_.is_directory(base_ + group + entry))
        continue;
      sink(kUsed, {type, entry, uuid}, number(group + entry + "/used_bytes"));
      sink(kSize, {type, entry, uuid}, number(group + entry + "/total_bytes"));
      sink(kRatio, {type, entry, uuid}, ratio(entry, devices));
    }
  }

  static void write_device(Sink& sink, std::string_view uuid, const Device& device) {
    sink(kDeviceSize, {device.uuid, device.name, uuid}, device.size);
    sink(kDeviceUnused, {device.uuid, device.name, uuid}, device.size - device.used);
    for (std::size_t i = 0; i < std::size(kErrorTypes); ++i) {
      sink(kDeviceErrors, {device.uuid, device.name, kErrorTypes[i], uuid}, device.errors[i]);
    }
  }

  /// 0 where the kernel has no such file.
  std::uint64_t number(const std::string& file) {
    return sys_.number<std::uint64_t>(base_ + file).value_or(0);
  }

  Files proc_;
  Files sys_;
  const std::string& rootfs_;
  std::string text_;
  std::string base_;  // "fs/btrfs/<uuid>/" of the file system being written
};

}  // namespace

extern const CollectorSpec btrfs{"Btrfs file systems, from /sys/fs/btrfs and ioctls.", kMetrics, make<Btrfs>};

}  // namespace exporter::node
