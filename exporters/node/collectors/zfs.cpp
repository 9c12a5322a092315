// SPDX-License-Identifier: Apache-2.0
// node_zfs_*: OpenZFS' own counters, from /proc/spl/kstat/zfs: one file of named values a subsystem, and a
// folder a pool with its I/O, its datasets and its state.

#include <algorithm>
#include <string>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kState =
    gauge("node_zfs_zpool_state", "1 for the state that the pool is in.", "state", "zpool");
constexpr auto kPoolIo = untyped("node_zfs_zpool_*", "Field of /proc/spl/kstat/zfs/<pool>/io.", "zpool");
constexpr auto kDataset =
    untyped("node_zfs_zpool_dataset_*", "Field of /proc/spl/kstat/zfs/<pool>/objset-*.", "dataset", "zpool");
constexpr MetricInfo kMetrics[] = {
    untyped("node_zfs_abd_*", "Field of /proc/spl/kstat/zfs/abdstats."),
    untyped("node_zfs_arc_*", "Field of /proc/spl/kstat/zfs/arcstats."),
    untyped("node_zfs_dbuf_*", "Field of /proc/spl/kstat/zfs/dbufstats."),
    untyped("node_zfs_dmu_tx_*", "Field of /proc/spl/kstat/zfs/dmu_tx."),
    untyped("node_zfs_dnode_*", "Field of /proc/spl/kstat/zfs/dnodestats."),
    untyped("node_zfs_fm_*", "Field of /proc/spl/kstat/zfs/fm."),
    untyped("node_zfs_vdev_cache_*", "Field of /proc/spl/kstat/zfs/vdev_cache_stats."),
    untyped("node_zfs_vdev_mirror_*", "Field of /proc/spl/kstat/zfs/vdev_mirror_stats."),
    untyped("node_zfs_xuio_*", "Field of /proc/spl/kstat/zfs/xuio_stats."),
    untyped("node_zfs_zfetch_*", "Field of /proc/spl/kstat/zfs/zfetchstats."),
    untyped("node_zfs_zil_*", "Field of /proc/spl/kstat/zfs/zil."),
    kPoolIo,
    kDataset,
    kState,
};

struct Subsystem {
  std::string_view file;
  std::string_view prefix;
};
constexpr Subsystem kSubsystems[] = {
    {"abdstats", "node_zfs_abd_"},
    {"arcstats", "node_zfs_arc_"},
    {"dbufstats", "node_zfs_dbuf_"},
    {"dmu_tx", "node_zfs_dmu_tx_"},
    {"dnodestats", "node_zfs_dnode_"},
    {"fm", "node_zfs_fm_"},
    {"vdev_cache_stats", "node_zfs_vdev_cache_"},
    {"vdev_mirror_stats", "node_zfs_vdev_mirror_"},
    {"xuio_stats", "node_zfs_xuio_"},
    {"zfetchstats", "node_zfs_zfetch_"},
    {"zil", "node_zfs_zil_"},
};

constexpr std::string_view kStates[] = {"online",  "degraded", "faulted",  "offline",
                                        "removed", "unavail",  "suspended"};

constexpr std::string_view kRoot = "spl/kstat/zfs";

/// A row of a kstat file of named values: "hits   4    8772612".
struct Row {
  std::string_view name;
  std::string_view type;
  std::string_view value;  // the first word of it
};

/// Calls `each` for the rows below the line "name type data". False where there is no such line.
template <class Each>
Result<bool> for_each_row(std::string_view text, Each each) {
  bool started = false;
  for (const auto line : Lines(text)) {
    Fields fields(line);
    const Row row{fields.next(), fields.next(), fields.next()};
    if (!started) {
      started = row.name == "name" && row.type == "type" && row.value == "data" && fields.empty();
      continue;
    }
    if (row.value.empty()) continue;
    auto status = each(row, fields.rest());
    if (!status) return fail(status);
  }
  return started;
}

bool is_gone(const Error& error) { return error.code == Code::kNoData; }

class Zfs final : public Collector {
 public:
  Zfs(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto entries = proc_.list(kRoot);
    if (!entries) return fail(Code::kNoData, "no ZFS here: " + entries.error().message);
    for (const auto& subsystem : kSubsystems) {
      if (!std::ranges::binary_search(*entries, subsystem.file, std::less<>{})) continue;
      auto status = named_values(sink, subsystem);
      if (!status) return status;
    }
    for (const auto& pool : *entries) {
      const std::string folder = std::string(kRoot) + '/' + pool;
      if (!proc_.is_directory(folder)) continue;
      auto status = this->pool(sink, pool, folder);
      if (!status) return status;
    }
    return {};
  }

 private:
  Status named_values(Sink& sink, const Subsystem& subsystem) {
    const std::string path = std::string(kRoot) + '/' + std::string(subsystem.file);
    auto text = proc_.read(path);
    if (!text) return is_gone(text.error()) ? Status{} : Status(fail(text));
    auto rows = for_each_row(*text, [&](const Row& row, std::string_view) -> Status {
      if (row.type != "3" && row.type != "4") return {};  // signed and unsigned numbers of 64 bits
      set_name(subsystem.prefix, row.name);
      if (row.type == "3") {
        auto value = parse<std::int64_t>(row.value);
        if (!value) return fail(value);
        sink.family(untyped(name_, help(subsystem.file)))(*value);
      } else {
        auto value = parse<std::uint64_t>(row.value);
        if (!value) return fail(value);
        sink.family(untyped(name_, help(subsystem.file)))(*value);
      }
      return {};
    });
    return checked(path, rows);
  }

  Status pool(Sink& sink, const std::string& pool, const std::string& folder) {
    auto files = proc_.list(folder);
    if (!files) return is_gone(files.error()) ? Status{} : Status(fail(files));
    for (const auto& file : *files) {
      Status status;
      const std::string path = folder + '/' + file;
      if (file == "io") {
        status = io(sink, pool, path);
      } else if (file.starts_with("objset-")) {
        status = dataset(sink, pool, path);
      } else if (file == "state") {
        status = state(sink, pool, path);
      }
      // A pool that is being exported costs only itself.
      if (!status && !is_gone(status.error())) return status;
    }
    return {};
  }

  /// A line of headings, and one of values.
  Status io(Sink& sink, std::string_view pool, const std::string& path) {
    auto text = proc_.read(path);
    if (!text) return fail(text);
    std::string_view headings;
    for (const auto line : Lines(*text)) {
      if (headings.empty()) {
        Fields fields(line);
        if (fields.next() == "nread" && !fields.skip(10).next().empty()) headings = line;
        continue;
      }
      Fields names(headings);
      for (Fields values(line); !names.empty();) {
        set_name("node_zfs_zpool_", names.next());
        auto value = parse<std::uint64_t>(values.next());
        if (!value) return std::unexpected(proc_.malformed(path, value.error().message));
        sink(untyped(name_, help("io"), "zpool"), {pool}, *value);
      }
    }
    return {};
  }

  Status dataset(Sink& sink, std::string_view pool, const std::string& path) {
    auto text = proc_.read(path);
    if (!text) return fail(text);
    std::string_view dataset;
    std::string_view of;
    auto rows = for_each_row(*text, [&](const Row& row, std::string_view rest) -> Status {
      if (row.name == "dataset_name") {  // a name may have blanks
        dataset = rest.empty() ? row.value
                               : std::string_view(
                                     row.value.data(),
                                     static_cast<std::size_t>(rest.data() + rest.size() - row.value.data()));
        of = pool;
        return {};
      }
      if (row.type != "4") return {};
      auto value = parse<std::uint64_t>(row.value);
      if (!value) return fail(value);
      set_name("node_zfs_zpool_dataset_", row.name);
      sink(untyped(name_, help("objset"), "dataset", "zpool"), {dataset, of}, *value);
      return {};
    });
    return checked(path, rows);
  }

  Status state(Sink& sink, std::string_view pool, const std::string& path) {
    auto text = proc_.read(path);
    if (!text) return fail(text);
    auto now = std::string(text->substr(0, text->find('\n')));
    std::ranges::transform(now, now.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
    for (const auto state : kStates) sink(kState, {state, pool}, now == state ? 1 : 0);
    return {};
  }

  Status checked(const std::string& path, const Result<bool>& rows) const {
    if (!rows) return std::unexpected(proc_.malformed(path, rows.error().message));
    if (!*rows) return std::unexpected(proc_.malformed(path, "no line \"name type data\""));
    return {};
  }

  void set_name(std::string_view prefix, std::string_view field) {
    name_.assign(prefix);
    name_ += field;
    for (auto& c : name_) {
      const bool good =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      if (!good) c = '_';
    }
  }
  std::string_view help(std::string_view file) {
    help_.assign("Field of ZFS' kstat ").append(file).append(".");
    return help_;
  }

  Files proc_;
  std::string name_;
  std::string help_;
};

}  // namespace

extern const CollectorSpec zfs{"ZFS caches, pools and datasets, from /proc/spl/kstat/zfs.", kMetrics,
                               make<Zfs>};

}  // namespace exporter::node
