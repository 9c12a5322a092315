// SPDX-License-Identifier: Apache-2.0
// Checks passwords.

#include "detail/password.hpp"

#include <cstring>
#include <memory>

#include <crypt.h>
#include <sys/random.h>

// One digest is no reason to start up all of OpenSSL, which what replaces these functions does.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace exporter::detail {
namespace {

constexpr std::size_t kMostOutcomes = 100;
constexpr std::size_t kMaxUserBytes = 4096;

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

bool decode_base64(std::string_view text, std::string& out) {
  if (text.size() % 4 != 0) return false;
  std::size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return false;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out += static_cast<char>(bits >> count & 0xff);
    }
  }
  return true;
}

}  // namespace

std::optional<Credentials> parse_basic_auth(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (header.size() < kScheme.size()) return {};
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if ((header[i] | 0x20) != kScheme[i]) return {};
  }
  std::string text;
  if (!decode_base64(header.substr(kScheme.size()), text)) return {};
  const auto colon = text.find(':');
  if (colon == std::string::npos || colon > kMaxUserBytes) return {};
  Credentials credentials{text.substr(0, colon), text.substr(colon + 1)};
  ::OPENSSL_cleanse(text.data(), text.size());
  return credentials;
}

bool bcrypt_matches(const std::string& hash, std::string_view password) {
  const auto data = std::make_unique<crypt_data>();  // 32 KiB, too much for a worker's stack
  std::string text(password);
  // A password ends at a zero byte for crypt_r: one that goes on behind it must not match what is before it.
  const bool whole = text.find('\0') == std::string::npos;
  const char* const made = ::crypt_r(text.c_str(), hash.c_str(), data.get());
  const bool same = made != nullptr && std::strlen(made) == hash.size() &&
                    ::CRYPTO_memcmp(made, hash.data(), hash.size()) == 0;
  ::OPENSSL_cleanse(text.data(), text.size());
  ::OPENSSL_cleanse(data.get(), sizeof *data);
  return same && whole;
}

PasswordCache::PasswordCache() {
  if (::getrandom(salt_.data(), salt_.size(), 0) != static_cast<ssize_t>(salt_.size())) salt_.fill(0);
  std::uint32_t seed = 1;
  std::memcpy(&seed, salt_.data(), sizeof seed);
  random_.seed(seed);
}

PasswordCache::Key PasswordCache::key(std::string_view user, std::string_view hash,
                                      std::string_view password) const {
  SHA256_CTX context;
  ::SHA256_Init(&context);
  ::SHA256_Update(&context, salt_.data(), salt_.size());
  for (const auto part : {user, hash, password}) {
    const std::uint64_t size = part.size();  // so that no two triples are the same bytes
    ::SHA256_Update(&context, &size, sizeof size);
    ::SHA256_Update(&context, part.data(), part.size());
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  ::SHA256_Final(digest.data(), &context);
  Key key;
  static_assert(sizeof key == sizeof digest);
  std::memcpy(key.data(), digest.data(), sizeof key);
  return key;
}

std::optional<bool> PasswordCache::find(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = outcomes_.find(key);
  if (found == outcomes_.end()) return {};
  return found->second;
}

void PasswordCache::add(const Key& key, bool right) {
  const std::lock_guard lock(mutex_);
  if (!outcomes_.emplace(key, right).second) return;
  if (keys_.size() < kMostOutcomes) {
    keys_.push_back(key);
    return;
  }
  auto& given_up = keys_[random_() % keys_.size()];
  outcomes_.erase(given_up);
  given_up = key;
}

}  // namespace exporter::detail
