// SPDX-License-Identifier: Apache-2.0
// node_memory_*: how memory is used, from /proc/meminfo.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

struct Row {
  std::string_view key;
  Metric<0> metric;
};

// Only these rows are exposed, under the names that dashboards know.
constexpr Row kRows[] = {
    {"MemTotal", gauge("node_memory_MemTotal_bytes", "Memory usable by the system, in bytes.")},
    {"MemFree", gauge("node_memory_MemFree_bytes", "Memory unused, in bytes.")},
    {"MemAvailable",
     gauge("node_memory_MemAvailable_bytes", "Memory available to new programs without swapping, in bytes.")},
    {"Buffers", gauge("node_memory_Buffers_bytes", "Memory in block device buffers, in bytes.")},
    {"Cached", gauge("node_memory_Cached_bytes", "Memory in the page cache, in bytes.")},
    {"SwapCached", gauge("node_memory_SwapCached_bytes", "Memory swapped in and still in swap, in bytes.")},
    {"Active", gauge("node_memory_Active_bytes", "Memory recently used, in bytes.")},
    {"Inactive", gauge("node_memory_Inactive_bytes", "Memory not recently used, in bytes.")},
    {"Active(anon)", gauge("node_memory_Active_anon_bytes", "Memory recently used, of programs, in bytes.")},
    {"Inactive(anon)",
     gauge("node_memory_Inactive_anon_bytes", "Memory not recently used, of programs, in bytes.")},
    {"Active(file)", gauge("node_memory_Active_file_bytes", "Memory recently used, of files, in bytes.")},
    {"Inactive(file)",
     gauge("node_memory_Inactive_file_bytes", "Memory not recently used, of files, in bytes.")},
    {"Unevictable", gauge("node_memory_Unevictable_bytes", "Memory that cannot be reclaimed, in bytes.")},
    {"Mlocked", gauge("node_memory_Mlocked_bytes", "Memory locked with mlock, in bytes.")},
    {"SwapTotal", gauge("node_memory_SwapTotal_bytes", "Memory of swap, in bytes.")},
    {"SwapFree", gauge("node_memory_SwapFree_bytes", "Memory of unused swap, in bytes.")},
    {"Zswap", gauge("node_memory_Zswap_bytes", "Memory of the compressed swap pool, in bytes.")},
    {"Zswapped", gauge("node_memory_Zswapped_bytes", "Memory of programs held in zswap, in bytes.")},
    {"Dirty", gauge("node_memory_Dirty_bytes", "Memory that waits to be written to disk, in bytes.")},
    {"Writeback", gauge("node_memory_Writeback_bytes", "Memory that is being written to disk, in bytes.")},
    {"AnonPages", gauge("node_memory_AnonPages_bytes", "Memory of programs, mapped, in bytes.")},
    {"Mapped", gauge("node_memory_Mapped_bytes", "Memory of files, mapped, in bytes.")},
    {"Shmem", gauge("node_memory_Shmem_bytes", "Memory shared, and of tmpfs, in bytes.")},
    {"Slab", gauge("node_memory_Slab_bytes", "Memory in the kernel's slabs, in bytes.")},
    {"SReclaimable", gauge("node_memory_SReclaimable_bytes", "Memory in slabs, reclaimable, in bytes.")},
    {"SUnreclaim", gauge("node_memory_SUnreclaim_bytes", "Memory in slabs, not reclaimable, in bytes.")},
    {"KernelStack", gauge("node_memory_KernelStack_bytes", "Memory of kernel stacks, in bytes.")},
    {"PageTables", gauge("node_memory_PageTables_bytes", "Memory of page tables, in bytes.")},
    {"NFS_Unstable",
     gauge("node_memory_NFS_Unstable_bytes", "Memory sent to NFS servers and not committed, in bytes.")},
    {"Bounce", gauge("node_memory_Bounce_bytes", "Memory of bounce buffers, in bytes.")},
    {"WritebackTmp", gauge("node_memory_WritebackTmp_bytes", "Memory of FUSE write-back buffers, in bytes.")},
    {"CommitLimit", gauge("node_memory_CommitLimit_bytes", "Memory that may be committed, in bytes.")},
    {"Committed_AS", gauge("node_memory_Committed_AS_bytes", "Memory that is committed, in bytes.")},
    {"VmallocTotal",
     gauge("node_memory_VmallocTotal_bytes", "Memory of the vmalloc address space, in bytes.")},
    {"VmallocUsed",
     gauge("node_memory_VmallocUsed_bytes", "Memory of the vmalloc address space in use, in bytes.")},
    {"VmallocChunk",
     gauge("node_memory_VmallocChunk_bytes", "Memory of the largest free vmalloc block, in bytes.")},
    {"Percpu", gauge("node_memory_Percpu_bytes", "Memory of per-CPU data, in bytes.")},
    {"HardwareCorrupted",
     gauge("node_memory_HardwareCorrupted_bytes", "Memory found corrupted by hardware, in bytes.")},
    {"AnonHugePages",
     gauge("node_memory_AnonHugePages_bytes", "Memory of programs, in huge pages, in bytes.")},
    {"ShmemHugePages", gauge("node_memory_ShmemHugePages_bytes", "Memory shared, in huge pages, in bytes.")},
    {"ShmemPmdMapped",
     gauge("node_memory_ShmemPmdMapped_bytes", "Memory shared, mapped as huge pages, in bytes.")},
    {"CmaTotal", gauge("node_memory_CmaTotal_bytes", "Memory in the contiguous allocator, in bytes.")},
    {"CmaFree", gauge("node_memory_CmaFree_bytes", "Memory unused in the contiguous allocator, in bytes.")},
    {"HugePages_Total", gauge("node_memory_HugePages_Total", "Huge pages in the pool.")},
    {"HugePages_Free", gauge("node_memory_HugePages_Free", "Huge pages not in use.")},
    {"HugePages_Rsvd", gauge("node_memory_HugePages_Rsvd", "Huge pages reserved.")},
    {"HugePages_Surp", gauge("node_memory_HugePages_Surp", "Huge pages above the pool size.")},
    {"Hugepagesize", gauge("node_memory_Hugepagesize_bytes", "Memory of one huge page, in bytes.")},
    {"DirectMap4k", gauge("node_memory_DirectMap4k_bytes", "Memory mapped by 4 kB pages, in bytes.")},
    {"DirectMap2M", gauge("node_memory_DirectMap2M_bytes", "Memory mapped by 2 MB pages, in bytes.")},
    {"DirectMap1G", gauge("node_memory_DirectMap1G_bytes", "Memory mapped by 1 GB pages, in bytes.")},
};

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kRows)> metrics;
  for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i] = kRows[i].metric;
  return metrics;
}();

class Meminfo final : public Collector {
 public:
  Meminfo(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("meminfo");
    if (!text) return fail(text);
    std::size_t next = 0;
    for (std::string_view line : Lines(*text)) {
      Fields fields(line);
      auto key = fields.next();
      auto value = parse<std::uint64_t>(fields.next());
      if (!value) return std::unexpected(proc_.malformed("meminfo", value.error().message));
      const auto unit = fields.next();
      if ((!unit.empty() && unit != "kB") || !fields.empty()) {
        return std::unexpected(proc_.malformed("meminfo", "unknown unit in " + std::string(line)));
      }
      if (key.ends_with(':')) key.remove_suffix(1);
      if (const auto* row = find(key, next)) sink(row->metric, unit.empty() ? *value : *value * 1024);
    }
    return {};
  }

 private:
  /// The table is in the kernel's order: the row asked for is nearly always the one behind the last.
  static const Row* find(std::string_view key, std::size_t& next) {
    for (std::size_t i = 0; i < std::size(kRows); ++i) {
      const auto& row = kRows[(next + i) % std::size(kRows)];
      if (row.key != key) continue;
      next = (next + i + 1) % std::size(kRows);
      return &row;
    }
    return nullptr;
  }

  Files proc_;
};

}  // namespace

extern const CollectorSpec meminfo{"Memory use, from /proc/meminfo.", kMetrics, make<Meminfo>};

}  // namespace exporter::node
