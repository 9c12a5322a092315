// SPDX-License-Identifier: Apache-2.0
// Go's rules for numbers.

#include "number.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace exporter::redis {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_lower(std::string_view text, std::string_view wanted) {
  return text.size() == wanted.size() &&
         std::equal(text.begin(), text.end(), wanted.begin(), [](char a, char b) { return lower(a) == b; });
}

/// Without the underscores, where each stands between two digits (the x of 0x counts as one).
std::optional<std::string> without_underscores(std::string_view text) {
  std::string result;
  const auto digit = [&](std::size_t i) {
    return i < text.size() &&
           (is_digit(text[i]) || (lower(text[i]) >= 'a' && lower(text[i]) <= 'f') || lower(text[i]) == 'x');
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      result += text[i];
    } else if (i == 0 || !digit(i - 1) || !digit(i + 1)) {
      return std::nullopt;
    }
  }
  return result;
}

std::optional<double> plain(std::string_view text, std::chars_format format) {
  if (text.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<double> go_float(std::string_view text) {
  const auto whole = text;
  bool negative = false;
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  if (!is_digit(text.front()) && text.front() != '.') {
    const double sign = negative ? -1 : 1;
    if (equals_lower(text, "inf") || equals_lower(text, "infinity"))
      return sign * std::numeric_limits<double>::infinity();
    if (equals_lower(whole, "nan")) return std::numeric_limits<double>::quiet_NaN();
    return std::nullopt;
  }
  std::string scratch;
  if (text.find('_') != std::string_view::npos) {
    auto clean = without_underscores(text);
    if (!clean) return std::nullopt;
    scratch = std::move(*clean);
    text = scratch;
  }
  std::optional<double> value;
  if (text.size() > 2 && text[0] == '0' && lower(text[1]) == 'x') {
    if (text.find_first_of("pP") == std::string_view::npos) return std::nullopt;  // Go wants the exponent
    value = plain(text.substr(2), std::chars_format::hex);
  } else {
    value = plain(text, std::chars_format::general);
  }
  if (value && negative) return -*value;
  return value;
}

std::optional<Value> info_value(std::string_view text) {
  // Most fields are whole numbers.
  std::int64_t whole = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
  if (error == std::errc{} && end == text.data() + text.size()) return Value(whole);
  if (text == "ok" || text == "true") return Value(1);
  if (text == "err" || text == "fail" || text == "false") return Value(0);
  if (const auto number = go_float(text)) return Value(*number);
  return std::nullopt;
}

GoNumber::GoNumber(double value) {
  char* const begin = text_.data();
  char* const limit = begin + text_.size();
  if (!std::isfinite(value)) {
    const std::string_view word = std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    std::memcpy(begin, word.data(), word.size());
    size_ = word.size();
    return;
  }
  // Go's %g with the fewest digits: an exponent below 1e-4 and from 1e6 on.
  const double magnitude = std::fabs(value);
  const auto format = magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e6) ? std::chars_format::scientific
                                                                               : std::chars_format::fixed;
  size_ = static_cast<std::size_t>(std::to_chars(begin, limit, value, format).ptr - begin);
}

}  // namespace exporter::redis
