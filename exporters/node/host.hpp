// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the collectors of the node exporter share: where procfs, sysfs and the root file system are, and the
// links and neighbours that one rtnetlink dump tells all of them about.

#include <memory>
#include <string>

#include <exporter/files.hpp>
#include <exporter/flags.hpp>

namespace exporter::node {

class LinkTable;

class Host {
 public:
  explicit Host(Flags& flags);
  ~Host();

  /// A collector's own Files below --path.procfs, --path.sysfs. To be read from in start() or later, when the
  /// flags are known.
  Files procfs() const { return Files(&*procfs_); }
  Files sysfs() const { return Files(&*sysfs_); }

  const std::string& procfs_path() const { return *procfs_; }
  const std::string& sysfs_path() const { return *sysfs_; }
  const std::string& rootfs_path() const { return *rootfs_; }
  const std::string& udev_path() const { return *udev_; }

  /// True where sysfs is the machine's own, so that netlink shows the same devices.
  bool own_sysfs() const { return *sysfs_ == "/sys"; }

  /// This network namespace's links, dumped at most once a scrape: see links.hpp.
  LinkTable& links() { return *links_; }

  /// Checks that the paths are there, and the patterns.
  Status start();

 private:
  const Flag<std::string>& procfs_;
  const Flag<std::string>& sysfs_;
  const Flag<std::string>& rootfs_;
  const Flag<std::string>& udev_;
  const Flag<std::string>& kinds_;
  std::unique_ptr<LinkTable> links_;
};

}  // namespace exporter::node
