// SPDX-License-Identifier: Apache-2.0
#pragma once

// Takes the API server's answers apart while they come in: a list into its items, a watch into its events.
// What is held is one of them, never a list. Every feeder takes pieces of any size and calls back for what is
// whole; a callback that returns false ends the feeding.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <exporter/result.hpp>

namespace exporter::kube {

/// What came and isn't whole yet.
class Remainder {
 public:
  /// Calls `step(text)` with what is there, as long as it takes something: it returns how much, 0 where it
  /// needs more, or an error.
  template <class Step>
  Status feed(std::string_view bytes, Step step) {
    if (!held_.empty()) {
      held_ += bytes;
      bytes = held_;
    }
    std::size_t taken = 0;
    for (;;) {
      const Result<std::size_t> size = step(bytes.substr(taken));
      if (!size) return std::unexpected(size.error());
      if (*size == 0) break;
      taken += *size;
    }
    if (held_.empty()) {
      held_ = bytes.substr(taken);
    } else {
      held_.erase(0, taken);
    }
    if (held_.empty() && held_.capacity() > kKept) std::string().swap(held_);
    return {};
  }
  bool empty() const { return held_.empty(); }
  void clear() { std::string().swap(held_); }

 private:
  static constexpr std::size_t kKept = 1024;
  std::string held_;
};

enum class EventType : std::uint8_t { kAdded, kModified, kDeleted, kBookmark, kError };

/// An event of a watch. `object` is wire format without its envelope, or a JSON text; `kind` is "" where the
/// answer doesn't tell.
struct WatchEvent {
  EventType type = EventType::kError;
  std::string_view object{};
  std::string kind{};
};

/// The content of "k8s\0" + Unknown: an object's own message, and its kind.
struct Envelope {
  std::string_view object{};
  std::string_view kind{};
};
std::optional<Envelope> open_envelope(std::string_view bytes);

/// A watch's body. Protobuf has a length of four bytes in front of each event, JSON a line for each.
class WatchFeeder {
 public:
  using OnEvent = std::function<bool(const WatchEvent& event)>;
  /// A larger event is an error.
  WatchFeeder(bool json, std::size_t largest) : json_(json), largest_(largest) {}

  Status feed(std::string_view bytes, const OnEvent& on_event);
  /// Whether it stands between two events.
  bool whole() const { return remainder_.empty(); }

 private:
  Result<std::size_t> frame(std::string_view bytes, const OnEvent& on_event);
  Result<std::size_t> line(std::string_view bytes, const OnEvent& on_event);

  bool json_;
  bool ended_ = false;
  std::size_t largest_;
  std::size_t searched_ = 0;
  Remainder remainder_;
};

/// What a list says about itself.
struct ListMeta {
  std::string resource_version{};
  std::string next{};  ///< continue: where the next page begins; "" at the end
};

/// A list's body, in protobuf.
class ListFeeder {
 public:
  using OnItem = std::function<bool(std::string_view item)>;
  explicit ListFeeder(std::size_t largest) : largest_(largest) {}

  Status feed(std::string_view bytes, const OnItem& on_item);
  /// kInvalid where the list is not whole.
  Result<ListMeta> finish() const;

 private:
  Result<std::size_t> step(std::string_view bytes, const OnItem& on_item);

  enum class State : std::uint8_t { kMagic, kEnvelope, kList, kEnded };
  State state_ = State::kMagic;
  std::size_t largest_;
  std::uint64_t skip_ = 0;       // bytes of a field that nobody needs
  std::uint64_t list_left_ = 0;  // bytes of the list's message
  bool list_seen_ = false;
  ListMeta meta_;
  Remainder remainder_;
};

/// Finds where a JSON value ends, however it is cut.
class JsonValueScan {
 public:
  /// How many bytes of `text` belong to the value that begins there; nothing where more is needed. The next
  /// call gets the same text, longer.
  std::optional<std::size_t> end(std::string_view text);
  void reset() { *this = {}; }

 private:
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

/// A list's body, in JSON: "items" of a list, "rows" of a table. Other members are small.
class JsonListFeeder {
 public:
  using OnItem = std::function<bool(std::string_view item)>;
  explicit JsonListFeeder(std::size_t largest) : largest_(largest) {}

  Status feed(std::string_view bytes, const OnItem& on_item);
  Result<ListMeta> finish() const;
  bool is_table() const { return table_; }
  /// The text of columnDefinitions; a table has it in front of its rows.
  const std::string& columns() const { return columns_; }

 private:
  Result<std::size_t> step(std::string_view bytes, const OnItem& on_item);
  Status member(std::string_view value);

  enum class State : std::uint8_t { kStart, kKey, kColon, kValue, kElements, kEnded };
  State state_ = State::kStart;
  std::size_t largest_;
  bool table_ = false;
  bool list_seen_ = false;
  std::string key_;
  std::string columns_;
  ListMeta meta_;
  JsonValueScan scan_;
  Remainder remainder_;
};

/// An error that the server answered with.
struct ApiStatus {
  int code = 0;
  std::string reason{};   ///< "Expired"
  std::string message{};  ///< one line
  std::optional<std::uint32_t> retry_after_seconds{};
};
ApiStatus read_status(std::string_view wire);
ApiStatus read_status_json(std::string_view json);
/// Of a whole body, by its content.
ApiStatus read_status_body(std::string_view body);

/// What a reflector has to know about an object.
struct ObjectMeta {
  std::string resource_version{};
  bool initial_events_end = false;  ///< a bookmark's annotation: the list is whole
};
ObjectMeta read_meta(std::string_view wire, bool annotations);
ObjectMeta read_meta_json(std::string_view json, bool annotations);

}  // namespace exporter::kube
