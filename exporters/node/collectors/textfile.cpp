// SPDX-License-Identifier: Apache-2.0
// The metrics that other programs write into *.prom files of --collector.textfile.directory, and
// node_textfile_*.

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <exporter/log.hpp>

#include "collector_spec.hpp"
#include "exposition_parser.hpp"

namespace exporter::node {
namespace {

constexpr auto kMtime = gauge("node_textfile_mtime_seconds",
                              "When a file that was read was last changed, Unix time in seconds.", "file");
constexpr auto kError = gauge("node_textfile_scrape_error",
                              "1 where a file or directory could not be read or understood, else 0.");
constexpr MetricInfo kMetrics[] = {untyped("*", "Whatever the files say."), kMtime, kError};

constexpr off_t kMaxSize = 64 << 20;

/// What tells whether a file is still the one that was parsed.
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;
  timespec changed{};

  bool operator==(const Identity& other) const {
    return device == other.device && inode == other.inode && size == other.size &&
           changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
  }
};

Identity identity(const struct stat& info) { return {info.st_dev, info.st_ino, info.st_size, info.st_mtim}; }

struct File {
  std::string path;
  Identity identity;
  bool settled = false;  // old enough when it was read: a later change shows in its mtime
  Result<Exposition> content = fail(Code::kNoData, "");
};

Result<std::string> read_all(const std::string& path, Identity& identity_read) {
  // Not to be stopped by a FIFO that nobody writes to.
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return std::unexpected(errno_error("open", path, errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return std::unexpected(errno_error("stat", path, errno));
  identity_read = identity(info);
  if (!S_ISREG(info.st_mode)) return fail(Code::kInvalid, path + ": not a regular file");
  if (info.st_size > kMaxSize) return fail(Code::kInvalid, path + ": larger than 64 MiB");
  std::string text(static_cast<std::size_t>(info.st_size) + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    const auto got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("read", path, errno));
    size += static_cast<std::size_t>(got);
    if (got == 0 || size == text.size()) break;
  }
  text.resize(size);
  return text;
}

/// A bound as a label value. It is a part of the series' identity and must be spelled as Prometheus'
/// libraries do.
char* append_bound(char* at, double bound) {
  if (!std::isfinite(bound) || bound == 0) return append_number(at, bound == 0 ? 0.0 : bound);
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(bound))));
  const bool fixed = exponent >= -4 && exponent < 6 && std::abs(bound) < 1e6;
  return std::to_chars(at, at + 32, bound, fixed ? std::chars_format::fixed : std::chars_format::scientific)
      .ptr;
}

class Textfile final : public Collector {
 public:
  Textfile(Host&, Flags& flags)
      : directories_(
            flags.list("collector.textfile.directory", {},
                       "Directory of the *.prom files to expose, may be a glob pattern. (repeatable)")) {}

  Status collect(Sink& sink, const Scrape&) override {
    bool failed = !refresh();
    failed = failed || inconsistent_;
    for (const auto& file : files_) {
      if (!file->content) {
        failed = true;
        continue;
      }
      sink(kMtime, {file->path}, static_cast<std::int64_t>(file->identity.changed.tv_sec));
    }
    for (const auto& shown : shown_) {
      if (sink.wants(shown.family->name)) expose(sink, shown);
    }
    sink(kError, failed ? 1 : 0);
    return {};
  }

 private:
  struct Shown {
    const Exposition* content;
    const Exposition::Family* family;
    std::string_view help;
  };

  /// Brings files_ up to date; one stat a file where nothing has changed. False where a directory cannot be
  /// read.
  bool refresh() {
    bool good = true;
    paths_.clear();
    std::string failures;
    for (const auto& flag : *directories_) {
      for (const auto& directory : expand(flag)) {
        const auto status = list(directory);
        if (status) continue;
        good = false;
        failures += status.error().message + '\n';
        if (failures_.find(status.error().message) == std::string::npos) {
          log::error("Cannot read a directory of textfiles", {{"err", status.error().message}});
        }
      }
    }
    failures_ = std::move(failures);

    bool changed = paths_.size() != files_.size();
    for (std::size_t i = 0; i < paths_.size() && !changed; ++i) changed = paths_[i] != files_[i]->path;
    if (changed) adopt_paths();
    for (auto& file : files_) changed = update(*file) || changed;
    if (changed) reconcile();
    return good;
  }

  static std::vector<std::string> expand(const std::string& pattern) {
    if (pattern.empty()) return {};
    if (pattern.find_first_of("*?[\\") == std::string::npos) return {pattern};
    const bool absolute = pattern.front() == '/';
    auto found = Files(absolute ? "/" : ".").glob(absolute ? std::string_view(pattern).substr(1) : pattern);
    if (absolute) {
      for (auto& path : found) path.insert(0, "/");
    }
    if (found.empty()) found.push_back(pattern);
    return found;
  }

  Status list(const std::string& directory) {
    struct Close {
      void operator()(DIR* handle) const { ::closedir(handle); }
    };
    const std::unique_ptr<DIR, Close> handle(::opendir(directory.c_str()));
    if (!handle) return std::unexpected(errno_error("open", directory, errno));
    const auto first = static_cast<std::ptrdiff_t>(paths_.size());
    while (const dirent* entry = ::readdir(handle.get())) {
      const std::string_view name = entry->d_name;
      if (!name.ends_with(".prom")) continue;
      paths_.push_back((std::filesystem::path(directory) / name).lexically_normal().string());
    }
    std::sort(paths_.begin() + first, paths_.end());
    return {};
  }

  void adopt_paths() {
    std::unordered_map<std::string_view, std::size_t> known;
    for (std::size_t i = 0; i < files_.size(); ++i) known.emplace(files_[i]->path, i);
    std::vector<std::unique_ptr<File>> files;
    for (const auto& path : paths_) {
      const auto found = known.find(path);
      if (found != known.end() && files_[found->second]) {
        const auto index = found->second;
        known.erase(found);  // its key lives in the file that moves
        files.push_back(std::move(files_[index]));
      } else {
        files.push_back(std::make_unique<File>());
        files.back()->path = path;
      }
    }
    files_ = std::move(files);
  }

  /// Reads the file again where it is not the one that was read. True where it did.
  static bool update(File& file) {
    struct stat info {};
    const bool there = ::stat(file.path.c_str(), &info) == 0;
    if (there && file.settled && identity(info) == file.identity) return false;
    const std::string before = file.content ? std::string() : file.content.error().message;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    auto text = read_all(file.path, file.identity);
    // Within one tick of the clock that makes mtimes a file can change without a new mtime.
    file.settled = text && now.tv_sec - file.identity.changed.tv_sec > 1;
    file.content = text ? Exposition::parse(*text) : Result<Exposition>(fail(text));
    if (file.content && file.content->timestamp_line() != 0) {
      file.content = fail(Code::kInvalid, "line " + std::string(Digits(file.content->timestamp_line())) +
                                              ": timestamps are not supported, the file is left out");
    }
    if (!file.content && file.content.error().message != before) {
      log::error("Cannot use a textfile", {{"file", file.path}, {"err", file.content.error().message}});
    }
    return true;
  }

  struct Known {
    MetricType type;
    std::string_view help;
    bool has_help = false;
    std::string files;
  };
  using KnownFamilies = std::unordered_map<std::string_view, Known>;

  /// The family that has, or would have, samples of the same name: "x" with "x_sum" where one is a histogram
  /// or summary.
  static std::string collision(const KnownFamilies& known, const Exposition::Family& family) {
    const auto has_parts = [](MetricType type, std::string_view suffix) {
      return type == MetricType::kHistogram || (type == MetricType::kSummary && suffix != "_bucket");
    };
    for (const std::string_view suffix : {"_sum", "_count", "_bucket"}) {
      if (has_parts(family.type, suffix)) {
        auto part = std::string(family.name).append(suffix);
        if (known.contains(part)) return part;
      }
      if (!family.name.ends_with(suffix)) continue;
      const auto whole = known.find(family.name.substr(0, family.name.size() - suffix.size()));
      if (whole != known.end() && has_parts(whole->second.type, suffix)) return std::string(whole->first);
    }
    return {};
  }

  /// Decides what of all files is exposed: the first of several contradicting ones.
  void reconcile() {
    KnownFamilies known;
    std::unordered_set<std::string> seen;
    shown_.clear();
    inconsistent_ = false;
    for (auto& file : files_) {
      if (!file->content) continue;
      for (auto& family : file->content->families()) {
        if (const auto other = collision(known, family); !other.empty()) {
          drop(*file, family.line, family.name, "its samples would look like those of " + other);
          continue;
        }
        const auto [at, added] = known.try_emplace(family.name, Known{family.type, {}, false, {}});
        Known& first = at->second;
        if (family.has_help && first.has_help && family.help != first.help) {
          inconsistent_ = true;
          drop(*file, family.line, family.name, "another HELP than in " + first.files);
          continue;
        }
        if (family.type != first.type) {
          drop(*file, family.line, family.name, "another type than in " + first.files);
          continue;
        }
        if (family.has_help && !first.has_help) {
          first.has_help = true;
          first.help = family.help;
        }
        if (!first.files.empty()) first.files += ", ";
        first.files += file->path;
        drop_duplicates(*file, family, seen);
        shown_.push_back({&*file->content, &family, {}});
      }
    }
    helps_.clear();
    for (auto& shown : shown_) {
      const auto& first = known.find(shown.family->name)->second;
      if (first.has_help) {
        shown.help = first.help;
      } else {
        const auto [at, added] = helps_.try_emplace(std::string(shown.family->name));
        if (added) at->second = "Metric read from " + first.files;
        shown.help = at->second;
      }
    }
  }

  void drop_duplicates(const File& file, Exposition::Family& family, std::unordered_set<std::string>& seen) {
    std::string key;
    for (auto& series : family.series) {
      key.assign(family.name);
      for (const auto& label : file.content->labels(series)) {
        if (!label.value.empty()) key.append(1, '\0').append(label.name).append(1, '\0').append(label.value);
      }
      const bool duplicate = !seen.insert(key).second;
      series.dropped = duplicate;
      if (duplicate) drop(file, series.line, family.name, "was written before with the same labels");
    }
  }

  /// One log line for each fault, and not again when some other file changes.
  void drop(const File& file, std::uint32_t line, std::string_view name, std::string_view why) {
    std::string message =
        "line " + std::string(Digits(line)) + ": " + std::string(name) + ": " + std::string(why);
    if (reported_.size() > 1000) reported_.clear();
    if (!reported_.insert(file.path + ": " + message).second) return;
    log::error("Left out metrics of a textfile", {{"file", file.path}, {"err", message}});
  }

  void expose(Sink& sink, const Shown& shown) {
    const auto& family = *shown.family;
    for (const auto& series : family.series) {
      if (series.dropped) continue;
      const auto labels = shown.content->labels(series);
      if (family.type != MetricType::kHistogram && family.type != MetricType::kSummary) {
        sink.sample(family.name, shown.help, family.type, labels, series.value);
        continue;
      }
      const bool histogram = family.type == MetricType::kHistogram;
      scratch_.assign(labels.begin(), labels.end());
      scratch_.push_back({histogram ? "le" : "quantile", {}});
      bool infinite = false;
      for (const auto& point : series.points) {
        char text[32];
        scratch_.back().value = {text, static_cast<std::size_t>(append_bound(text, point.bound) - text)};
        sink.sample(family.name, shown.help, family.type, scratch_, point.value, histogram ? "_bucket" : "");
        infinite = infinite || scratch_.back().value == "+Inf";
      }
      if (histogram && !infinite) {
        scratch_.back().value = "+Inf";
        sink.sample(family.name, shown.help, family.type, scratch_, series.count, "_bucket");
      }
      sink.sample(family.name, shown.help, family.type, labels, series.value, "_sum");
      sink.sample(family.name, shown.help, family.type, labels, series.count, "_count");
    }
  }

  const Flag<std::vector<std::string>>& directories_;
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<File>> files_;
  std::vector<Shown> shown_;
  std::unordered_map<std::string, std::string> helps_;  // made here, for families without HELP
  std::unordered_set<std::string> reported_;
  std::vector<Label> scratch_;
  std::string failures_;
  bool inconsistent_ = false;
};

}  // namespace

extern const CollectorSpec textfile{"Metrics that other programs write into *.prom files.", kMetrics,
                                    make<Textfile>};

}  // namespace exporter::node
