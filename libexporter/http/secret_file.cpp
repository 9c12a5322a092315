// SPDX-License-Identifier: Apache-2.0
// Reads secrets, and tells when they were replaced.

#include "secret_file.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>

#include <exporter/text.hpp>

namespace exporter::detail {
namespace {

constexpr std::size_t kLargest = std::size_t{64} << 10;

bool same(const struct stat& a, const struct stat& b) {
  const auto same_time = [](const timespec& x, const timespec& y) {
    return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
  };
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         same_time(a.st_mtim, b.st_mtim) && same_time(a.st_ctim, b.st_ctim);
}

}  // namespace

void WatchedFiles::add(const std::string& path) {
  if (!path.empty()) files_.push_back({.path = path, .seen = {}});
}

bool WatchedFiles::changed() {
  bool any = false;
  for (auto& file : files_) {
    struct stat now {};  // stays so for a file that is not there
    if (stat(file.path.c_str(), &now) != 0) now = {};
    any |= !same(now, file.seen);
    file.seen = now;
  }
  return any;
}

Result<std::string> read_secret(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (!file) return fail(Code::kUnavailable, "open " + path + ": " + errno_text(errno));
  std::string text(kLargest + 1, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (std::ferror(file.get())) return fail(Code::kUnavailable, "read " + path + ": " + errno_text(errno));
  if (text.size() > kLargest) return fail(Code::kInvalid, path + " is larger than 64 KiB");
  std::string secret(trim(text));
  if (secret.empty()) return fail(Code::kInvalid, path + " is empty");
  if (secret.find_first_of("\r\n") != std::string::npos)
    return fail(Code::kInvalid, path + " has more than one line");
  return secret;
}

}  // namespace exporter::detail
