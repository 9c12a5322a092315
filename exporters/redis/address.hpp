// SPDX-License-Identifier: Apache-2.0
// Where a Redis server is: redis://user:password@host:port/db and its relatives.
#pragma once

#include <string>
#include <string_view>

#include <exporter/result.hpp>

namespace exporter::redis {

struct Address {
  std::string host;  ///< empty: `path` is a unix socket
  std::string port;
  std::string path;
  std::string database;  ///< "" is the server's default
  std::string user;
  std::string password;
  bool tls = false;

  /// "host:port" or the path: for messages, without anything secret.
  std::string text() const;
};

/// Takes redis://, rediss://, valkey://, valkeys:// and unix:// addresses, "host:port", "host" and a path.
/// The error never repeats the address: a password may be in it.
Result<Address> parse_address(std::string_view text);

/// "%41" as "A"; with `plus`, '+' as a space. An error where the digits are missing.
Result<std::string> unescape(std::string_view text, bool plus);

}  // namespace exporter::redis
