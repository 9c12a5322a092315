// SPDX-License-Identifier: Apache-2.0
// Kept-open files: a small table from path to descriptor, and pread(2).

#include <exporter/files.hpp>

#include <fcntl.h>
#include <glob.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace exporter {
namespace {

constexpr long kForgetAfterSeconds = 300;

/// How many more descriptors all Files together may keep: at first half of what the process may have, asked
/// for with the first file, when the limit has been raised.
std::atomic<long>& kept_left() {
  static std::atomic<long> left = [] {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 256L;
    return static_cast<long>(std::min<rlim_t>(limit.rlim_cur / 2, 16384));
  }();
  return left;
}

long coarse_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

std::string& thread_buffer() {
  thread_local std::string buffer;
  return buffer;
}

/// Reads from the start to the end. Files of /proc give a part at a time, so only an empty read is the end.
ssize_t read_all(int descriptor, std::string& buffer, bool attribute) {
  if (buffer.capacity() < 8192) buffer.reserve(8192);
  std::size_t size = 0;
  for (;;) {
    ssize_t got = 0;
    const std::size_t room = std::max(buffer.capacity(), size + 4096);
    buffer.resize_and_overwrite(room, [&](char* to, std::size_t capacity) {
      do {
        got = pread(descriptor, to + size, capacity - size, static_cast<off_t>(size));
      } while (got < 0 && errno == EINTR);
      return size + static_cast<std::size_t>(got > 0 ? got : 0);
    });
    if (got < 0) return -1;
    size += static_cast<std::size_t>(got);
    if (got == 0 || (attribute && size < room)) return static_cast<ssize_t>(size);
    if (size == room) buffer.reserve(room * 2);
  }
}

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

}  // namespace

void Fd::reset(int descriptor) {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = descriptor;
}

struct Files::Impl {
  struct Kept {
    Fd fd;
    long used;
  };
  const std::string* root;
  std::string own_root;
  std::unordered_map<std::string, Kept, Hash, std::equal_to<>> kept;
  std::vector<std::string> names;

  Impl(const std::string* where, std::string_view own) : root(where), own_root(own) {
    if (!root) root = &own_root;
  }
  ~Impl() { kept_left() += static_cast<long>(kept.size()); }

  std::string full(std::string_view path) const {
    std::string result;
    result.reserve(root->size() + path.size() + 1);
    result = *root;
    if (!result.ends_with('/')) result += '/';
    result += path;
    return result;
  }

  /// Below /sys every file is one attribute, given whole by one read.
  bool attributes() const { return root->ends_with("/sys") || *root == "/sys"; }

  void forget_old(long now) {
    for (auto it = kept.begin(); it != kept.end();) {
      if (now - it->second.used > kForgetAfterSeconds) {
        it = kept.erase(it);
        ++kept_left();
      } else {
        ++it;
      }
    }
  }

  Result<std::string_view> read(std::string_view path, std::string& buffer, bool keep) {
    if (auto it = kept.find(path); it != kept.end()) {
      if (read_all(it->second.fd.get(), buffer, attributes()) >= 0) {
        it->second.used = coarse_seconds();
        return std::string_view(buffer);
      }
      const int reason = errno;
      it->second.used = coarse_seconds();
      if (reason != ENODEV && reason != ENOENT && reason != ESTALE && reason != ENXIO) {
        return std::unexpected(errno_error("read", full(path), reason));
      }
      kept.erase(it);
      ++kept_left();
    }
    const std::string name = full(path);
    Fd fd(open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return std::unexpected(errno_error("open", name, errno));
    const int reason = read_all(fd.get(), buffer, attributes()) < 0 ? errno : 0;
    // An attribute that does not apply (yet) will be asked for again: opening it is the dear part.
    if (reason != 0 && reason != EINVAL && reason != EOPNOTSUPP)
      return std::unexpected(errno_error("read", name, reason));
    if (keep && kept_left().load(std::memory_order_relaxed) > 0) {
      const long now = coarse_seconds();
      if (kept.size() == kept.bucket_count()) forget_old(now);
      --kept_left();
      kept.emplace(path, Kept{std::move(fd), now});
    }
    if (reason != 0) return std::unexpected(errno_error("read", name, reason));
    return std::string_view(buffer);
  }
};

Files::Files(std::string_view root) : impl_(std::make_unique<Impl>(nullptr, root)) {}
Files::Files(const std::string* root) : impl_(std::make_unique<Impl>(root, "")) {}
Files::~Files() = default;
Files::Files(Files&&) noexcept = default;
Files& Files::operator=(Files&&) noexcept = default;

Result<std::string_view> Files::read(std::string_view path) {
  return impl_->read(path, thread_buffer(), true);
}
Result<std::string_view> Files::read(std::string_view path, std::string& buffer) {
  return impl_->read(path, buffer, true);
}
Result<std::string_view> Files::read_once(std::string_view path, std::string& buffer) {
  return impl_->read(path, buffer, false);
}

Result<std::string_view> Files::value(std::string_view path) {
  auto text = read(path);
  if (!text) return text;
  return trim(*text);
}

Result<std::vector<std::string>> Files::list(std::string_view path) {
  const std::string name = impl_->full(path);
  std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(name.c_str()), closedir);
  if (!directory) return std::unexpected(errno_error("open", name, errno));
  std::vector<std::string> names;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view found = entry->d_name;
    if (found != "." && found != "..") names.emplace_back(found);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Files::exists(std::string_view path) const { return access(impl_->full(path).c_str(), F_OK) == 0; }

bool Files::is_directory(std::string_view path) const {
  struct stat status {};
  return stat(impl_->full(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<std::string> Files::link(std::string_view path) const {
  const std::string name = impl_->full(path);
  char target[PATH_MAX];
  const auto size = readlink(name.c_str(), target, sizeof target);
  if (size < 0) return std::unexpected(errno_error("readlink", name, errno));
  return std::string(target, static_cast<std::size_t>(size));
}

Result<std::string> Files::resolve(std::string_view path) const {
  const std::string name = impl_->full(path);
  const std::unique_ptr<char, void (*)(void*)> real(realpath(name.c_str(), nullptr), std::free);
  if (!real) return std::unexpected(errno_error("realpath", name, errno));
  return std::string(real.get());
}

std::vector<std::string> Files::glob(std::string_view pattern) const {
  glob_t found{};
  std::vector<std::string> names;
  const std::string prefix = impl_->full("");
  if (::glob((prefix + std::string(pattern)).c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) names.emplace_back(found.gl_pathv[i] + prefix.size());
  }
  globfree(&found);
  return names;
}

Error Files::malformed(std::string_view path, std::string_view what) const {
  return {Code::kInvalid, impl_->full(path) + ": " + std::string(what)};
}

std::string Files::path(std::string_view relative) const { return impl_->full(relative); }
const std::string& Files::root() const { return *impl_->root; }

}  // namespace exporter
