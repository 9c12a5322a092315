// SPDX-License-Identifier: Apache-2.0
// Redis' protocol: commands as bytes, and bytes as replies (hiredis' reader does the parsing).
#pragma once

#include <initializer_list>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/result.hpp>

struct redisReader;

namespace exporter::redis {

/// One value of an answer. It lives as long as the Replies it is in.
struct Reply {
  enum class Kind : unsigned char { kNil, kInteger, kString, kStatus, kError, kArray };
  Kind kind = Kind::kNil;
  long long integer = 0;
  std::string_view text;            ///< of a string, a status or an error
  std::span<const Reply*> items{};  ///< of an array

  bool failed() const { return kind == Kind::kError; }
  bool is_text() const { return kind == Kind::kString || kind == Kind::kStatus; }
  std::span<const Reply* const> array() const { return items; }
  /// The item, or a nil where there is no such item.
  const Reply& at(std::size_t index) const;
  /// The value that follows `key` in an array of keys and values, or a nil.
  const Reply& named(std::string_view key) const;
};

/// Commands that are sent in one go.
class Commands {
 public:
  /// Returns the command's place among the replies.
  std::size_t add(std::initializer_list<std::string_view> words) {
    return add(std::span<const std::string_view>(words.begin(), words.size()));
  }
  std::size_t add(std::span<const std::string_view> words);
  void clear() {
    bytes_.clear();
    count_ = 0;
  }
  std::string_view bytes() const { return bytes_; }
  std::size_t count() const { return count_; }

 private:
  std::string bytes_;
  std::size_t count_ = 0;
};

/// More than this of answers to one pipeline is no Redis that we want to know.
inline constexpr std::size_t kMostReplyBytes = 128U << 20;

/// Takes bytes, gives the replies in them. All replies and their text stand in one arena.
class Replies {
 public:
  Replies();
  ~Replies();
  Replies(const Replies&) = delete;
  Replies& operator=(const Replies&) = delete;

  /// Forgets replies and unfinished input.
  void clear();
  /// Reads on; an error is final until clear().
  Status feed(std::string_view bytes);
  std::size_t size() const { return replies_.size(); }
  const Reply& operator[](std::size_t index) const { return *replies_[index]; }

 private:
  friend struct ReplyMaker;
  std::size_t announced_bytes() const;
  std::pmr::monotonic_buffer_resource arena_{16384};
  redisReader* reader_ = nullptr;
  std::vector<const Reply*> replies_;
};

}  // namespace exporter::redis
