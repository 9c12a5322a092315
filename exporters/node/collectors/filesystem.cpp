// SPDX-License-Identifier: Apache-2.0
// node_filesystem_*: size and use of mounted file systems, from /proc/1/mountinfo and statfs(2).
//
// File systems of this machine's own disks and memory answer statfs from the kernel's memory, and are asked
// at once. All others, and whatever is mounted on or below one of them, are asked by a StatfsPool: they may
// never answer.

#include <algorithm>
#include <unordered_set>

#include <exporter/log.hpp>
#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "mounts.hpp"
#include "statfs_pool.hpp"

namespace exporter::node {
namespace {

#define LABELS "device", "device_error", "fstype", "mountpoint"
constexpr auto kError =
    gauge("node_filesystem_device_error", "1 where statfs failed or did not answer in time.", LABELS);
constexpr auto kReadonly =
    gauge("node_filesystem_readonly", "1 where the file system is mounted read-only.", LABELS);
constexpr auto kSize = gauge("node_filesystem_size_bytes", "Size in bytes.", LABELS);
constexpr auto kFree = gauge("node_filesystem_free_bytes", "Free space in bytes.", LABELS);
constexpr auto kAvail =
    gauge("node_filesystem_avail_bytes", "Space for users other than root in bytes.", LABELS);
constexpr auto kFiles = gauge("node_filesystem_files", "File nodes.", LABELS);
constexpr auto kFilesFree = gauge("node_filesystem_files_free", "Free file nodes.", LABELS);
constexpr auto kPurgeable = gauge("node_filesystem_purgeable_bytes", "Always 0 on Linux.", LABELS);
#undef LABELS
constexpr auto kMountInfo = gauge("node_filesystem_mount_info", "Device number of a mount; always 1.",
                                  "device", "major", "minor", "mountpoint");
constexpr MetricInfo kMetrics[] = {kError, kReadonly,  kSize,      kFree,     kAvail,
                                   kFiles, kFilesFree, kPurgeable, kMountInfo};

constexpr std::string_view kMountPointsExclude =
    R"(^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/))";
constexpr std::string_view kTypesExclude =
    "^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|"
    "nsfs|overlay|"
    "proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|erofs|sysfs|tracefs)$";

/// A pair of include and exclude patterns with an old name for the latter.
struct PatternFlags {
  const Flag<std::string>& include;
  const Flag<std::string>& exclude;
  const Flag<std::string>& old_exclude;
  std::string_view name;  // "mount-points"
  std::string_view old_name;

  Result<NameFilter> filter() const {
    const std::string prefix = "--collector.filesystem.";
    const std::string include_name = prefix + std::string(name) + "-include";
    const std::string exclude_name = prefix + std::string(name) + "-exclude";
    const bool old = !old_exclude->empty();
    if (old && exclude.given()) {
      return fail(Code::kInvalid,
                  prefix + std::string(old_name) + " and " + exclude_name + " are mutually exclusive");
    }
    if (!include->empty() && exclude.given() && !exclude->empty()) {
      return fail(Code::kInvalid, exclude_name + " and " + include_name + " are mutually exclusive");
    }
    const std::string& pattern = old ? *old_exclude : *exclude;
    return NameFilter::make(include_name, *include, exclude_name, include->empty() ? pattern : "");
  }
};

class Filesystem final : public Collector {
 public:
  Filesystem(Host& host, Flags& flags)
      : proc_(host.procfs()),
        rootfs_(host.rootfs_path()),
        point_flags_{
            flags.text("collector.filesystem.mount-points-include", "",
                       "Regexp of the mount points to expose; not together with mount-points-exclude."),
            flags.text("collector.filesystem.mount-points-exclude", kMountPointsExclude,
                       "Regexp of the mount points to leave out; not together with mount-points-include."),
            flags.text("collector.filesystem.ignored-mount-points", "", "Old name of mount-points-exclude.")
                .hidden(),
            "mount-points", "ignored-mount-points"},
        type_flags_{
            flags.text("collector.filesystem.fs-types-include", "",
                       "Regexp of the file system types to expose; not together with fs-types-exclude."),
            flags.text("collector.filesystem.fs-types-exclude", kTypesExclude,
                       "Regexp of the file system types to leave out; not together with fs-types-include."),
            flags.text("collector.filesystem.ignored-fs-types", "", "Old name of fs-types-exclude.").hidden(),
            "fs-types", "ignored-fs-types"},
        timeout_(flags
                     .duration("collector.filesystem.mount-timeout", "5s",
                               "How long a mount may take to answer before it counts as stuck.")
                     .hidden()),
        workers_(flags.integer("collector.filesystem.stat-workers", 4, "How many mounts are asked at a time.")
                     .hidden()) {}

  Status start() override {
    auto points = point_flags_.filter();
    if (!points) return fail(points);
    points_ = std::move(*points);
    auto types = type_flags_.filter();
    if (!types) return fail(types);
    types_ = std::move(*types);
    pool_ = std::make_unique<StatfsPool>(static_cast<std::size_t>(std::clamp(*workers_, 1L, 64L)));
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    std::string_view path = "1/mountinfo";
    auto text = proc_.read(path, text_);
    if (!text) {
      log::debug("Cannot read the mounts of process 1, using this one's", {{"err", text.error().message}});
      text = proc_.read(path = "self/mountinfo", text_);
    }
    if (!text) return fail(text);
    if (*text != known_text_) {
      if (auto status = update_mounts(path, *text); !status) return status;
    }

    // The slow ones first, so that they work while the others are asked here.
    pool_->start(pool_paths_);
    for (auto& entry : entries_) {
      if (entry.pool_index != kInline) continue;
      entry.answer.error = ::statfs(entry.path.c_str(), &entry.answer.stats) == 0 ? 0 : errno;
    }
    // Some of the time is kept for writing the others: what comes after the deadline is not served at all.
    const auto patience = std::min<std::chrono::nanoseconds>(scrape.remaining() * 9 / 10, *timeout_);
    pool_->finish(pool_answers_, Scrape::Clock::now() + patience);
    write(sink);
    return {};
  }

 private:
  static constexpr std::size_t kInline = static_cast<std::size_t>(-1);

  struct Entry {
    std::string device, point, type, major, minor;
    std::string path;  // for statfs
    bool readonly = false;
    bool only_info = false;  // the same labels as one before, but for the device number
    std::size_t pool_index = kInline;
    StatfsPool::Answer answer;
  };

  /// Mount tables hardly ever change: what is derived from one is kept until it does.
  Status update_mounts(std::string_view path, std::string_view text) {
    entries_.clear();
    pool_paths_.clear();
    known_text_.clear();
    auto mounts = parse_mounts(text);
    if (!mounts) return std::unexpected(proc_.malformed(path, mounts.error().message));

    std::unordered_set<std::string> seen;
    for (const auto& mount : *mounts) {
      Entry entry;
      entry.point = without_rootfs(rootfs_, mount.point);
      if (!points_.passes(entry.point) || !types_.passes(mount.type)) continue;
      entry.device = mount.device;
      entry.type = mount.type;
      entry.major = mount.major;
      entry.minor = mount.minor;
      entry.readonly = mount.readonly();
      const std::string key = entry.device + '\0' + entry.point + '\0';
      entry.only_info = !seen.insert(key + entry.type).second;
      if (!seen.insert(key + entry.major + ':' + entry.minor).second && entry.only_info) continue;
      entry.path = path_below(rootfs_, entry.point);
      if (mount.may_hang) {
        const auto found = std::ranges::find(pool_paths_, entry.path);
        entry.pool_index = static_cast<std::size_t>(found - pool_paths_.begin());
        if (found == pool_paths_.end()) pool_paths_.push_back(entry.path);
      }
      entries_.push_back(std::move(entry));
    }
    known_text_ = text;
    return {};
  }

  void write(Sink& sink) {
    auto errors = sink.family(kError);
    auto readonly = sink.family(kReadonly);
    auto size = sink.family(kSize);
    auto free = sink.family(kFree);
    auto avail = sink.family(kAvail);
    auto files = sink.family(kFiles);
    auto files_free = sink.family(kFilesFree);
    auto purgeable = sink.family(kPurgeable);
    auto mount_info = sink.family(kMountInfo);
    for (const auto& e : entries_) {
      const auto& answer = e.pool_index == kInline ? e.answer : pool_answers_[e.pool_index];
      if (answer.error != 0) {
        if (e.only_info) continue;
        const std::string text =
            answer.error == StatfsPool::kTimedOut ? "mountpoint timeout" : errno_text(answer.error);
        errors({e.device, text, e.type, e.point}, 1);
        readonly({e.device, text, e.type, e.point}, e.readonly ? 1 : 0);
        continue;
      }
      mount_info({e.device, e.major, e.minor, e.point}, 1);
      if (e.only_info) continue;
      // As floating point, because 2^64 bytes and more are possible.
      const auto& stats = answer.stats;
      const auto block = static_cast<double>(stats.f_bsize);
      errors({e.device, "", e.type, e.point}, 0);
      readonly({e.device, "", e.type, e.point}, e.readonly ? 1 : 0);
      size({e.device, "", e.type, e.point}, static_cast<double>(stats.f_blocks) * block);
      free({e.device, "", e.type, e.point}, static_cast<double>(stats.f_bfree) * block);
      avail({e.device, "", e.type, e.point}, static_cast<double>(stats.f_bavail) * block);
      files({e.device, "", e.type, e.point}, stats.f_files);
      files_free({e.device, "", e.type, e.point}, stats.f_ffree);
      purgeable({e.device, "", e.type, e.point}, 0);
    }
  }

  Files proc_;
  const std::string& rootfs_;
  PatternFlags point_flags_;
  PatternFlags type_flags_;
  const Flag<std::chrono::nanoseconds>& timeout_;
  const Flag<long>& workers_;
  NameFilter points_;
  NameFilter types_;
  std::string text_;
  std::string known_text_;
  std::vector<Entry> entries_;
  std::vector<std::string> pool_paths_;
  std::vector<StatfsPool::Answer> pool_answers_;
  std::unique_ptr<StatfsPool> pool_;
};

}  // namespace

extern const CollectorSpec filesystem{"Mounted file systems, from /proc/1/mountinfo and statfs(2).", kMetrics,
                                      make<Filesystem>};

}  // namespace exporter::node
