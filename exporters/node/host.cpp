// SPDX-License-Identifier: Apache-2.0
// The flags that say where the machine is, and what the collectors share.

#include "host.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "links.hpp"

namespace exporter::node {

Host::Host(Flags& flags)
    : procfs_(flags.text("path.procfs", "/proc", "Where procfs is mounted.")),
      sysfs_(flags.text("path.sysfs", "/sys", "Where sysfs is mounted.")),
      rootfs_(flags.text("path.rootfs", "/", "Where the root file system is mounted.")),
      udev_(flags.text("path.udev.data", "/run/udev/data", "Where udev keeps its device data.")),
      kinds_(flags.text(
          "collector.network.kind-exclude", "",
          "Kinds of network devices that netdev, netclass and qdisc leave out (regexp for the whole "
          "kind as netlink tells it: veth, bridge, vlan, vxlan, dummy).")),
      links_(std::make_unique<LinkTable>()) {}

Host::~Host() = default;

Status Host::start() {
  for (const auto* path : {&procfs_, &sysfs_}) {
    struct stat status {};
    if (stat((*path)->c_str(), &status) != 0) return std::unexpected(errno_error("stat", **path, errno));
  }
  if (kinds_->empty()) return {};
  auto kinds = Matcher::make_anchored("--collector.network.kind-exclude", *kinds_);
  if (!kinds) return fail(kinds);
  links_->exclude_kinds(std::move(*kinds));
  return {};
}

}  // namespace exporter::node
