// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files that are replaced while the program runs: passwords, tokens, certificates.

#include <sys/stat.h>

#include <string>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::detail {

/// Tells whether any of some files is another one, or was written to, since the last look. Links are
/// followed: Kubernetes replaces a mounted secret by turning one.
class WatchedFiles {
 public:
  /// An empty path is none.
  void add(const std::string& path);
  /// True at the first look, too, where there are files.
  bool changed();

 private:
  struct Watched {
    std::string path;
    struct stat seen;
  };
  std::vector<Watched> files_;
};

/// A file's text without white space at both ends. An empty one, and one above 64 KiB, is an error.
Result<std::string> read_secret(const std::string& path);

}  // namespace exporter::detail
