// SPDX-License-Identifier: Apache-2.0
#include "policy/quantity.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>

#include <exporter/text.hpp>

namespace exporter::kube {
namespace {

__extension__ using Unsigned = unsigned __int128;

constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kBillion = 1'000'000'000;

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

/// a * b + c, at most 2^63-1.
std::uint64_t multiply_add(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  std::uint64_t result = 0;
  const bool is_too_large =
      __builtin_mul_overflow(a, b, &result) || __builtin_add_overflow(result, c, &result);
  return is_too_large || result > kLargest ? kLargest : result;
}

constexpr std::uint64_t power_of_ten(int exponent) {
  std::uint64_t power = 1;
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
  Quantity result;
  std::uint64_t front = 0;
  std::uint64_t behind = 0;
  bool more = false;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i) - point;  // 0 is the first one behind the point
    const auto digit = static_cast<unsigned>(digits[i]);
    result.mantissa_ = result.mantissa_ * 10 + digit;
    if (place < 0) {
      front = multiply_add(front, 10, digit);
    } else if (place < kPlaces) {
      behind += digit * power_of_ten(kPlaces - 1 - static_cast<int>(place));
    } else {
      more |= digit != 0;
    }
  }
  for (auto place = static_cast<std::int64_t>(digits.size()); place < point && front != 0; ++place) {
    front = multiply_add(front, 10, 0);
    if (front == kLargest) break;
  }
  result.negative_ = negative;
  result.two_ = scale->two;
  result.ten_ = scale->ten - static_cast<int>(fraction.size());
  // 18 places make a fraction of 10^18.
  const auto scaled = static_cast<Unsigned>(behind) << scale->two;
  std::uint64_t carry = 0;
  if (behind != 0 || more) {
    const auto billionths = (scaled + (more ? 1 : 0) + kBillion - 1) / kBillion;
    carry = static_cast<std::uint64_t>(billionths / kBillion);
    result.billionths_ = static_cast<std::uint32_t>(billionths % kBillion);
  }
  result.whole_ = multiply_add(front, std::uint64_t{1} << scale->two, carry);
  if (result.whole_ == kLargest) result.billionths_ = 0;
  return result;
}

std::int64_t Quantity::whole() const {
  const auto number = static_cast<std::int64_t>(whole_ + (billionths_ > 0 ? 1 : 0));
  return negative_ ? -number : number;
}

double Quantity::thousandths() const {
  constexpr std::int64_t kLargestInThousandths = std::numeric_limits<std::int64_t>::max() / 1000;
  if (const auto number = whole(); std::abs(number) > kLargestInThousandths)
    return static_cast<double>(number);
  const auto number = static_cast<double>(whole_ * 1000 + (billionths_ + 999'999) / 1'000'000) / 1000;
  return negative_ ? -number : number;
}

double Quantity::approximate() const {
  // Multiplied by a power of ten, as the original does: that decides the last bit.
  const auto number = std::ldexp(negative_ ? -mantissa_ : mantissa_, two_);
  return ten_ == 0 ? number : number * std::pow(10.0, ten_);
}

}  // namespace exporter::kube
