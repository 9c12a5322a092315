// SPDX-License-Identifier: Apache-2.0

// Durations as Go reads and prints them: what people have in their unit files must mean the same here.

#include <exporter/flags.hpp>

#include <charconv>
#include <cstdint>
#include <limits>

namespace exporter {

namespace {

constexpr std::uint64_t kNanosecond = 1;
constexpr std::uint64_t kMicrosecond = 1000 * kNanosecond;
constexpr std::uint64_t kMillisecond = 1000 * kMicrosecond;
constexpr std::uint64_t kSecond = 1000 * kMillisecond;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;

constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;  // the magnitude of the least int64

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 0 where there is no such unit.
constexpr std::uint64_t unit_of(std::string_view name) {
  if (name == "ns") return kNanosecond;
  // The micro sign and the Greek letter look the same.
  if (name == "us" || name == "\xC2\xB5s" || name == "\xCE\xBCs") return kMicrosecond;
  if (name == "ms") return kMillisecond;
  if (name == "s") return kSecond;
  if (name == "m") return kMinute;
  if (name == "h") return kHour;
  return 0;
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::unexpected<Error> invalid(std::string_view text) {
  return fail(Code::kInvalid, "invalid duration " + quoted(text));
}

/// value + digit behind it; false where that leaves the range.
constexpr bool push_digit(std::uint64_t& value, char digit) {
  if (value > kLimit / 10) return false;
  value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  return value <= kLimit;
}

/// "5" and "5.25" with its unit apart.
struct Decimal {
  std::uint64_t whole = 0;
  std::uint64_t fraction = 0;
  double scale = 1;
};

/// Takes digits and a fraction off `rest`. False where there is no digit or the whole part is too large.
bool take_decimal(std::string_view& rest, Decimal& number) {
  bool any = false;
  while (!rest.empty() && is_digit(rest.front())) {
    if (!push_digit(number.whole, rest.front())) return false;
    any = true;
    rest.remove_prefix(1);
  }
  if (rest.empty() || rest.front() != '.') return any;
  rest.remove_prefix(1);
  bool full = false;  // digits that no longer fit are too small to matter
  while (!rest.empty() && is_digit(rest.front())) {
    auto more = number.fraction;
    if (!full && push_digit(more, rest.front())) {
      number.fraction = more;
      number.scale *= 10;
    } else {
      full = true;
    }
    any = true;
    rest.remove_prefix(1);
  }
  return any;
}

void append(std::string& out, std::uint64_t number) {
  char room[24];
  out.append(room, std::to_chars(room, room + sizeof room, number).ptr);
}

/// value / unit with as many decimals as it has.
void append_fraction(std::string& out, std::uint64_t value, std::uint64_t unit) {
  append(out, value / unit);
  auto rest = value % unit;
  if (rest == 0) return;
  out += '.';
  for (auto place = unit / 10; rest != 0; place /= 10) {
    out += static_cast<char>('0' + rest / place);
    rest %= place;
  }
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto rest = text;
  bool negative = false;
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) {
    negative = rest.front() == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) return invalid(text);
  std::uint64_t total = 0;
  while (!rest.empty()) {
    Decimal number;
    if (!take_decimal(rest, number)) return invalid(text);
    std::size_t length = 0;
    while (length < rest.size() && rest[length] != '.' && !is_digit(rest[length])) ++length;
    const auto name = rest.substr(0, length);
    if (name.empty()) return fail(Code::kInvalid, "missing unit in duration " + quoted(text));
    const auto unit = unit_of(name);
    if (unit == 0) {
      return fail(Code::kInvalid, "unknown unit " + quoted(name) + " in duration " + quoted(text));
    }
    rest.remove_prefix(length);
    if (number.whole > kLimit / unit) return invalid(text);
    auto value = number.whole * unit;
    if (number.fraction > 0) {
      value += static_cast<std::uint64_t>(static_cast<double>(number.fraction) *
                                          (static_cast<double>(unit) / number.scale));
      if (value > kLimit) return invalid(text);
    }
    if (total > kLimit - value) return invalid(text);
    total += value;
  }
  if (!negative && total == kLimit) return invalid(text);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(negative ? 0 - total : total));
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  std::string out = count < 0 ? "-" : "";
  auto value = static_cast<std::uint64_t>(count);
  if (count < 0) value = 0 - value;
  if (value < kMicrosecond) {
    append(out, value);
    return out + "ns";
  }
  if (value < kMillisecond) {
    append_fraction(out, value, kMicrosecond);
    return out + "\xC2\xB5s";
  }
  if (value < kSecond) {
    append_fraction(out, value, kMillisecond);
    return out + "ms";
  }
  if (value >= kHour) {
    append(out, value / kHour);
    out += 'h';
  }
  if (value >= kMinute) {
    append(out, value % kHour / kMinute);
    out += 'm';
  }
  append_fraction(out, value % kMinute, kSecond);
  return out + 's';
}

}  // namespace exporter
