// SPDX-License-Identifier: Apache-2.0
// Takes lists and watches apart, in protobuf and in JSON.

#include "api/frames.hpp"

#include <algorithm>

#include <exporter/json.hpp>
#include <exporter/text.hpp>

#include "api/wire.hpp"

namespace exporter::kube {
namespace {

constexpr std::size_t kLongestKey = 1024;  // of a list; the ones there are have a few letters

constexpr std::string_view kMagicBytes{"k8s\0", 4};
constexpr std::string_view kEndAnnotation = "k8s.io/initial-events-end";

std::unexpected<Error> too_large(std::uint64_t size, std::size_t largest) {
  return fail(Code::kInvalid, "an object of " + std::to_string(size) + " bytes, more than the " +
                                  std::to_string(largest) + " that are read");
}

std::unexpected<Error> malformed(std::string_view what) {
  return fail(Code::kInvalid, "the answer is malformed: " + std::string(what));
}

std::optional<EventType> event_type(std::string_view name) {
  if (name == "ADDED") return EventType::kAdded;
  if (name == "MODIFIED") return EventType::kModified;
  if (name == "DELETED") return EventType::kDeleted;
  if (name == "BOOKMARK") return EventType::kBookmark;
  if (name == "ERROR") return EventType::kError;
  return std::nullopt;
}

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, 500));
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  return line;
}

/// A varint at the front of a text: how many bytes it takes; 0 where more are needed.
struct Varint {
  std::uint64_t value = 0;
  std::size_t size = 0;
  bool bad = false;
};
Varint varint_at(std::string_view bytes) {
  Varint result;
  for (std::size_t i = 0; i < bytes.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    result.value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      result.size = i + 1;
      return result;
    }
  }
  result.bad = bytes.size() >= 10;
  return result;
}

/// A field's key and, for all kinds but fixed ones, the number behind it.
struct FieldHead {
  std::uint64_t number = 0;
  unsigned kind = 0;
  std::uint64_t value = 0;  // a length for kind 2
  std::size_t size = 0;     // 0: needs more
  bool bad = false;
};
FieldHead field_at(std::string_view bytes) {
  FieldHead head;
  const auto key = varint_at(bytes);
  head.bad = key.bad;
  if (key.size == 0) return head;
  head.number = key.value >> 3;
  head.kind = static_cast<unsigned>(key.value & 7);
  if (head.kind == 1 || head.kind == 5) {
    head.value = head.kind == 1 ? 8 : 4;
    head.size = key.size;
    return head;
  }
  if (head.kind != 0 && head.kind != 2) {
    head.bad = true;
    return head;
  }
  const auto value = varint_at(bytes.substr(key.size));
  head.bad = value.bad;
  if (value.size == 0) return head;
  head.value = value.value;
  head.size = key.size + value.size;
  return head;
}

ListMeta list_meta(std::string_view wire) {
  ListMeta meta;
  Message message(wire);
  while (const auto field = message.next()) {
    if (field->number == 2) meta.resource_version = field->bytes;
    if (field->number == 3) meta.next = field->bytes;
  }
  return meta;
}

}  // namespace

std::optional<Envelope> open_envelope(std::string_view bytes) {
  if (!bytes.starts_with(kMagicBytes)) return std::nullopt;
  Envelope envelope;
  Message unknown(bytes.substr(kMagicBytes.size()));
  while (const auto field = unknown.next()) {
    if (field->number == 1) envelope.kind = only(field->bytes, 2).bytes;
    if (field->number == 2) envelope.object = field->bytes;
    if (field->number == 3 && !field->bytes.empty()) return std::nullopt;  // an encoding nobody asked for
  }
  if (unknown.malformed()) return std::nullopt;
  return envelope;
}

// --- watches

Status WatchFeeder::feed(std::string_view bytes, const OnEvent& on_event) {
  if (ended_) return {};
  return remainder_.feed(bytes, [&](std::string_view text) {
    if (ended_) return Result<std::size_t>(0);
    return json_ ? line(text, on_event) : frame(text, on_event);
  });
}

Result<std::size_t> WatchFeeder::frame(std::string_view bytes, const OnEvent& on_event) {
  if (bytes.size() < 4) return 0;
  std::uint32_t size = 0;
  for (int i = 0; i < 4; ++i)
    size = size << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  if (size > largest_) return too_large(size, largest_);
  if (bytes.size() - 4 < size) return 0;

  std::optional<EventType> type;
  std::string_view object;
  Message message(bytes.substr(4, size));
  while (const auto field = message.next()) {
    if (field->number == 1) type = event_type(field->bytes);
    if (field->number == 2) object = only(field->bytes, 1).bytes;
  }
  const auto envelope = open_envelope(object);
  if (message.malformed() || !type || !envelope) return malformed("no event of a watch");
  if (!on_event({*type, envelope->object, std::string(envelope->kind)})) ended_ = true;
  return std::size_t{4} + size;
}

Result<std::size_t> WatchFeeder::line(std::string_view bytes, const OnEvent& on_event) {
  const auto end = bytes.find('\n', std::min(searched_, bytes.size()));
  if (const auto seen = std::min(end, bytes.size()); seen > largest_) return too_large(seen, largest_);
  if (end == std::string_view::npos) {
    searched_ = bytes.size();
    return 0;
  }
  searched_ = 0;
  const auto text = bytes.substr(0, end);
  if (trim(text).empty()) return end + 1;
  std::optional<EventType> type;
  WatchEvent event;
  JsonReader json(text);
  json.object([&](std::string_view key) {
    if (key == "type") type = event_type(json.string());
    if (key == "object") event.object = json.raw();
  });
  if (!json.finish() || !type) return malformed("no event of a watch");
  event.type = *type;
  JsonReader object(event.object);
  object.object([&](std::string_view key) {
    if (key == "kind" && object.kind() == JsonReader::Kind::kString) event.kind = object.string();
  });
  if (!on_event(event)) ended_ = true;
  return end + 1;
}

// --- lists in protobuf

Status ListFeeder::feed(std::string_view bytes, const OnItem& on_item) {
  if (state_ == State::kEnded) return {};
  return remainder_.feed(bytes, [&](std::string_view text) { return step(text, on_item); });
}

Result<std::size_t> ListFeeder::step(std::string_view bytes, const OnItem& on_item) {
  if (bytes.empty() || state_ == State::kEnded) return 0;
  if (skip_ > 0) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= size;
    if (state_ == State::kList) list_left_ -= size;
    return size;
  }
  switch (state_) {
    case State::kMagic:
      if (bytes.size() < kMagicBytes.size()) return 0;
      if (!bytes.starts_with(kMagicBytes)) return malformed("no protobuf of Kubernetes");
      state_ = State::kEnvelope;
      return kMagicBytes.size();
    case State::kEnvelope: {
      const auto field = field_at(bytes);
      if (field.bad) return malformed("its envelope");
      if (field.size == 0) return 0;
      if (field.number == 2 && field.kind == 2) {
        state_ = State::kList;
        list_left_ = field.value;
        list_seen_ = true;
        if (list_left_ == 0) state_ = State::kEnvelope;
      } else if (field.kind != 0) {
        skip_ = field.value;
      }
      return field.size;
    }
    case State::kList: {
      if (list_left_ == 0) {
        state_ = State::kEnvelope;
        return step(bytes, on_item);
      }
      const auto field =
          field_at(bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(list_left_, 20))));
      if (field.bad || (field.size == 0 && bytes.size() >= 20) || field.size > list_left_)
        return malformed("its list");
      if (field.size == 0) return list_left_ <= bytes.size() ? Result<std::size_t>(malformed("its list")) : 0;
      if (field.kind != 0 && field.value > list_left_ - field.size) return malformed("an item's length");
      if (field.kind != 2 || field.number > 2) {
        if (field.kind != 0) skip_ = field.value;
        list_left_ -= field.size;
        return field.size;
      }
      if (field.value > largest_) return too_large(field.value, largest_);
      const auto size = static_cast<std::size_t>(field.value);
      if (bytes.size() - field.size < size) return 0;
      const auto content = bytes.substr(field.size, size);
      list_left_ -= field.size + size;
      if (field.number == 1) {
        meta_ = list_meta(content);
      } else if (!on_item(content)) {
        state_ = State::kEnded;
      }
      return field.size + size;
    }
    case State::kEnded:
      break;
  }
  return 0;
}

Result<ListMeta> ListFeeder::finish() const {
  const bool whole = state_ == State::kEnvelope || (state_ == State::kList && list_left_ == 0);
  if (!list_seen_ || !whole || skip_ > 0 || !remainder_.empty()) return malformed("it ends in the middle");
  return meta_;
}

// --- lists in JSON

std::optional<std::size_t> JsonValueScan::end(std::string_view text) {
  for (; at_ < text.size(); ++at_) {
    const char c = text[at_];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
        if (depth_ == 0) return at_ + 1;
      }
      continue;
    }
    switch (c) {
      case '"':
        in_string_ = true;
        break;
      case '{':
      case '[':
        ++depth_;
        break;
      case '}':
      case ']':
        if (depth_ == 0) return at_;  // behind a number or a word
        if (--depth_ == 0) return at_ + 1;
        break;
      case ',':
      case ' ':
      case '\n':
      case '\r':
      case '\t':
        if (depth_ == 0) return at_;
        break;
      default:
        break;
    }
  }
  return std::nullopt;
}

Status JsonListFeeder::feed(std::string_view bytes, const OnItem& on_item) {
  return remainder_.feed(bytes, [&](std::string_view text) { return step(text, on_item); });
}

Result<std::size_t> JsonListFeeder::step(std::string_view bytes, const OnItem& on_item) {
  std::size_t blanks = 0;
  while (blanks < bytes.size() && is_blank(bytes[blanks])) ++blanks;
  if (blanks > 0) return blanks;
  if (bytes.empty()) return 0;
  const char c = bytes.front();
  switch (state_) {
    case State::kStart:
      if (c != '{') return malformed("no list in JSON");
      state_ = State::kKey;
      return 1;
    case State::kKey: {
      if (c == '}') {
        state_ = State::kEnded;
        return 1;
      }
      if (c == ',') return 1;
      if (c != '"') return malformed("a list's key");
      const auto size = scan_.end(bytes);
      if (size.value_or(bytes.size()) > kLongestKey) return malformed("a list's key");
      if (!size) return 0;
      scan_.reset();
      key_ = bytes.substr(1, *size - 2);
      state_ = State::kColon;
      return *size;
    }
    case State::kColon:
      if (c != ':') return malformed("a list's key");
      state_ = State::kValue;
      return 1;
    case State::kValue: {
      if (key_ == "items" || key_ == "rows") {
        list_seen_ = true;
        table_ = key_ == "rows";
        if (c == '[') {
          state_ = State::kElements;
          return 1;
        }
      }
      const auto size = scan_.end(bytes);
      if (const auto seen = size.value_or(bytes.size()); seen > largest_) return too_large(seen, largest_);
      if (!size) return 0;
      scan_.reset();
      if (*size == 0) return malformed("a list's member");
      if (auto status = member(bytes.substr(0, *size)); !status) return fail(status);
      state_ = State::kKey;
      return *size;
    }
    case State::kElements: {
      if (c == ']') {
        state_ = State::kKey;
        return 1;
      }
      if (c == ',') return 1;
      const auto size = scan_.end(bytes);
      if (const auto seen = size.value_or(bytes.size()); seen > largest_) return too_large(seen, largest_);
      if (!size) return 0;
      scan_.reset();
      if (*size == 0) return malformed("a list's item");
      if (!on_item(bytes.substr(0, *size))) state_ = State::kEnded;
      return *size;
    }
    case State::kEnded:
      return bytes.size();
  }
  return 0;
}

Status JsonListFeeder::member(std::string_view value) {
  if (key_ == "columnDefinitions") columns_ = value;
  JsonReader json(value);
  if (key_ == "metadata") {
    json.object([&](std::string_view key) {
      if (key == "resourceVersion") meta_.resource_version = json.string();
      if (key == "continue") meta_.next = json.string();
    });
  } else {
    json.skip();
  }
  return json.finish();
}

Result<ListMeta> JsonListFeeder::finish() const {
  if (state_ != State::kEnded || !list_seen_) return malformed("it ends in the middle");
  return meta_;
}

// --- what the server says about errors and objects

ApiStatus read_status(std::string_view wire) {
  ApiStatus status;
  Message message(wire);
  while (const auto field = message.next()) {
    switch (field->number) {
      case 3:
        status.message = one_line(field->bytes);
        break;
      case 4:
        status.reason = one_line(field->bytes);
        break;
      case 5:
        if (const auto seconds = only(field->bytes, 5).bits; seconds > 0 && seconds <= 3600) {
          status.retry_after_seconds = static_cast<std::uint32_t>(seconds);
        }
        break;
      case 6:
        status.code = static_cast<int>(field->integer());
        break;
      default:
        break;
    }
  }
  return status;
}

ApiStatus read_status_json(std::string_view text) {
  ApiStatus status;
  JsonReader json(text);
  json.object([&](std::string_view key) {
    if (key == "message") status.message = one_line(json.string());
    if (key == "reason") status.reason = one_line(json.string());
    if (key == "code") status.code = static_cast<int>(json.integer());
    if (key == "details") {
      json.object([&](std::string_view detail) {
        if (detail != "retryAfterSeconds") return;
        const auto seconds = json.integer();
        if (seconds > 0 && seconds <= 3600) status.retry_after_seconds = static_cast<std::uint32_t>(seconds);
      });
    }
  });
  return status;
}

ApiStatus read_status_body(std::string_view body) {
  if (const auto envelope = open_envelope(body)) return read_status(envelope->object);
  const auto text = trim(body);
  if (text.starts_with('{')) return read_status_json(text);
  ApiStatus status;
  status.message = one_line(text.substr(0, 200));
  return status;
}

ObjectMeta read_meta(std::string_view wire, bool annotations) {
  ObjectMeta meta;
  Message message(only(wire, 1).bytes);
  while (const auto field = message.next()) {
    if (field->number == 6) {
      meta.resource_version = field->bytes;
      if (!annotations) break;
    }
    if (field->number == 12 && only(field->bytes, 1).bytes == kEndAnnotation) {
      meta.initial_events_end = only(field->bytes, 2).bytes == "true";
    }
  }
  return meta;
}

ObjectMeta read_meta_json(std::string_view text, bool annotations) {
  ObjectMeta meta;
  JsonReader json(text);
  json.object([&](std::string_view key) {
    if (key != "metadata") return;
    json.object([&](std::string_view name) {
      if (name == "resourceVersion") meta.resource_version = json.string();
      if (name == "annotations" && annotations) {
        json.object([&](std::string_view annotation) {
          if (annotation == kEndAnnotation) meta.initial_events_end = json.string() == "true";
        });
      }
    });
  });
  return meta;
}

}  // namespace exporter::kube
