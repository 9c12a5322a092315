// SPDX-License-Identifier: Apache-2.0

#include "mounts.hpp"

#include <algorithm>

#include <exporter/text.hpp>

namespace exporter::node {
namespace {

/// Sorted. ZFS is not among them: a suspended pool keeps its callers waiting.
constexpr std::string_view kLocalTypes[] = {
    "bcachefs", "binfmt_misc", "bpf",        "btrfs",     "cgroup",    "cgroup2", "configfs", "debugfs",
    "devpts",   "devtmpfs",    "efivarfs",   "erofs",     "exfat",     "ext2",    "ext3",     "ext4",
    "f2fs",     "fusectl",     "hfs",        "hfsplus",   "hugetlbfs", "iso9660", "jfs",      "mqueue",
    "msdos",    "nilfs2",      "nsfs",       "ntfs3",     "overlay",   "proc",    "pstore",   "ramfs",
    "reiserfs", "rootfs",      "securityfs", "selinuxfs", "squashfs",  "sysfs",   "tmpfs",    "tracefs",
    "udf",      "vfat",        "xfs",
};
static_assert(std::ranges::is_sorted(kLocalTypes));

bool is_local(std::string_view type) { return std::ranges::binary_search(kLocalTypes, type); }

/// Whether `path` is `top` or stands below it.
bool is_below(std::string_view path, std::string_view top) {
  if (top == "/") return true;
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

std::string decode(std::string_view escaped) {
  std::string path;
  path.reserve(escaped.size());
  while (!escaped.empty()) {
    const bool space = escaped.starts_with("\\040");
    if (space || escaped.starts_with("\\011")) {
      path += space ? ' ' : '\t';
      escaped.remove_prefix(4);
    } else {
      path += escaped.front();
      escaped.remove_prefix(1);
    }
  }
  return path;
}

Error bad_line(std::string_view what, std::string_view line) {
  return {Code::kInvalid, std::string(what) + " in mount \"" + std::string(line) + '"'};
}

}  // namespace

Result<std::vector<Mount>> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  for (const auto line : Lines(text)) {
    // Fields stand between single spaces and may be empty (the device of some file systems). The number of
    // optional fields before the lone "-" varies.
    auto rest = line;
    take_until(rest, ' ');  // mount ID
    take_until(rest, ' ');  // parent ID
    auto minor = take_until(rest, ' ');
    const auto major = take_until(minor, ':');
    take_until(rest, ' ');  // root
    const auto point = take_until(rest, ' ');
    const auto options = take_until(rest, ' ');
    while (!rest.empty() && take_until(rest, ' ') != "-") continue;
    if (rest.empty()) return std::unexpected(bad_line("too few fields", line));
    if (!parse<unsigned>(major) || !parse<unsigned>(minor)) {
      return std::unexpected(bad_line("malformed device number", line));
    }
    Mount mount;
    mount.point = decode(point);
    mount.major = major;
    mount.minor = minor;
    mount.options = options;
    mount.type = take_until(rest, ' ');
    mount.device = take_until(rest, ' ');
    mount.super_options = take_until(rest, ' ');
    if (mount.super_options.empty()) return std::unexpected(bad_line("too few fields", line));
    mounts.push_back(std::move(mount));
  }
  for (const auto& doubtful : mounts) {
    if (is_local(doubtful.type)) continue;
    for (auto& mount : mounts) {
      if (is_below(mount.point, doubtful.point)) mount.may_hang = true;
    }
  }
  return mounts;
}

bool has_option(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    if (take_until(options, ',') == option) return true;
  }
  return false;
}

bool Mount::readonly() const {
  return has_option(options, "ro") || has_option(super_options, "ro") ||
         has_option(super_options, "emergency_ro");
}

std::string path_below(std::string_view rootfs, std::string_view point) {
  while (!rootfs.empty() && rootfs.back() == '/') rootfs.remove_suffix(1);
  return std::string(rootfs).append(point);
}

std::string_view without_rootfs(std::string_view rootfs, std::string_view point) {
  while (!rootfs.empty() && rootfs.back() == '/') rootfs.remove_suffix(1);
  if (rootfs.empty() || !point.starts_with(rootfs)) return point;
  const auto rest = point.substr(rootfs.size());
  if (rest.empty()) return "/";
  return rest.front() == '/' ? rest : point;  // "/hostile" is not below "/host"
}

}  // namespace exporter::node
