// SPDX-License-Identifier: Apache-2.0
#include "store/codec.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace exporter::kube::codec {
namespace {

constexpr std::uint32_t kEarliest = 1'000'000'000;  // a number from here on may be a time: 2001 to 2106

/// The value of a digit in lower case, or -1.
int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool put_time(std::string& to, std::uint64_t value, TimeBase& base) {
  if (value < kEarliest || value > std::numeric_limits<std::uint32_t>::max()) return false;
  if (base == 0) base = static_cast<TimeBase>(value);
  const auto distance = static_cast<std::int64_t>(value) - static_cast<std::int64_t>(base);
  if (const auto biased = distance + kTimeBias; biased >= 0 && biased < (1 << 13)) {
    to.push_back(static_cast<char>(kShortTime | biased >> 8));
    to.push_back(static_cast<char>(biased));
  } else if (distance >= -(1 << 15) && distance < (1 << 15)) {
    to.push_back(static_cast<char>(kTime16));
    put<2>(to, static_cast<std::uint64_t>(distance));
  } else if (distance >= -(1 << 23) && distance < (1 << 23)) {
    to.push_back(static_cast<char>(kTime24));
    put<3>(to, static_cast<std::uint64_t>(distance));
  } else {
    return false;
  }
  return true;
}

void put_tagged(std::string& to, Number tag, std::uint64_t value, int bytes) {
  to.push_back(static_cast<char>(tag));
  char raw[8];
  std::memcpy(raw, &value, 8);
  to.append(raw, static_cast<std::size_t>(bytes));
}

}  // namespace

void put_literal(std::string& to, std::string_view text) {
  if (text.size() <= 0x0f) {
    to.push_back(static_cast<char>(kShort | text.size()));
  } else if (text.size() <= 0xff) {
    to.push_back(static_cast<char>(kLiteral));
    to.push_back(static_cast<char>(text.size()));
  } else {
    to.push_back(static_cast<char>(kLongLiteral));
    put<4>(to, text.size());
  }
  to.append(text);
}

bool parse_uuid(std::string_view text, char* bytes) {
  if (text.size() != 36) return false;
  for (std::size_t at = 0; at < 36;) {
    if (at == 8 || at == 13 || at == 18 || at == 23) {
      if (text[at++] != '-') return false;
      continue;
    }
    const int high = hex_value(text[at]);
    const int low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return false;
    *bytes++ = static_cast<char>(high << 4 | low);
    at += 2;
  }
  return true;
}

bool parse_address(std::string_view text, char* bytes) {
  if (text.size() < 7 || text.size() > 15) return false;
  std::size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return false;
    unsigned value = 0;
    const auto begin = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 3; ++at) {
      value = value * 10 + static_cast<unsigned>(text[at] - '0');
    }
    if (at == begin || value > 255 || (text[begin] == '0' && at - begin > 1)) return false;
    *bytes++ = static_cast<char>(value);
  }
  return at == text.size();
}

std::size_t hex_tail(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && digits < 510 && hex_value(text[text.size() - 1 - digits]) >= 0) ++digits;
  // An odd digit would make the prefix another one each time.
  return digits < 16 || digits % 2 != 0 ? 0 : digits;
}

void put_hex(std::string& to, std::string_view digits) {
  auto end = to.size();
  to.resize(end + digits.size() / 2);
  for (std::size_t at = 0; at < digits.size(); at += 2) {
    to[end++] = static_cast<char>(hex_value(digits[at]) << 4 | hex_value(digits[at + 1]));
  }
}

void put_unsigned(std::string& to, std::uint64_t value, TimeBase& base) {
  if (value < 128) {
    to.push_back(static_cast<char>(value));
  } else if (value < 128 + (1 << 14)) {
    value -= 128;
    to.push_back(static_cast<char>(kMedium | value >> 8));
    to.push_back(static_cast<char>(value));
  } else if (value < 1 << 16) {
    put_tagged(to, kWord16, value, 2);
  } else if (const auto mebi = value >> 20; (value & 0xfffff) == 0 && mebi < 1 << 24) {
    if (mebi < 1 << 8) {
      put_tagged(to, kMebi8, mebi, 1);
    } else if (mebi < 1 << 16) {
      put_tagged(to, kMebi16, mebi, 2);
    } else {
      put_tagged(to, kMebi24, mebi, 3);
    }
  } else if (value < 1 << 24) {
    put_tagged(to, kWord24, value, 3);
  } else if (put_time(to, value, base)) {
  } else if (value <= std::numeric_limits<std::uint32_t>::max()) {
    put_tagged(to, kWord32, value, 4);
  } else {
    put_tagged(to, kWord64, value, 8);
  }
}

void put_integer(std::string& to, std::int64_t value, TimeBase& base) {
  if (value >= 0) return put_unsigned(to, static_cast<std::uint64_t>(value), base);
  put_tagged(to, kNegative, static_cast<std::uint64_t>(value), 8);
}

void put_real(std::string& to, double value, TimeBase& base) {
  // The same as append_number() writes as a whole number, so that both are written alike.
  if (value > -1e15 && value < 1e15) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value && (whole != 0 || !std::signbit(value))) {
      return put_integer(to, whole, base);
    }
    const double thousandths = value * 1000;
    if (thousandths > 0 && thousandths < 4294967296.0) {
      const auto milli = static_cast<std::uint32_t>(thousandths + 0.5);
      if (static_cast<double>(milli) / 1000 == value) {
        if (milli < 1 << 8) return put_tagged(to, kMilli8, milli, 1);
        if (milli < 1 << 16) return put_tagged(to, kMilli16, milli, 2);
        return put_tagged(to, kMilli32, milli, 4);
      }
    }
  }
  put_tagged(to, kReal, std::bit_cast<std::uint64_t>(value), 8);
}

}  // namespace exporter::kube::codec
