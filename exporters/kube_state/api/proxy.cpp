// SPDX-License-Identifier: Apache-2.0
// URLs of API servers and proxies, and the proxy variables of the environment.

#include "api/proxy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include <exporter/text.hpp>

namespace exporter::kube {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const auto byte = i + 2 < text.size() ? parse<unsigned>(text.substr(i + 1, 2), 16)
                                          : Result<unsigned>(fail(Code::kInvalid, ""));
    if (!byte) return std::nullopt;
    result += static_cast<char>(*byte);
    i += 2;
  }
  return result;
}

/// 16 bytes; an IPv4 address is ::ffff:a.b.c.d.
using Address = std::array<unsigned char, 16>;

std::optional<Address> address_of(const std::string& text) {
  Address address{};
  if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  address[10] = address[11] = 0xff;
  if (::inet_pton(AF_INET, text.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

bool is_loopback(const Address& address) {
  static constexpr Address kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  static constexpr Address kOne = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return address == kOne ||
         (std::equal(kMapped.begin(), kMapped.begin() + 12, address.begin()) && address[12] == 127);
}

bool in_network(const Address& address, std::string_view network) {
  const auto slash = network.find('/');
  const std::string base_text(network.substr(0, slash));
  const auto base = address_of(base_text);
  auto bits = parse<unsigned>(network.substr(slash + 1));
  if (!base || !bits) return false;
  if (base_text.find(':') == std::string::npos) *bits += 96;
  if (*bits > 128) return false;
  for (unsigned bit = 0; bit < *bits; bit += 8) {
    const unsigned left = std::min(8U, *bits - bit);
    const auto mask = static_cast<unsigned char>(0xff00U >> left);
    if (((address[bit / 8] ^ (*base)[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

/// Whether one entry of NO_PROXY is about the server.
bool excludes(std::string_view entry, const Url& server, const std::optional<Address>& address) {
  if (entry == "*") return true;
  if (entry.find('/') != std::string_view::npos) return address && in_network(*address, entry);
  std::string name = lower(entry);
  if (const auto whole = address_of(name); !whole) {  // else its colons are no port's
    const auto colon = name.rfind(':');
    if (colon != std::string::npos) {
      if (parse<std::uint16_t>(std::string_view(name).substr(colon + 1)).value_or(0) != server.port)
        return false;
      name.erase(colon);
    }
  }
  if (name.size() > 1 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
  if (const auto other = address_of(name)) return address && *address == *other;
  if (name.starts_with("*.")) name.erase(0, 1);
  if (name.empty()) return false;
  const std::string host = lower(server.host);
  if (name.front() == '.') return host.ends_with(name);
  return host == name || host.ends_with("." + name);
}

}  // namespace

std::string Url::authority() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Url> parse_url(std::string_view text, std::string_view scheme) {
  Url url;
  if (const auto end = text.find("://"); end != std::string_view::npos) {
    scheme = text.substr(0, end);
    text.remove_prefix(end + 3);
  }
  const std::string name = lower(scheme);
  if (name != "http" && name != "https") {
    return fail(Code::kInvalid, "only http and https are supported, not \"" + name.substr(0, 20) + "\"");
  }
  url.tls = name == "https";
  text = text.substr(0, text.find_first_of("?#"));
  const auto slash = std::min(text.find('/'), text.size());
  url.path = text.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  text = text.substr(0, slash);
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const auto who = text.substr(0, at);
    text.remove_prefix(at + 1);
    const auto colon = std::min(who.find(':'), who.size());
    const auto user = percent_decoded(who.substr(0, colon));
    const auto password = percent_decoded(colon < who.size() ? who.substr(colon + 1) : std::string_view());
    if (!user || !password) return fail(Code::kInvalid, "user or password has a bad escape");
    url.user = *user;
    url.password = *password;
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fail(Code::kInvalid, "the address lacks its ]");
    url.host = text.substr(1, end - 1);
    if (url.host.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos ||
        url.host.find(':') == std::string::npos) {
      return fail(Code::kInvalid, "what stands in [ ] is no IPv6 address");
    }
    port = text.substr(end + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    url.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (url.host.empty()) return fail(Code::kInvalid, "it has no host");
  const auto bad = [](unsigned char c) { return c <= ' ' || c == 0x7f; };
  if (std::any_of(url.host.begin(), url.host.end(), bad) ||
      std::any_of(url.path.begin(), url.path.end(), bad)) {
    return fail(Code::kInvalid, "it has a space or a control character in it");
  }
  url.port = url.tls ? 443 : 80;
  if (port.size() > 1) {
    const auto number = parse<std::uint16_t>(port.substr(1));
    if (port.front() != ':' || !number || *number == 0)
      return fail(Code::kInvalid, "its port is not 1 to 65535");
    url.port = *number;
  }
  return url;
}

std::string tunnel_refusal(std::string_view head) {
  constexpr std::string_view kVersion = "HTTP/1.";
  const bool is_http = head.starts_with(kVersion) && head.size() >= kVersion.size() + 5;
  const auto code = is_http ? parse<unsigned>(head.substr(kVersion.size() + 2, 3)) : fail(Code::kInvalid, "");
  if (!code || *code < 100) return "no HTTP";
  return *code >= 200 && *code < 300 ? "" : std::to_string(*code);
}

std::string proxy_from_environment(const Url& server, const Environment& environment) {
  const auto variable = [&](const char* upper_name, const char* lower_name) -> std::string {
    for (const char* name : {upper_name, lower_name}) {
      if (const char* value = environment(name); value != nullptr && *value != 0) return value;
    }
    return {};
  };
  const auto proxy =
      server.tls ? variable("HTTPS_PROXY", "https_proxy") : variable("HTTP_PROXY", "http_proxy");
  if (proxy.empty()) return {};
  const auto address = address_of(server.host);
  if (lower(server.host) == "localhost" || (address && is_loopback(*address))) return {};
  const auto exceptions = variable("NO_PROXY", "no_proxy");
  for (std::string_view rest = exceptions; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    auto entry = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (!entry.empty() && excludes(entry, server, address)) return {};
  }
  return proxy;
}

}  // namespace exporter::kube
