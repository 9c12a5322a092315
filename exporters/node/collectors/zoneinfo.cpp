// SPDX-License-Identifier: Apache-2.0
// node_zoneinfo_*: pages of each memory zone, from /proc/zoneinfo.

#include <algorithm>
#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

struct Row {
  std::string_view key;
  Metric<2> metric;
};

constexpr std::string_view kNodeHelp =
    "Row of /proc/zoneinfo, at the first zone of a node for the whole node.";
constexpr std::string_view kZoneHelp = "Row of /proc/zoneinfo, for the zone.";

constexpr Row pages(std::string_view key, std::string_view name, std::string_view help) {
  return {key, gauge(name, help, "node", "zone")};
}
constexpr Row total(std::string_view key, std::string_view name, std::string_view help) {
  return {key, counter(name, help, "node", "zone")};
}

// Sorted by key.
constexpr Row kRows[] = {
    pages("high", "node_zoneinfo_high_pages", kZoneHelp),
    pages("low", "node_zoneinfo_low_pages", kZoneHelp),
    pages("managed", "node_zoneinfo_managed_pages", kZoneHelp),
    pages("min", "node_zoneinfo_min_pages", kZoneHelp),
    pages("nr_active_anon", "node_zoneinfo_nr_active_anon_pages", kNodeHelp),
    pages("nr_active_file", "node_zoneinfo_nr_active_file_pages", kNodeHelp),
    pages("nr_anon_pages", "node_zoneinfo_nr_anon_pages", kNodeHelp),
    pages("nr_anon_transparent_hugepages", "node_zoneinfo_nr_anon_transparent_hugepages", kNodeHelp),
    total("nr_dirtied", "node_zoneinfo_nr_dirtied_total", kNodeHelp),
    pages("nr_dirty", "node_zoneinfo_nr_dirty_pages", kNodeHelp),
    pages("nr_file_pages", "node_zoneinfo_nr_file_pages", kNodeHelp),
    pages("nr_free_pages", "node_zoneinfo_nr_free_pages", kNodeHelp),
    pages("nr_inactive_anon", "node_zoneinfo_nr_inactive_anon_pages", kNodeHelp),
    pages("nr_inactive_file", "node_zoneinfo_nr_inactive_file_pages", kNodeHelp),
    pages("nr_isolated_anon", "node_zoneinfo_nr_isolated_anon_pages", kNodeHelp),
    pages("nr_isolated_file", "node_zoneinfo_nr_isolated_file_pages", kNodeHelp),
    pages("nr_kernel_stack", "node_zoneinfo_nr_kernel_stacks", kNodeHelp),
    pages("nr_mapped", "node_zoneinfo_nr_mapped_pages", kNodeHelp),
    pages("nr_mlock_stack", "node_zoneinfo_nr_mlock_stack_pages", kNodeHelp),
    pages("nr_shmem", "node_zoneinfo_nr_shmem_pages", kNodeHelp),
    pages("nr_slab_reclaimable", "node_zoneinfo_nr_slab_reclaimable_pages", kNodeHelp),
    pages("nr_slab_unreclaimable", "node_zoneinfo_nr_slab_unreclaimable_pages", kNodeHelp),
    pages("nr_unevictable", "node_zoneinfo_nr_unevictable_pages", kNodeHelp),
    pages("nr_writeback", "node_zoneinfo_nr_writeback_pages", kNodeHelp),
    total("nr_written", "node_zoneinfo_nr_written_total", kNodeHelp),
    total("numa_foreign", "node_zoneinfo_numa_foreign_total", kZoneHelp),
    total("numa_hit", "node_zoneinfo_numa_hit_total", kZoneHelp),
    total("numa_interleave", "node_zoneinfo_numa_interleave_total", kZoneHelp),
    total("numa_local", "node_zoneinfo_numa_local_total", kZoneHelp),
    total("numa_miss", "node_zoneinfo_numa_miss_total", kZoneHelp),
    total("numa_other", "node_zoneinfo_numa_other_total", kZoneHelp),
    pages("present", "node_zoneinfo_present_pages", kZoneHelp),
    pages("scanned", "node_zoneinfo_scanned_pages", kZoneHelp),
    pages("spanned", "node_zoneinfo_spanned_pages", kZoneHelp),
};
static_assert(std::ranges::is_sorted(kRows, {}, &Row::key));

constexpr std::string_view kProtectionHelp = "Pages kept free of allocations that could use a lower zone.";
constexpr auto kProtection = gauge("node_zoneinfo_protection_*", kProtectionHelp, "node", "zone");

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kRows) + 1> metrics;
  for (std::size_t i = 0; i < std::size(kRows); ++i) metrics[i] = kRows[i].metric;
  metrics.back() = kProtection;
  return metrics;
}();

class Zoneinfo final : public Collector {
 public:
  Zoneinfo(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("zoneinfo");
    if (!text) return fail(text);
    std::string_view node;
    std::string_view zone;
    for (std::string_view line : Lines(*text)) {
      Fields fields(line);
      auto key = fields.next();
      if (key == "Node") {  // "Node 0, zone   Normal"
        node = fields.next();
        if (node.ends_with(',')) node.remove_suffix(1);
        zone = fields.skip(1).next();
        continue;
      }
      if (zone.empty()) continue;
      if (key == "pages") key = fields.next();  // "pages free     3952"
      if (key == "protection:") {
        write_protection(sink, fields.rest(), node, zone);
        continue;
      }
      const auto* row = std::ranges::lower_bound(kRows, key, {}, &Row::key);
      if (row == std::end(kRows) || row->key != key) continue;
      if (auto value = parse<std::int64_t>(fields.next())) sink(row->metric, {node, zone}, *value);
    }
    return {};
  }

 private:
  void write_protection(Sink& sink, std::string_view list, std::string_view node, std::string_view zone) {
    if (list.starts_with('(')) list.remove_prefix(1);
    if (list.ends_with(')')) list.remove_suffix(1);
    for (unsigned i = 0; !list.empty(); ++i) {
      auto value = parse<std::int64_t>(take_until(list, ','));
      if (!value) continue;
      name_.assign("node_zoneinfo_protection_").append(Digits(i));
      sink(gauge(name_, kProtectionHelp, "node", "zone"), {node, zone}, *value);
    }
  }

  Files proc_;
  std::string name_;
};

}  // namespace

extern const CollectorSpec zoneinfo{"Pages of each memory zone, from /proc/zoneinfo.", kMetrics,
                                    make<Zoneinfo>};

}  // namespace exporter::node
