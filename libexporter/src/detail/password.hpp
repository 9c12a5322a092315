// SPDX-License-Identifier: Apache-2.0
// Passwords of basic authentication, and the bcrypt hashes that they are checked against.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace exporter::detail {

struct Credentials {
  std::string user;
  std::string password;
};

/// Of an Authorization header; nothing where that is not well-formed basic authentication.
std::optional<Credentials> parse_basic_auth(std::string_view header);

/// Takes what the hash's cost says: 70 ms for a cost of 10, twice as much for each step above.
bool bcrypt_matches(const std::string& hash, std::string_view password);

/// Remembers the outcome of a few checks. Holds digests, with a salt of its own, and no password.
class PasswordCache {
 public:
  PasswordCache();

  using Key = std::array<std::uint64_t, 4>;
  Key key(std::string_view user, std::string_view hash, std::string_view password) const;
  std::optional<bool> find(const Key& key);
  void add(const Key& key, bool right);

 private:
  struct Hash {
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key[0]); }
  };

  std::array<unsigned char, 32> salt_;
  std::mutex mutex_;
  std::unordered_map<Key, bool, Hash> outcomes_;
  std::vector<Key> keys_;  // to choose one at random to give up
  std::minstd_rand random_;
};

}  // namespace exporter::detail
