// SPDX-License-Identifier: Apache-2.0
// node_memory_numa_*: memory of each NUMA node, from /sys/devices/system/node/node*.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Row of the node's meminfo, sizes in bytes.";
constexpr std::string_view kStatHelp = "Row of the node's numastat.";
constexpr auto kRow = gauge("node_memory_numa_*", kHelp, "node");
constexpr auto kStatRow = counter("node_memory_numa_*_total", kStatHelp, "node");
constexpr MetricInfo kMetrics[] = {kRow, kStatRow};

class MeminfoNuma final : public Collector {
 public:
  MeminfoNuma(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto& directory : sys_.glob("devices/system/node/node[0-9]*")) {
      const auto node = std::string_view(directory).substr(directory.find_last_of('/') + 5);
      if (auto status = collect_meminfo(sink, directory + "/meminfo", node); !status) return status;
      if (auto status = collect_numastat(sink, directory + "/numastat", node); !status) return status;
    }
    return {};
  }

 private:
  Status collect_meminfo(Sink& sink, const std::string& path, std::string_view node) {
    auto text = sys_.read(path);
    if (!text) return fail(text);
    for (std::string_view line : Lines(*text)) {  // "Node 0 Active(anon):  12 kB"
      if (trim(line).empty()) continue;
      Fields fields(line);
      auto key = fields.skip(2).next();
      auto value = parse<std::uint64_t>(fields.next());
      if (!value) return std::unexpected(sys_.malformed(path, value.error().message));
      const auto unit = fields.next();
      if (!unit.empty() && unit != "kB") return std::unexpected(sys_.malformed(path, "unknown unit"));
      if (key.ends_with(':')) key.remove_suffix(1);
      if (key.ends_with(')')) key.remove_suffix(1);  // "Active(anon)" is Active_anon
      name_.assign("node_memory_numa_").append(sanitize_name(key));
      sink(gauge(name_, kHelp, "node"), {node}, unit.empty() ? *value : *value * 1024);
    }
    return {};
  }

  Status collect_numastat(Sink& sink, const std::string& path, std::string_view node) {
    auto text = sys_.read(path);
    if (!text) return fail(text);
    for (std::string_view line : Lines(*text)) {
      if (trim(line).empty()) continue;
      Fields fields(line);
      const auto key = fields.next();
      auto value = parse<std::uint64_t>(fields.next());
      if (!value) return std::unexpected(sys_.malformed(path, value.error().message));
      name_.assign("node_memory_numa_").append(sanitize_name(key)).append("_total");
      sink(counter(name_, kStatHelp, "node"), {node}, *value);
    }
    return {};
  }

  Files sys_;
  std::string name_;
};

}  // namespace

extern const CollectorSpec meminfo_numa{"Memory of each NUMA node, from /sys/devices/system/node.", kMetrics,
                                        make<MeminfoNuma>};

}  // namespace exporter::node
