// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the mount table: the lines of /proc/<pid>/mountinfo.

#include <string>
#include <string_view>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::node {

/// One mount. The views point into the text it was read from.
struct Mount {
  std::string point;        ///< as a path: "\040" and "\011" are a space and a tab again
  std::string_view device;  ///< as the kernel writes it, escapes and all
  std::string_view type;
  std::string_view major, minor;
  std::string_view options;
  std::string_view super_options;
  /// False for the types that answer from this machine's disks and memory. True for network, FUSE and unknown
  /// ones and for everything that is mounted on or below one of them: whoever touches its path may never come
  /// back.
  bool may_hang = false;

  bool readonly() const;
};

Result<std::vector<Mount>> parse_mounts(std::string_view text);

/// True where `options` ("rw,nosuid,...") has `option`.
bool has_option(std::string_view options, std::string_view option);

/// Where the mount point stands below --path.rootfs, and what it is called without it.
std::string path_below(std::string_view rootfs, std::string_view point);
std::string_view without_rootfs(std::string_view rootfs, std::string_view point);

}  // namespace exporter::node
