// SPDX-License-Identifier: Apache-2.0
// Reads HTTP/1.x request heads and skips bodies, from bytes that arrive in any pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exporter::detail {

/// Bodies are of no use to an exporter: up to here they are dropped, above it the request is refused.
inline constexpr std::uint64_t kMaxBodyBytes = 1U << 20;

using NameValue = std::pair<std::string, std::string>;

struct RequestHead {
  std::string method;
  std::string path;
  std::vector<NameValue> query;
  std::vector<NameValue> headers;
  std::uint64_t content_length = 0;
  bool http10 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expect_continue = false;
};

/// Finds where a head ends. Fed with the same buffer as it grows, it looks at each byte once.
class HeadFinder {
 public:
  static constexpr std::size_t kNotYet = static_cast<std::size_t>(-1);
  /// What cannot be the start of a request (a TLS handshake, say), so that nobody waits for its end.
  static constexpr std::size_t kNotHttp = static_cast<std::size_t>(-2);

  /// The length of the head, its empty line included.
  std::size_t find(std::string_view buffer);
  void reset() { *this = HeadFinder(); }

 private:
  std::uint32_t seen_ = 0;
  bool line_empty_ = true;  // nothing but a CR since the last LF
  bool started_ = false;    // past the empty lines that may come before a request
};

/// Parses a whole head as HeadFinder found it. Returns 0, or the status to refuse it with.
int parse_head(std::string_view text, RequestHead& head);

/// Counts a body away.
class BodySkipper {
 public:
  /// 0, or the status to refuse the body with.
  int start(const RequestHead& head);

  struct Step {
    std::size_t used = 0;
    bool done = false;
    int status = 0;  ///< not 0 where the body is malformed or too large
  };
  Step skip(std::string_view data);

 private:
  enum class State : std::uint8_t {
    kLength,
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataEnd,
    kDataLf,
    kTrailer,
    kDone
  };
  int step_size(char c);
  int step_trailer(char c);

  std::uint64_t left_ = 0;
  std::uint64_t total_ = 0;
  std::uint32_t overhead_ = 0;
  State state_ = State::kDone;
  std::uint8_t digits_ = 0;
  bool line_empty_ = true;
};

/// Undoes percent-encoding; false where it is malformed.
bool percent_decode(std::string_view text, bool plus_is_space, std::string& out);

bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace exporter::detail
