// SPDX-License-Identifier: Apache-2.0
#pragma once

// Errors are values. A function that can fail returns a Result<T> (or a Status, where there is nothing to
// return), and nothing in the public API throws.
//
//     Result<std::string_view> text = files.read("loadavg");
//     if (!text) return std::unexpected(text.error());
//
// A message is one line: what went wrong, where, and what to do, without a full stop at its end.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include <exporter/export.hpp>

namespace exporter {

/// What kind of failure an Error is. Callers branch on the code; the message is for people.
enum class Code : std::uint8_t {
  kNoData,   ///< There is nothing to report: the device, file or feature does not exist here. Not a fault.
  kInvalid,  ///< Input could not be understood: a flag, a config file, an answer.
  kUnavailable,  ///< A file or a server could not be reached or read.
  kDenied,       ///< Permission was refused.
  kTimeout,      ///< The deadline passed.
  kCancelled,    ///< The program is stopping.
  kInternal,     ///< A fault of ours.
};

struct Error {
  Code code = Code::kInternal;
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

/// `return fail(Code::kInvalid, "...")` from any function that returns a Result or a Status.
[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

/// Hands on the error of another Result: `if (!text) return fail(text)`.
template <class T>
[[nodiscard]] std::unexpected<Error> fail(const Result<T>& result) {
  return std::unexpected<Error>(result.error());
}

/// An Error for a failed system call: "open /proc/stat: no such file or directory". ENOENT, ENODEV and ENXIO
/// become kNoData, EACCES and EPERM kDenied, everything else kUnavailable.
EXPORTER_API Error errno_error(std::string_view operation, std::string_view object, int error_number);

/// The text of an errno value, all in lower case ("no such file or directory"), as Go prints it; thread-safe.
EXPORTER_API std::string errno_text(int error_number);

}  // namespace exporter
