// SPDX-License-Identifier: Apache-2.0
// node_nvmesubsystem_*: NVMe subsystems, their namespaces and the paths to them, from
// /sys/class/nvme-subsystem.

#include <algorithm>
#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_nvmesubsystem_info", "Identity of an NVMe subsystem; always 1.",
                             "iopolicy", "model", "nqn", "serial", "subsystem");
constexpr auto kNamespaceInfo =
    gauge("node_nvmesubsystem_namespace_info", "Namespace of a subsystem; always 1.", "device", "subsystem");
constexpr auto kPaths = gauge("node_nvmesubsystem_paths", "Paths (controllers) of a subsystem.", "subsystem");
constexpr auto kPathsLive = gauge("node_nvmesubsystem_paths_live", "Paths that are live.", "subsystem");
constexpr auto kPathState = gauge("node_nvmesubsystem_path_state", "1 for the state the path is in.",
                                  "controller", "state", "subsystem", "transport");
constexpr MetricInfo kMetrics[] = {kInfo, kNamespaceInfo, kPaths, kPathsLive, kPathState};

constexpr std::string_view kStates[] = {"connecting", "dead",      "deleting", "live",
                                        "new",        "resetting", "unknown"};

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// "nvme<n>"
bool is_controller(std::string_view name) { return name.starts_with("nvme") && all_digits(name.substr(4)); }

/// "nvme<n>n<m>"
bool is_namespace(std::string_view name) {
  if (!name.starts_with("nvme")) return false;
  name.remove_prefix(4);
  return all_digits(take_until(name, 'n')) && all_digits(name);
}

class Nvmesubsystem final : public Collector {
 public:
  Nvmesubsystem(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto subsystems = sys_.list("class/nvme-subsystem");
    if (!subsystems) return fail(subsystems);
    for (const auto& subsystem : *subsystems) {
      if (subsystem.starts_with("nvme-subsys")) write(sink, subsystem);
    }
    return {};
  }

 private:
  void write(Sink& sink, const std::string& subsystem) {
    const std::string base = "class/nvme-subsystem/" + subsystem + "/";
    auto entries = sys_.list(base);
    if (!entries) return;  // removed a moment ago
    sink(kInfo,
         {text(base + "iopolicy"), text(base + "model"), text(base + "subsysnqn"), text(base + "serial"),
          subsystem},
         1);
    unsigned paths = 0;
    unsigned live = 0;
    for (const auto& entry : *entries) {
      if (is_namespace(entry)) sink(kNamespaceInfo, {entry, subsystem}, 1);
      if (!is_controller(entry)) continue;
      const auto transport = text(base + entry + "/transport");
      auto state = text(base + entry + "/state");
      if (state.starts_with("deleting")) state = "deleting";  // "deleting (no IO)"
      if (std::ranges::find(kStates, state) == std::end(kStates)) state = "unknown";
      ++paths;
      if (state == "live") ++live;
      for (const auto known : kStates)
        sink(kPathState, {entry, known, subsystem, transport}, known == state ? 1 : 0);
    }
    sink(kPaths, {subsystem}, paths);
    sink(kPathsLive, {subsystem}, live);
  }

  /// Empty where the file is missing.
  std::string text(const std::string& path) { return std::string(sys_.value(path).value_or("")); }

  Files sys_;
};

}  // namespace

extern const CollectorSpec nvmesubsystem{"NVMe subsystems and their paths, from /sys/class/nvme-subsystem.",
                                         kMetrics, make<Nvmesubsystem>};

}  // namespace exporter::node
