// SPDX-License-Identifier: Apache-2.0
// node_xfs_*: counters of mounted XFS file systems, from /sys/fs/xfs/<device>/stats/stats.

#include <algorithm>
#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

/// One field of one line of the stats file.
struct Row {
  std::string_view key;
  unsigned field;  // from 0
  Metric<1> metric;
};

consteval Row row(std::string_view key, unsigned field, std::string_view name, std::string_view help) {
  return {key, field, counter(name, help, "device")};
}

constexpr Row kRows[] = {
    row("extent_alloc", 0, "node_xfs_extent_allocation_extents_allocated_total", "Extents allocated."),
    row("extent_alloc", 1, "node_xfs_extent_allocation_blocks_allocated_total", "Blocks allocated."),
    row("extent_alloc", 2, "node_xfs_extent_allocation_extents_freed_total", "Extents freed."),
    row("extent_alloc", 3, "node_xfs_extent_allocation_blocks_freed_total", "Blocks freed."),
    row("abt", 0, "node_xfs_allocation_btree_lookups_total", "Look-ups in the allocation B-trees."),
    row("abt", 1, "node_xfs_allocation_btree_compares_total", "Compares in the allocation B-trees."),
    row("abt", 2, "node_xfs_allocation_btree_records_inserted_total",
        "Records put into the allocation B-trees."),
    row("abt", 3, "node_xfs_allocation_btree_records_deleted_total",
        "Records taken from the allocation B-trees."),
    row("blk_map", 0, "node_xfs_block_mapping_reads_total", "Block mappings for reading."),
    row("blk_map", 1, "node_xfs_block_mapping_writes_total", "Block mappings for writing."),
    row("blk_map", 2, "node_xfs_block_mapping_unmaps_total", "Block unmappings."),
    row("blk_map", 3, "node_xfs_block_mapping_extent_list_insertions_total", "Insertions into extent lists."),
    row("blk_map", 4, "node_xfs_block_mapping_extent_list_deletions_total", "Deletions from extent lists."),
    row("blk_map", 5, "node_xfs_block_mapping_extent_list_lookups_total", "Look-ups in extent lists."),
    row("blk_map", 6, "node_xfs_block_mapping_extent_list_compares_total", "Compares in extent lists."),
    row("bmbt", 0, "node_xfs_block_map_btree_lookups_total", "Look-ups in the block map B-trees."),
    row("bmbt", 1, "node_xfs_block_map_btree_compares_total", "Compares in the block map B-trees."),
    row("bmbt", 2, "node_xfs_block_map_btree_records_inserted_total",
        "Records put into the block map B-trees."),
    row("bmbt", 3, "node_xfs_block_map_btree_records_deleted_total",
        "Records taken from the block map B-trees."),
    row("dir", 0, "node_xfs_directory_operation_lookup_total",
        "File name look-ups that missed the kernel's cache."),
    row("dir", 1, "node_xfs_directory_operation_create_total", "Directory entries made."),
    row("dir", 2, "node_xfs_directory_operation_remove_total", "Directory entries removed."),
    row("dir", 3, "node_xfs_directory_operation_getdents_total", "Directory listings."),
    row("ig", 0, "node_xfs_inode_operation_attempts_total", "Look-ups in the inode cache."),
    row("ig", 1, "node_xfs_inode_operation_found_total", "Inode look-ups that found it cached."),
    row("ig", 2, "node_xfs_inode_operation_recycled_total", "Inode look-ups that found it being recycled."),
    row("ig", 3, "node_xfs_inode_operation_missed_total", "Inode look-ups that did not find it cached."),
    row("ig", 4, "node_xfs_inode_operation_duplicates_total",
        "Inode look-ups that met another of the same inode."),
    row("ig", 5, "node_xfs_inode_operation_reclaims_total", "Inodes taken out of the cache."),
    row("ig", 6, "node_xfs_inode_operation_attribute_changes_total", "Changes of inode attributes."),
    row("rw", 0, "node_xfs_write_calls_total", "Calls of write(2)."),
    row("rw", 1, "node_xfs_read_calls_total", "Calls of read(2)."),
    row("vnodes", 0, "node_xfs_vnode_active_total", "Vnodes in use."),
    row("vnodes", 1, "node_xfs_vnode_allocate_total", "Vnode allocations."),
    row("vnodes", 2, "node_xfs_vnode_get_total", "Calls of vn_get."),
    row("vnodes", 3, "node_xfs_vnode_hold_total", "Calls of vn_hold."),
    row("vnodes", 4, "node_xfs_vnode_release_total", "Calls of vn_rele."),
    row("vnodes", 5, "node_xfs_vnode_reclaim_total", "Calls of vn_reclaim."),
    row("vnodes", 6, "node_xfs_vnode_remove_total", "Calls of vn_remove."),
};

constexpr auto kInfos = [] {
  std::array<MetricInfo, std::size(kRows)> infos;
  for (std::size_t i = 0; i < infos.size(); ++i) infos[i] = kRows[i].metric;
  return infos;
}();

/// How many fields a line has; "vnodes" may have one more.
constexpr std::size_t fields_of(std::string_view key) {
  return static_cast<std::size_t>(
      std::count_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.key == key; }));
}

class Xfs final : public Collector {
 public:
  Xfs(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto devices = sys_.list("fs/xfs");
    if (!devices) {
      if (devices.error().code == Code::kNoData) return {};  // without XFS there is nothing to count
      return fail(devices);
    }
    for (const auto& device : *devices) {
      if (device == "stats") continue;  // the sum of all, a file system it is not
      path_.assign("fs/xfs/").append(device).append("/stats/stats");
      auto text = sys_.read(path_);
      if (!text) continue;  // unmounted a moment ago
      if (auto status = parse_stats(*text); !status) return status;
      for (std::size_t i = 0; i < std::size(kRows); ++i) sink(kRows[i].metric, {device}, values_[i]);
    }
    return {};
  }

 private:
  Status parse_stats(std::string_view text) {
    values_.fill(0);
    for (const auto line : Lines(text)) {
      Fields fields(line);
      const auto key = fields.next();
      const auto count = fields_of(key);
      if (count == 0) continue;
      const auto* first =
          std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.key == key; });
      auto* value = values_.data() + (first - kRows);
      std::size_t seen = 0;
      for (auto field = fields.next(); !field.empty(); field = fields.next(), ++seen) {
        auto number = parse<std::uint32_t>(field);
        if (!number) return std::unexpected(sys_.malformed(path_, number.error().message));
        if (seen < count) value[seen] = *number;
      }
      if (seen != count && !(key == "vnodes" && seen == count + 1)) {
        return std::unexpected(sys_.malformed(path_, "wrong number of values for " + std::string(key)));
      }
    }
    return {};
  }

  Files sys_;
  std::string path_;
  std::array<std::uint32_t, std::size(kRows)> values_{};
};

}  // namespace

extern const CollectorSpec xfs{"XFS file systems, from /sys/fs/xfs.", kInfos, make<Xfs>};

}  // namespace exporter::node
