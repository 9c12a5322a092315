// SPDX-License-Identifier: Apache-2.0
// The web config file of Prometheus' exporter-toolkit (--web.config.file), read strictly: a key that is
// unknown, or there twice, is an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/app.hpp>
#include <exporter/result.hpp>

namespace exporter::detail {

/// Certificates or a key: a file, or the text itself. The file wins where both are given.
struct Pem {
  std::string file;
  std::string text;
  bool given() const { return !file.empty() || !text.empty(); }
};

enum class ClientAuth : std::uint8_t { kNone, kRequest, kRequireAny, kVerifyIfGiven, kRequireAndVerify };

struct TlsSettings {
  Pem certificate;
  Pem key;
  Pem client_ca;
  ClientAuth client_auth = ClientAuth::kNone;
  bool check_sans = false;  ///< an empty list lets nobody in, as no list lets in everybody
  std::vector<std::string> allowed_sans;
  int min_version = 0x0303;  ///< as on the wire, and as OpenSSL counts: 0x0303 is TLS 1.2
  int max_version = 0x0304;
  std::string
      ciphers;         ///< for TLS 1.2 and below, OpenSSL's names joined with ":"; empty: all that are secure
  std::string groups;  ///< OpenSSL's names joined with ":"; empty: its defaults
  bool server_preference = true;
};

struct RateLimit {
  std::chrono::nanoseconds interval{};  ///< after which one more request may come
  std::int64_t burst = 0;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct WebConfig {
  std::optional<TlsSettings> tls;
  bool http2 = true;
  std::shared_ptr<const Headers> headers;                 ///< null: none
  std::map<std::string, std::string, std::less<>> users;  ///< to their bcrypt hashes
  bool plain_passwords = false;                           ///< to their passwords instead
  std::optional<RateLimit> rate_limit;
};

/// Relative paths in it become relative to `directory`. An error says the line, and never a secret.
Result<WebConfig> parse_web_config(std::string_view text, std::string_view directory);

/// What flags say, checked in the same way.
Result<WebConfig> make_web_config(const PortProtection& protection);

/// A hash that bcrypt_matches() can work with.
bool is_bcrypt_hash(std::string_view hash);

/// OpenSSL's name of a cipher suite of TLS 1.2 that Go counts as secure; "" for TLS 1.3's, which are always
/// on; null for any other name.
const char* openssl_cipher(std::string_view go_name);
/// All of them of TLS 1.2, the best first.
std::string secure_ciphers();
/// OpenSSL's name of a curve; null where the name is unknown.
const char* openssl_group(std::string_view go_name);

}  // namespace exporter::detail
