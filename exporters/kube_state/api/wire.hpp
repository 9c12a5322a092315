// SPDX-License-Identifier: Apache-2.0
#pragma once

// Walks protobuf's wire format in place: no message classes, no copies, no allocation. What a caller doesn't
// name in its switch is skipped.
//
//     Message pod(bytes);
//     while (const auto field = pod.next()) {
//       switch (field->number) {
//         case kMetadata: metadata = field->bytes; break;
//         case kReplicas: replicas = field->integer(); break;
//       }
//     }
//     if (pod.malformed()) ...

#include <cstdint>
#include <optional>
#include <string_view>

namespace exporter::kube {

struct WireField {
  std::uint32_t number = 0;
  std::uint64_t bits = 0;       ///< a varint's or fixed number's value
  std::string_view bytes = "";  ///< a string's, bytes field's or sub-message's content

  /// Whether the field is there: number 0 is none.
  explicit operator bool() const { return number != 0; }
  std::int64_t integer() const { return static_cast<std::int64_t>(bits); }
  bool flag() const { return bits != 0; }
};

class Message {
 public:
  explicit Message(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  /// The next field; nothing at the end, and nothing from the first malformed byte on.
  std::optional<WireField> next() {
    WireField field;
    if (!next(field)) return std::nullopt;
    return field;
  }
  /// The same into a field that is used again and again.
  bool next(WireField& field) {
    if (at_ == end_) return false;
    std::uint64_t key = 0;
    if (!varint(key) || key >> 3 == 0 || key >> 32 != 0) return stop();
    field.number = static_cast<std::uint32_t>(key >> 3);
    if ((key & 7) == 2) {  // most are
      std::uint64_t size = 0;
      if (!varint(size) || size > static_cast<std::uint64_t>(end_ - at_)) return stop();
      field.bits = 0;
      field.bytes = {at_, static_cast<std::size_t>(size)};
      at_ += size;
      return true;
    }
    field.bytes = "";
    switch (key & 7) {
      case 0:
        return varint(field.bits) || stop();
      case 1:
        return fixed(8, field.bits) || stop();
      case 5:
        return fixed(4, field.bits) || stop();
      default:
        return stop();
    }
  }

  bool malformed() const { return malformed_; }

 private:
  bool stop() {
    malformed_ = true;
    at_ = end_;
    return false;
  }
  bool varint(std::uint64_t& value) {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      value = static_cast<unsigned char>(*at_++);
      return true;
    }
    return long_varint(value);
  }
  [[gnu::noinline]] bool long_varint(std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; at_ != end_ && shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool fixed(std::size_t size, std::uint64_t& value) {
    if (static_cast<std::size_t>(end_ - at_) < size) return false;
    value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(at_[i])) << (8 * i);
    }
    at_ += size;
    return true;
  }

  const char* at_;
  const char* end_;
  bool malformed_ = false;
};

/// The first field of that number in a message that holds few: a Time's seconds, a Quantity's text.
inline WireField only(std::string_view message, std::uint32_t number) {
  Message fields(message);
  WireField field;
  while (fields.next(field)) {
    if (field.number == number) return field;
  }
  return {};
}

}  // namespace exporter::kube
