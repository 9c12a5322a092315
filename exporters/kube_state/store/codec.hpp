// SPDX-License-Identifier: Apache-2.0
#pragma once

// The bytes that label values and numbers are kept as.
//
// A label value is a token: an interned text's number (1 to 5 bytes, the first 128 texts of a store in one),
// or the value itself in a form that fits what such values look like: an address, a UUID, a container's id,
// the object's own name. A number is 1 to 9 bytes; times are kept as the distance to the object's first one.

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace exporter::kube::codec {

using Byte = unsigned char;

// First bytes of tokens. Below kTwoBytes the byte is an id, from kShort on a literal's length.
enum Token : Byte {
  kTwoBytes = 0x80,  // id - 128 in 14 bits
  kThreeBytes = 0xc0,
  kFiveBytes = 0xe0,
  kLiteral,      // length in a byte
  kLongLiteral,  // length in four
  kHex,          // an id, a count, and so many bytes: the id's text, and the bytes in hexadecimal
  kAddress,      // IPv4
  kUuid,
  kPrefixed,  // an id, a length in a byte, and a text behind the id's
  kName,      // the object's own name, ...
  kNamespace,
  kUid,
  kShort = 0xf0,
};
constexpr std::uint32_t kTwoByteIds = 128;
constexpr std::uint32_t kThreeByteIds = kTwoByteIds + (1 << 14);
constexpr std::uint32_t kFiveByteIds = kThreeByteIds + (1 << 21);

// First bytes of numbers. Below kWord the byte is the number, or its upper part.
enum Number : Byte {
  kMedium = 0x80,     // number - 128 in 14 bits
  kShortTime = 0xc0,  // distance + kTimeBias in 13 bits
  kWord16 = 0xe0,
  kWord24,
  kWord32,
  kWord64,
  kNegative,  // 64 bits
  kReal,
  kTime16,
  kTime24,
  kMilli8,  // thousandths
  kMilli16,
  kMilli32,
  kMebi8,  // times 2^20
  kMebi16,
  kMebi24,
};
constexpr std::int64_t kTimeBias = 256;

inline Byte byte(const char* at) { return static_cast<Byte>(*at); }

template <int N>
std::uint64_t load(const char* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, N);  // little endian, as all that this is built for
  return value;
}
template <int N>
void put(std::string& to, std::uint64_t value) {
  char bytes[8];
  std::memcpy(bytes, &value, 8);
  to.append(bytes, N);
}

inline void put_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<char>(value | 0x80));
  to.push_back(static_cast<char>(value));
}
inline std::uint64_t varint(const char*& at) {
  std::uint64_t value = byte(at) & 0x7f;
  for (unsigned shift = 7; byte(at++) >= 0x80; shift += 7) {
    value |= static_cast<std::uint64_t>(byte(at) & 0x7f) << shift;
  }
  return value;
}

inline void put_id(std::string& to, std::uint32_t id) {
  if (id < kTwoByteIds) {
    to.push_back(static_cast<char>(id));
  } else if (id < kThreeByteIds) {
    id -= kTwoByteIds;
    to.push_back(static_cast<char>(kTwoBytes | id >> 8));
    to.push_back(static_cast<char>(id));
  } else if (id < kFiveByteIds) {
    id -= kThreeByteIds;
    to.push_back(static_cast<char>(kThreeBytes | id >> 16));
    put<2>(to, id & 0xffff);
  } else {
    to.push_back(static_cast<char>(kFiveBytes));
    put<4>(to, id);
  }
}
/// The id whose first byte is at or below kFiveBytes.
inline std::uint32_t id(const char*& at) {
  const std::uint32_t first = byte(at++);
  if (first < kTwoBytes) return first;
  if (first < kThreeBytes) return ((first & 0x3f) << 8 | byte(at++)) + kTwoByteIds;
  if (first < kFiveBytes) {
    const auto low = static_cast<std::uint32_t>(load<2>(at));
    at += 2;
    return ((first & 0x1f) << 16 | low) + kThreeByteIds;
  }
  at += 4;
  return static_cast<std::uint32_t>(load<4>(at - 4));
}

/// Calls the one function of `visitor` that fits the token; returns the token's end.
template <class Visitor>
const char* visit(const char* at, Visitor&& visitor) {
  const auto first = byte(at);
  if (first <= kFiveBytes) {
    visitor.id(codec::id(at));
    return at;
  }
  ++at;
  if (first >= kShort) {
    const std::size_t size = first & 0x0f;
    visitor.literal(std::string_view(at, size));
    return at + size;
  }
  switch (first) {
    case kLiteral: {
      const std::size_t size = byte(at++);
      visitor.literal(std::string_view(at, size));
      return at + size;
    }
    case kLongLiteral: {
      const auto size = static_cast<std::size_t>(load<4>(at));
      at += 4;
      visitor.literal(std::string_view(at, size));
      return at + size;
    }
    case kHex: {
      const auto prefix = codec::id(at);
      const std::size_t size = byte(at++);
      visitor.hex(prefix, std::string_view(at, size));
      return at + size;
    }
    case kPrefixed: {
      const auto prefix = codec::id(at);
      const std::size_t size = byte(at++);
      visitor.prefixed(prefix, std::string_view(at, size));
      return at + size;
    }
    case kAddress:
      visitor.address(at);
      return at + 4;
    case kUuid:
      visitor.uuid(at);
      return at + 16;
    case kName:
      visitor.name();
      return at;
    case kNamespace:
      visitor.name_space();
      return at;
    default:
      visitor.uid();
      return at;
  }
}

/// Takes any token and does nothing, but for what a derived class hides.
struct Ignore {
  void id(std::uint32_t) {}
  void literal(std::string_view) {}
  void hex(std::uint32_t, std::string_view) {}
  void prefixed(std::uint32_t, std::string_view) {}
  void address(const char*) {}
  void uuid(const char*) {}
  void name() {}
  void name_space() {}
  void uid() {}
};

/// Calls `each` with the ids that a token holds.
template <class Each>
struct Ids : Ignore {
  explicit Ids(Each function) : each(function) {}
  void id(std::uint32_t found) { each(found); }
  void hex(std::uint32_t found, std::string_view) { each(found); }
  void prefixed(std::uint32_t found, std::string_view) { each(found); }
  Each each;
};

inline const char* skip_token(const char* at) { return visit(at, Ignore{}); }

inline const char* skip_number(const char* at) {
  const auto first = byte(at++);
  if (first < kMedium) return at;
  if (first < kWord16) return at + 1;
  switch (first) {
    case kMilli8:
    case kMebi8:
      return at + 1;
    case kWord16:
    case kTime16:
    case kMilli16:
    case kMebi16:
      return at + 2;
    case kWord24:
    case kTime24:
    case kMebi24:
      return at + 3;
    case kWord32:
    case kMilli32:
      return at + 4;
    default:
      return at + 8;
  }
}

void put_literal(std::string& to, std::string_view text);
/// `text` in the form of a UUID in lower case: its 16 bytes.
bool parse_uuid(std::string_view text, char* bytes);
/// `text` in the usual form of an IPv4 address, without zeros in front.
bool parse_address(std::string_view text, char* bytes);
/// The trailing digits of `text` that kHex keeps: an even number, at least 16; or 0.
std::size_t hex_tail(std::string_view text);
void put_hex(std::string& to, std::string_view digits);

/// The first time of an object, in seconds since 1970; 0 until it has one.
using TimeBase = std::uint32_t;
void put_integer(std::string& to, std::int64_t value, TimeBase& base);
void put_unsigned(std::string& to, std::uint64_t value, TimeBase& base);
void put_real(std::string& to, double value, TimeBase& base);

}  // namespace exporter::kube::codec
