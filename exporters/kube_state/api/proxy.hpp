// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which proxy a request goes through, as Go programs decide it.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <exporter/result.hpp>

namespace exporter::kube {

/// A URL taken apart. Neither queries nor fragments.
struct Url {
  bool tls = false;
  std::string host{};  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string path{};  ///< "" or "/prefix", without a slash at its end
  std::string user{};
  std::string password{};

  /// "host:port", with brackets where they are needed.
  std::string authority() const;
};

/// http and https only. A text without a scheme is taken as `scheme` + "://" + text. Errors don't repeat it.
Result<Url> parse_url(std::string_view text, std::string_view scheme);

/// Why a proxy, by the head of its answer to CONNECT, does not open the tunnel: its status, or that it has
/// none; "" where it does.
std::string tunnel_refusal(std::string_view head);

using Environment = std::function<const char*(const char* name)>;

/// The proxy's URL, "" for none: HTTPS_PROXY or HTTP_PROXY (or lower case) by the server's scheme, unless
/// NO_PROXY names its host, a domain above it, its address or a network that it's in, each with or without a
/// port. Loopback addresses and "localhost" never go through a proxy.
std::string proxy_from_environment(const Url& server, const Environment& environment);

}  // namespace exporter::kube
