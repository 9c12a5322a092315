// SPDX-License-Identifier: Apache-2.0
// node_selinux_*: whether SELinux is on and how, from selinuxfs and /etc/selinux/config.

#include <sys/vfs.h>

#include <linux/magic.h>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kEnabled = gauge("node_selinux_enabled", "1 where SELinux is on, else 0.");
constexpr auto kConfigMode =
    gauge("node_selinux_config_mode", "Configured mode: 1 enforcing, 0 permissive, -1 disabled.");
constexpr auto kCurrentMode =
    gauge("node_selinux_current_mode", "Mode at this moment: 1 enforcing, 0 permissive, -1 disabled.");
constexpr MetricInfo kMetrics[] = {kEnabled, kConfigMode, kCurrentMode};

/// Where selinuxfs is mounted, or nothing. --path.procfs and --path.sysfs do not matter: what counts is this
/// process.
std::string find_selinuxfs(Files& root) {
  struct statfs fs {};
  if (::statfs("/sys/fs/selinux", &fs) == 0 && static_cast<std::uint32_t>(fs.f_type) == SELINUX_MAGIC) {
    return "sys/fs/selinux";
  }
  std::string buffer;
  auto mounts = root.read_once("proc/self/mountinfo", buffer);
  if (!mounts) return {};
  for (std::string_view line : Lines(*mounts)) {
    const auto type = line.find(" - selinuxfs ");
    if (type == line.npos) continue;
    Fields fields(line);
    auto mount_point = fields.skip(4).next();
    if (mount_point.starts_with('/')) mount_point.remove_prefix(1);
    return std::string(mount_point);
  }
  return {};
}

class Selinux final : public Collector {
 public:
  Selinux(Host&, Flags&) : root_("/") {}

  Status start() override {
    directory_ = find_selinuxfs(root_);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    const bool enabled = !directory_.empty() && has_policy();
    sink(kEnabled, enabled ? 1 : 0);
    if (!enabled) return {};
    sink(kConfigMode, config_mode());
    sink(kCurrentMode, root_.number<int>(directory_ + "/enforce").value_or(-1));
    return {};
  }

 private:
  /// Without a policy every process has the context "kernel".
  bool has_policy() {
    auto context = root_.read("proc/self/attr/current");
    return context && context->substr(0, context->find('\0')) != "kernel";
  }

  int config_mode() {
    std::string buffer;
    auto text = root_.read_once("etc/selinux/config", buffer);
    if (!text) return -1;
    for (std::string_view line : Lines(*text)) {
      const auto pair = split_pair(line, '=');
      if (!pair || pair->key != "SELINUX") continue;
      if (pair->value == "enforcing") return 1;
      if (pair->value == "permissive") return 0;
      return -1;
    }
    return -1;
  }

  Files root_;
  std::string directory_;
};

}  // namespace

extern const CollectorSpec selinux{"State of SELinux, from selinuxfs and /etc/selinux/config.", kMetrics,
                                   make<Selinux>};

}  // namespace exporter::node
