// SPDX-License-Identifier: Apache-2.0
#include "policy/quantity.hpp"

#include <cmath>
#include <limits>

#include <exporter/text.hpp>

namespace exporter::kube {
namespace {

__extension__ using Unsigned = unsigned __int128;

constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr Unsigned kBillion = 1'000'000'000;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What follows the digits: a power of two and of ten.
struct Scale {
  int two = 0;
  int ten = 0;
};

std::optional<Scale> scale_of(std::string_view suffix) {
  if (suffix.empty()) return Scale{};
  if (suffix.size() == 2 && suffix[1] == 'i') {
    constexpr std::string_view kBinary = "KMGTPE";
    const auto at = kBinary.find(suffix[0]);
    if (at == std::string_view::npos) return std::nullopt;
    return Scale{10 * (static_cast<int>(at) + 1), 0};
  }
  if (suffix.size() == 1) {
    constexpr std::string_view kDecimal = "num kMGTPE";
    const auto at = kDecimal.find(suffix[0]);
    if (at == std::string_view::npos || suffix[0] == ' ') return std::nullopt;
    return Scale{0, 3 * (static_cast<int>(at) - 3)};
  }
  if (suffix[0] != 'e' && suffix[0] != 'E') return std::nullopt;
  suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
  const auto exponent = parse<int>(suffix);
  if (!exponent || *exponent < -1000 || *exponent > 1000) return std::nullopt;
  return Scale{0, *exponent};
}

/// a / b, rounded up.
Unsigned divide_up(Unsigned a, Unsigned b) { return (a + b - 1) / b; }

Unsigned power_of_ten(int exponent) {
  Unsigned power = 1;
  while (exponent-- > 0) power *= 10;
  return power;
}

/// The digits of a number written with a decimal point, by their place.
class Digits {
 public:
  Digits(std::string_view whole, std::string_view fraction) : whole_(whole), fraction_(fraction) {}

  int operator[](std::size_t i) const {
    return (i < whole_.size() ? whole_[i] : fraction_[i - whole_.size()]) - '0';
  }
  std::size_t size() const { return whole_.size() + fraction_.size(); }

 private:
  std::string_view whole_;
  std::string_view fraction_;
};

}  // namespace

std::optional<Quantity> Quantity::parse(std::string_view text) {
  text = trim(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  const auto whole = text.substr(0, end);
  text.remove_prefix(end);
  std::string_view fraction;
  if (text.starts_with('.')) {
    for (end = 1; end < text.size() && is_digit(text[end]);) ++end;
    fraction = text.substr(1, end - 1);
    text.remove_prefix(end);
  }
  const auto scale = scale_of(text);
  if (!scale || (whole.empty() && fraction.empty())) return std::nullopt;

  // The decimal point is moved by the power of ten; in front of it stands a number of at most 2^63-1, behind
  // it 18 digits count, and whether there are others that aren't zero.
  constexpr int kPlaces = 18;
  const Digits digits(whole, fraction);
  const auto point = static_cast<std::int64_t>(whole.size()) + scale->ten;
  Unsigned front = 0;
  Unsigned behind = 0;
  bool more = false;
  double mantissa = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i) - point;  // 0 is the first one behind the point
    const auto digit = static_cast<Unsigned>(digits[i]);
    mantissa = mantissa * 10 + digits[i];
    if (place < 0) {
      front = front > kLargest ? front : front * 10 + digit;
    } else if (place < kPlaces) {
      behind += digit * power_of_ten(kPlaces - 1 - static_cast<int>(place));
    } else {
      more |= digit != 0;
    }
  }
  for (auto place = static_cast<std::int64_t>(digits.size()); place < point && front <= kLargest && front;
       ++place) {
    front *= 10;
  }
  const Unsigned factor = Unsigned{1} << scale->two;
  front = front > kLargest ? kLargest : front * factor;
  behind = divide_up(behind * factor + (more ? 1 : 0), kBillion);
  const Unsigned cap = kLargest * kBillion;
  Unsigned billionths = front > kLargest ? cap : front * kBillion + behind;
  if (billionths > cap) billionths = cap;

  Quantity result;
  result.billionths_ = negative ? -static_cast<Wide>(billionths) : static_cast<Wide>(billionths);
  // Multiplied by a power of ten, as the original does: that decides the last bit.
  const int exponent = scale->ten - static_cast<int>(fraction.size());
  result.approximate_ = std::ldexp(mantissa, scale->two);
  if (exponent != 0) result.approximate_ *= std::pow(10.0, exponent);
  if (negative) result.approximate_ = -result.approximate_;
  return result;
}

std::int64_t Quantity::whole() const {
  const bool negative = billionths_ < 0;
  const auto size = divide_up(static_cast<Unsigned>(negative ? -billionths_ : billionths_), kBillion);
  const auto number = static_cast<std::int64_t>(size);
  return negative ? -number : number;
}

double Quantity::thousandths() const {
  constexpr std::int64_t kLargestInThousandths = std::numeric_limits<std::int64_t>::max() / 1000;
  if (const auto number = whole(); number > kLargestInThousandths) return static_cast<double>(number);
  const bool negative = billionths_ < 0;
  const auto size = divide_up(static_cast<Unsigned>(negative ? -billionths_ : billionths_), kBillion / 1000);
  const auto number = static_cast<double>(size) / 1000;
  return negative ? -number : number;
}

}  // namespace exporter::kube
