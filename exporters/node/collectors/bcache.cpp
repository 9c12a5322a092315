// SPDX-License-Identifier: Apache-2.0
// node_bcache_*: block caches, their backing and caching devices, from /sys/fs/bcache.

#include <algorithm>
#include <optional>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

struct Attribute {
  Metric<1> metric;
  std::string_view path;
};
struct DeviceAttribute {
  Metric<2> metric;
  std::string_view path;
  bool only_above_zero = false;
};

constexpr Attribute kSet[] = {
    {gauge("node_bcache_average_key_size_sectors", "Average data per key of the btree, in sectors.", "uuid"),
     "average_key_size"},
    {gauge("node_bcache_btree_cache_size_bytes", "Memory of the btree cache in bytes.", "uuid"),
     "btree_cache_size"},
    {gauge("node_bcache_cache_available_percent", "Part of the cache without dirty data, in percent.",
           "uuid"),
     "cache_available_percent"},
    {gauge("node_bcache_congested", "Congestion.", "uuid"), "congested"},
    {gauge("node_bcache_root_usage_percent", "Use of the btree's root node in percent.", "uuid"),
     "root_usage_percent"},
    {gauge("node_bcache_tree_depth", "Depth of the btree.", "uuid"), "tree_depth"},
    {gauge("node_bcache_active_journal_entries", "Journal entries that are newer than the index.", "uuid"),
     "internal/active_journal_entries"},
    {gauge("node_bcache_btree_nodes", "Nodes of the btree.", "uuid"), "internal/btree_nodes"},
    {counter("node_bcache_cache_read_races_total", "Reads from a bucket that was reused meanwhile.", "uuid"),
     "internal/cache_read_races"},
};
constexpr auto kReadDuration = gauge("node_bcache_btree_read_average_duration_seconds",
                                     "Average time of a btree read in seconds.", "uuid");

constexpr DeviceAttribute kBacking[] = {
    {gauge("node_bcache_dirty_data_bytes", "Dirty data of the backing device in the cache, in bytes.",
           "backing_device", "uuid"),
     "dirty_data"},
    {counter("node_bcache_bypassed_bytes_total", "Bytes read and written past the cache.", "backing_device",
             "uuid"),
     "stats_total/bypassed"},
    {counter("node_bcache_cache_bypass_hits_total", "Hits of I/O that was to skip the cache.",
             "backing_device", "uuid"),
     "stats_total/cache_bypass_hits"},
    {counter("node_bcache_cache_bypass_misses_total", "Misses of I/O that was to skip the cache.",
             "backing_device", "uuid"),
     "stats_total/cache_bypass_misses"},
    {counter("node_bcache_cache_hits_total", "I/Os found in the cache.", "backing_device", "uuid"),
     "stats_total/cache_hits"},
    {counter("node_bcache_cache_miss_collisions_total", "Inserts after a miss that a write came before.",
             "backing_device", "uuid"),
     "stats_total/cache_miss_collisions"},
    {counter("node_bcache_cache_misses_total", "I/Os not found in the cache.", "backing_device", "uuid"),
     "stats_total/cache_misses"},
    {counter("node_bcache_cache_readaheads_total", "Times that data was read ahead.", "backing_device",
             "uuid"),
     "stats_total/cache_readaheads", true},
};

constexpr DeviceAttribute kCache[] = {
    {gauge("node_bcache_io_errors", "I/O errors, decayed over time.", "cache_device", "uuid"), "io_errors"},
    {counter("node_bcache_metadata_written_bytes_total", "Bytes of metadata written to the cache.",
             "cache_device", "uuid"),
     "metadata_written"},
    {counter("node_bcache_written_bytes_total", "Bytes of data written to the cache.", "cache_device",
             "uuid"),
     "written"},
};

struct Line {  // of a file of "key: value" lines
  std::string_view key;
  Metric<2> metric;
  bool is_signed;
};
constexpr Line kWriteback[] = {
    {"target",
     gauge("node_bcache_dirty_target_bytes", "Dirty data aimed at, in bytes.", "backing_device", "uuid"),
     false},
    {"rate",
     gauge("node_bcache_writeback_rate", "Rate of writing back, in bytes per second.", "backing_device",
           "uuid"),
     false},
    {"proportional",
     gauge("node_bcache_writeback_rate_proportional_term", "Proportional part of the rate of writing back.",
           "backing_device", "uuid"),
     true},
    {"integral",
     gauge("node_bcache_writeback_rate_integral_term", "Integral part of the rate of writing back.",
           "backing_device", "uuid"),
     true},
    {"change",
     gauge("node_bcache_writeback_change", "Last change of the rate of writing back.", "backing_device",
           "uuid"),
     true},
};
constexpr Line kPriority[] = {
    {"Unused",
     gauge("node_bcache_priority_stats_unused_percent", "Part of the cache without data, in percent.",
           "cache_device", "uuid"),
     false},
    {"Metadata",
     gauge("node_bcache_priority_stats_metadata_percent", "Part of the cache that is metadata, in percent.",
           "cache_device", "uuid"),
     false},
};

constexpr MetricInfo kMetrics[] = {
    kSet[0].metric,       kSet[1].metric,       kSet[2].metric,       kSet[3].metric,
    kSet[4].metric,       kSet[5].metric,       kSet[6].metric,       kSet[7].metric,
    kSet[8].metric,       kReadDuration,        kBacking[0].metric,   kBacking[1].metric,
    kBacking[2].metric,   kBacking[3].metric,   kBacking[4].metric,   kBacking[5].metric,
    kBacking[6].metric,   kBacking[7].metric,   kCache[0].metric,     kCache[1].metric,
    kCache[2].metric,     kWriteback[0].metric, kWriteback[1].metric, kWriteback[2].metric,
    kWriteback[3].metric, kWriteback[4].metric, kPriority[0].metric,  kPriority[1].metric,
};

/// As a conversion in Go does it on this machine, without undefined behaviour.
std::uint64_t to_unsigned(double value) {
  if (!(value > -9.2e18)) return 0;
  if (value >= 1.8446744073709552e19) return std::uint64_t{1} << 63;
  if (value < 0) return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  return static_cast<std::uint64_t>(value);
}

/// A number as bch_hprint() writes it: "1.5k", "20.10G". What stands behind the point counts 1024ths divided
/// by 100.
Result<std::uint64_t> bcache_size(std::string_view text) {
  if (text.empty()) return std::unexpected(not_a_number(text));
  if (text.back() <= '9') {
    auto number = parse<double>(text);
    if (!number) return fail(number);
    return to_unsigned(*number);
  }
  constexpr std::string_view kUnits = "kMGTPEZY";
  const auto unit = kUnits.find(text.back());
  double factor = unit == std::string_view::npos ? 0 : 1;
  for (std::size_t i = 0; unit != std::string_view::npos && i <= unit; ++i) factor *= 1024;
  text.remove_suffix(1);
  auto whole = parse<double>(text.substr(0, text.find('.')));
  if (!whole) return fail(whole);
  double value = *whole;
  if (const auto point = text.find('.'); point != std::string_view::npos) {
    auto rest = text.substr(point + 1);
    auto fraction = parse<double>(rest.substr(0, rest.find('.')));
    if (!fraction) return fail(fraction);
    value += *fraction / 10.24;
  }
  return to_unsigned(value * factor);
}

bool is_device(std::string_view name, std::string_view prefix) {
  return name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] >= '0' &&
         name[prefix.size()] <= '9';
}

class Bcache final : public Collector {
 public:
  Bcache(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        priority_(flags.toggle("collector.bcache.priorityStats", false, "Expose expensive priority stats.")) {
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto sets = sys_.list("fs/bcache");
    if (!sets) return {};
    for (const auto& uuid : *sets) {
      if (uuid.find('-') == std::string::npos) continue;
      auto status = cache_set(sink, uuid, "fs/bcache/" + uuid);
      if (!status) return status;
    }
    return {};
  }

 private:
  Status cache_set(Sink& sink, const std::string& uuid, const std::string& folder) {
    auto entries = sys_.list(folder);
    if (!entries) return {};  // it was stopped a moment ago
    for (const auto& attribute : kSet) {
      auto value = size(folder, attribute.path);
      if (!value) return fail(value);
      sink(attribute.metric, {uuid}, *value);
    }
    auto duration = size(folder, "internal/btree_read_average_duration_us");
    if (!duration) return fail(duration);
    // Not microseconds, whatever the file's name says: the values of this family have always been like this.
    sink(kReadDuration, {uuid}, static_cast<double>(*duration) * 1e-9);

    for (const auto& device : *entries) {
      const std::string path = folder + '/' + device;
      Status status;
      if (is_device(device, "bdev")) {
        status = attributes(sink, kBacking, path, device, uuid);
        if (status) status = lines(sink, kWriteback, path + "/writeback_rate_debug", device, uuid);
      } else if (is_device(device, "cache")) {
        status = attributes(sink, kCache, path, device, uuid);
        if (status && *priority_) status = lines(sink, kPriority, path + "/priority_stats", device, uuid);
      }
      if (!status) return status;
    }
    return {};
  }

  Status attributes(Sink& sink, std::span<const DeviceAttribute> all, const std::string& folder,
                    std::string_view device, std::string_view uuid) {
    for (const auto& attribute : all) {
      auto value = size(folder, attribute.path);
      if (!value) return fail(value);
      if (*value != 0 || !attribute.only_above_zero) sink(attribute.metric, {device, uuid}, *value);
    }
    return {};
  }

  /// Of "key: value" lines, those in `wanted`; one that is missing counts as 0.
  Status lines(Sink& sink, std::span<const Line> wanted, const std::string& path, std::string_view device,
               std::string_view uuid) {
    auto text = sys_.read(path);
    if (!text) return {};
    for (const auto& line : wanted) {
      std::uint64_t value = 0;
      bool negative = false;
      for (const auto candidate : Lines(*text)) {
        if (!candidate.starts_with(line.key) || !candidate.substr(line.key.size()).starts_with(':')) continue;
        auto word = trim(candidate.substr(line.key.size() + 1));
        if (const auto blank = word.find_last_of(" \t"); blank != std::string_view::npos)
          word.remove_prefix(blank + 1);
        if (word.ends_with("/sec")) word.remove_suffix(4);
        if (word.ends_with('%')) word.remove_suffix(1);
        negative = line.is_signed && word.starts_with('-');
        if (negative) word.remove_prefix(1);
        auto number = bcache_size(word);
        if (!number) return std::unexpected(sys_.malformed(path, number.error().message));
        value = *number;
      }
      if (line.is_signed) {
        const auto magnitude = static_cast<std::int64_t>(value & 0x7fffffffffffffff);
        sink(line.metric, {device, uuid}, negative ? -magnitude : magnitude);
      } else {
        sink(line.metric, {device, uuid}, value);
      }
    }
    return {};
  }

  /// An attribute that is missing counts as 0.
  Result<std::uint64_t> size(const std::string& folder, std::string_view attribute) {
    path_.assign(folder).append(1, '/').append(attribute);
    auto text = sys_.value(path_);
    if (!text) return 0;
    auto number = bcache_size(*text);
    if (!number) return std::unexpected(sys_.malformed(path_, number.error().message));
    return number;
  }

  Files sys_;
  const Flag<bool>& priority_;
  std::string path_;
};

}  // namespace

extern const CollectorSpec bcache{"Block caches, from /sys/fs/bcache.", kMetrics, make<Bcache>};

}  // namespace exporter::node
