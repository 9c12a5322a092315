// SPDX-License-Identifier: Apache-2.0
// Reads a server's address.

#include "address.hpp"

#include <algorithm>

#include <exporter/text.hpp>

namespace exporter::redis {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Status read_host(std::string_view text, Address& address) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return fail(Code::kInvalid, "the address has a [ without its ]");
    address.host = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':')
      return fail(Code::kInvalid, "the address has text behind its ]");
    if (!text.empty()) port = text.substr(1);
  } else {
    const auto colon = text.rfind(':');
    address.host = text.substr(0, colon);
    if (colon != std::string_view::npos) port = text.substr(colon + 1);
  }
  if (!all_digits(port)) return fail(Code::kInvalid, "the address has a port that is no number");
  if (address.host.empty()) address.host = "localhost";
  address.port = port.empty() ? "6379" : std::string(port);
  return {};
}

Status read_user(std::string_view text, Address& address) {
  const auto colon = text.find(':');
  auto user = unescape(text.substr(0, colon), false);
  if (!user) return fail(user);
  address.user = *user;
  if (colon == std::string_view::npos) return {};
  auto password = unescape(text.substr(colon + 1), false);
  if (!password) return fail(password);
  address.password = *password;
  return {};
}

}  // namespace

Result<std::string> unescape(std::string_view text, bool plus) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus) {
      result += ' ';
    } else if (text[i] == '%') {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return fail(Code::kInvalid, "a % is not followed by two hexadecimal digits");
      result += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string Address::text() const {
  if (host.empty()) return path;
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

Result<Address> parse_address(std::string_view text) {
  Address address;
  const auto scheme_end = text.find("://");
  auto scheme = text.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos) {
    scheme = "";
  } else {
    text.remove_prefix(scheme_end + 3);
  }
  if (scheme == "unix" || scheme == "redis-socket" || (scheme.empty() && text.starts_with('/'))) {
    // A unix address may have credentials too; a path never has an @ before its first slash.
    if (const auto at = text.find('@'); at < text.find('/')) {
      if (auto status = read_user(text.substr(0, at), address); !status)
        return std::unexpected(status.error());
      text.remove_prefix(at + 1);
    }
    if (text.empty()) return fail(Code::kInvalid, "the address has no path");
    address.path = text;
    return address;
  }
  if (scheme == "rediss" || scheme == "valkeys") {
    address.tls = true;
  } else if (!scheme.empty() && scheme != "redis" && scheme != "valkey" && scheme != "tcp") {
    return fail(Code::kInvalid,
                "the address has an unknown scheme; use redis, rediss, valkey, valkeys or unix");
  }
  text = text.substr(0, text.find_first_of("?#"));
  const auto slash = text.find('/');
  auto authority = text.substr(0, slash);
  if (slash != std::string_view::npos) address.database = trim(text.substr(slash + 1));
  if (!all_digits(address.database))
    return fail(Code::kInvalid, "the address has a database that is no number");
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (auto status = read_user(authority.substr(0, at), address); !status)
      return std::unexpected(status.error());
    authority.remove_prefix(at + 1);
  }
  if (auto status = read_host(authority, address); !status) return std::unexpected(status.error());
  return address;
}

}  // namespace exporter::redis
