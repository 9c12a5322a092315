// SPDX-License-Identifier: Apache-2.0
#pragma once

// IP addresses as label values.

#include <array>
#include <string_view>

#include "netlink.hpp"

namespace exporter::node {

/// The text of an address of 4 or 16 bytes, in the short form of RFC 5952; an IPv4 address inside IPv6
/// (::ffff:a.b.c.d) is printed as IPv4. Empty for other sizes.
class IpText {
 public:
  explicit IpText(Bytes address);
  // NOLINTNEXTLINE(google-explicit-constructor): it is a label value
  operator std::string_view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 64> text_{};
  std::size_t size_ = 0;
};

}  // namespace exporter::node
