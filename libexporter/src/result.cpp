// SPDX-License-Identifier: Apache-2.0

// Errors of system calls as text.

#include <exporter/result.hpp>

#include <cerrno>
#include <cstring>

namespace exporter {

namespace {

constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

constexpr Code code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return Code::kNoData;
    case EACCES:
    case EPERM:
      return Code::kDenied;
    default:
      return Code::kUnavailable;
  }
}

}  // namespace

Error errno_error(std::string_view operation, std::string_view object, int error_number) {
  std::string message(operation);
  if (!object.empty()) {
    message += ' ';
    message += object;
  }
  message += ": ";
  message += errno_text(error_number);
  return {code_of(error_number), std::move(message)};
}

std::string errno_text(int error_number) {
  // People search for these texts in the words that Go programs log; glibc shortened this one.
  if (error_number == ESTALE) return "stale NFS file handle";
  // strerrordesc_np reads a constant table, unlike strerror, which may share a buffer between threads.
  const char* text = strerrordesc_np(error_number);
  if (text == nullptr) return "errno " + std::to_string(error_number);
  std::string lower(text);
  // "RFS specific error" keeps its abbreviation.
  if (lower.size() > 1 && is_upper(lower[0]) && !is_upper(lower[1]))
    lower[0] = static_cast<char>(lower[0] + 32);
  return lower;
}

}  // namespace exporter
