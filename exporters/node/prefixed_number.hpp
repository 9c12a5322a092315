// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counters of drivers that print in hexadecimal or decimal as they like.

#include <cstdint>
#include <string_view>

#include <exporter/text.hpp>

namespace exporter::node {

/// An unsigned number whose base its prefix tells, as in C: 0x, 0b, 0o or 0 for octal, else decimal.
inline Result<std::uint64_t> parse_prefixed(std::string_view text) {
  const auto number = trim(text);
  if (number.size() > 1 && number.front() == '0') {
    int base = 8;
    auto digits = number.substr(1);
    switch (digits.front() | 0x20) {
      case 'x':
        base = 16;
        break;
      case 'b':
        base = 2;
        break;
      case 'o':
        break;
      default:
        return parse<std::uint64_t>(number, 8);
    }
    digits.remove_prefix(1);
    if (digits.empty() || digits.front() == '+') return std::unexpected(not_a_number(text));
    auto value = parse<std::uint64_t>(digits, base);
    if (!value) return std::unexpected(not_a_number(text));
    return value;
  }
  return parse<std::uint64_t>(number);
}

}  // namespace exporter::node
