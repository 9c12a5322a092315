// SPDX-License-Identifier: Apache-2.0
// Reads a file that is small: a script, a password file.

#include "read_text_file.hpp"

#include <cerrno>
#include <cstdio>
#include <memory>

namespace exporter::redis {

Result<std::string> read_text_file(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (!file) return fail(Code::kUnavailable, "open " + path + ": " + errno_text(errno));
  std::string text;
  char buffer[4096];
  while (const auto got = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, got);
    if (text.size() > (16U << 20)) return fail(Code::kInvalid, path + " is too large");
  }
  if (std::ferror(file.get())) return fail(Code::kUnavailable, "read " + path + ": " + errno_text(errno));
  return text;
}

}  // namespace exporter::redis
