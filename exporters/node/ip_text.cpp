// SPDX-License-Identifier: Apache-2.0

#include "ip_text.hpp"

#include <charconv>

#include <algorithm>
#include <cstdint>

namespace exporter::node {

namespace {

// Where the longest run of two or more zero groups is; of equal ones the first.
struct Run {
  std::size_t begin = 8;
  std::size_t length = 0;
};

Run longest_zeros(const std::array<std::uint16_t, 8>& groups) {
  Run best;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    std::size_t length = 0;
    while (i + length < groups.size() && groups[i + length] == 0) ++length;
    if (length > 1 && length > best.length) best = {i, length};
    if (length > 0) i += length - 1;
  }
  return best;
}

}  // namespace

IpText::IpText(Bytes address) {
  if (address.size() == 16) {
    std::array<std::uint16_t, 8> groups{};
    for (std::size_t i = 0; i < groups.size(); ++i) {
      groups[i] = static_cast<std::uint16_t>(std::to_integer<unsigned>(address[2 * i]) << 8 |
                                             std::to_integer<unsigned>(address[2 * i + 1]));
    }
    if (std::all_of(groups.begin(), groups.begin() + 5, [](auto group) { return group == 0; }) &&
        groups[5] == 0xffff) {
      address = address.subspan(12);
    } else {
      const auto zeros = longest_zeros(groups);
      for (std::size_t i = 0; i < groups.size(); ++i) {
        if (i == zeros.begin) {
          text_[size_++] = ':';
          text_[size_++] = ':';
          i += zeros.length - 1;
          continue;
        }
        if (i > 0 && i != zeros.begin + zeros.length) text_[size_++] = ':';
        const auto end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), groups[i], 16).ptr;
        size_ = static_cast<std::size_t>(end - text_.data());
      }
      return;
    }
  }
  if (address.size() != 4) return;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) text_[size_++] = '.';
    const auto number = std::to_integer<unsigned>(address[i]);
    const auto end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - text_.data());
  }
}

}  // namespace exporter::node
