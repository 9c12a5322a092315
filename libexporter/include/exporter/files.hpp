// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the small files of /proc and /sys again and again. A file stays open between scrapes and is read with
// pread(2): that is a quarter of what opening it each time costs. Where the file behind a kept descriptor has
// gone (a device that was unplugged), it is opened anew by its name, and only then is it an error.
//
//     Files proc("/proc");
//     auto text = proc.read("loadavg");
//     if (!text) return fail(text);
//
// One Files belongs to one collector and is used by one thread at a time.

#include <dirent.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/result.hpp>
#include <exporter/text.hpp>

namespace exporter {

/// An open file descriptor, closed at the end.
class EXPORTER_API Fd {
 public:
  Fd() = default;
  explicit Fd(int descriptor) : descriptor_(descriptor) {}
  Fd(Fd&& other) noexcept : descriptor_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  int release() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    return descriptor;
  }
  void reset(int descriptor = -1);

 private:
  int descriptor_ = -1;
};

class EXPORTER_API Files {
 public:
  /// All paths are relative to `root`.
  explicit Files(std::string_view root);
  /// The same for a root that is not known yet (a flag): it is looked at when the first file is read, and
  /// must live on.
  explicit Files(const std::string* root);
  ~Files();
  Files(Files&&) noexcept;
  Files& operator=(Files&&) noexcept;

  /// The whole file. The view is good until this thread's next read without a buffer of its own, on any
  /// Files.
  Result<std::string_view> read(std::string_view path);
  /// The same into a buffer of the caller's, for reading one file while going through another.
  Result<std::string_view> read(std::string_view path, std::string& buffer);
  /// For a file that is read only once, or hardly ever: does not keep it open.
  Result<std::string_view> read_once(std::string_view path, std::string& buffer);

  /// The file without white space at both ends: an attribute in /sys.
  Result<std::string_view> value(std::string_view path);
  /// The file as one number. An error names the file.
  template <class T>
  Result<T> number(std::string_view path, int base = 10) {
    auto text = value(path);
    if (!text) return fail(text);
    auto result = parse<T>(*text, base);
    if (!result) return std::unexpected(malformed(path, result.error().message));
    return result;
  }

  /// The names in a directory, without "." and "..", sorted.
  Result<std::vector<std::string>> list(std::string_view path);

  bool exists(std::string_view path) const;
  bool is_directory(std::string_view path) const;
  /// What a symbolic link says.
  Result<std::string> link(std::string_view path) const;
  /// The absolute path behind all links, as realpath(3).
  Result<std::string> resolve(std::string_view path) const;
  /// All names that match a shell pattern, relative to root, sorted: "class/net/*/statistics".
  std::vector<std::string> glob(std::string_view pattern) const;

  /// kInvalid: "<root>/<path>: <what>".
  Error malformed(std::string_view path, std::string_view what) const;
  /// root + "/" + path.
  std::string path(std::string_view relative) const;
  const std::string& root() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace exporter
