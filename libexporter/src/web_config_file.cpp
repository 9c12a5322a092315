// SPDX-License-Identifier: Apache-2.0
// Reads the web config file again when it has changed.

#include "detail/web_config_file.hpp"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exporter/files.hpp>
#include <exporter/log.hpp>

namespace exporter::detail {
namespace {

constexpr std::size_t kMaxBytes = 4 << 20;

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

std::string directory_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileStamp FileStamp::of(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, nanoseconds(status.st_mtim),
          nanoseconds(status.st_ctim)};
}

Result<std::string> read_small_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::unexpected(errno_error("open", path, errno));
  std::string text;
  for (;;) {
    const auto old = text.size();
    text.resize(old + 16384);
    const auto got = ::read(fd.get(), text.data() + old, text.size() - old);
    text.resize(old + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) return std::unexpected(errno_error("read", path, errno));
    if (text.size() > kMaxBytes) return fail(Code::kInvalid, path + " is larger than 4 MiB");
  }
}

WebConfigFile::WebConfigFile(std::string path) : path_(std::move(path)), directory_(directory_of(path_)) {}

WebConfigFile::WebConfigFile(WebConfig fixed)
    : config_(std::make_shared<const WebConfig>(std::move(fixed))), read_(true) {}

Result<std::shared_ptr<const WebConfig>> WebConfigFile::current() {
  const std::lock_guard lock(mutex_);
  if (path_.empty()) return config_;
  const auto stamp = FileStamp::of(path_);
  if (read_ && stamp == stamp_) return config_;
  stamp_ = stamp;
  config_ = [this]() -> decltype(config_) {
    const auto text = read_small_file(path_);
    if (!text) return fail(text);
    auto config = parse_web_config(*text, directory_);
    if (!config) return fail(Code::kInvalid, path_ + ": " + config.error().message);
    return std::make_shared<const WebConfig>(std::move(*config));
  }();
  // Once a change, not once a request. What is wrong at start is reported by whoever starts us.
  if (read_ && !config_) log::error("Unable to parse configuration", {{"err", config_.error().message}});
  read_ = true;
  return config_;
}

}  // namespace exporter::detail
