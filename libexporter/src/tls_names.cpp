// SPDX-License-Identifier: Apache-2.0
// Go's names of cipher suites and curves, which the web config file uses, and OpenSSL's.

#include <array>

#include "detail/web_config.hpp"

namespace exporter::detail {
namespace {

struct Name {
  std::string_view go;
  const char* openssl;
};

// Only what Go's crypto/tls counts as secure; the order is the one of preference.
constexpr std::array kCiphers{
    Name{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    Name{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    Name{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    Name{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    Name{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    Name{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    Name{"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    Name{"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    Name{"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    Name{"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    Name{"TLS_AES_128_GCM_SHA256", ""},
    Name{"TLS_AES_256_GCM_SHA384", ""},
    Name{"TLS_CHACHA20_POLY1305_SHA256", ""},
};

constexpr std::array kGroups{
    Name{"CurveP256", "P-256"},
    Name{"CurveP384", "P-384"},
    Name{"CurveP521", "P-521"},
    Name{"X25519", "X25519"},
};

template <class Table>
const char* find(const Table& table, std::string_view name) {
  for (const auto& each : table) {
    if (each.go == name) return each.openssl;
  }
  return nullptr;
}

}  // namespace

const char* openssl_cipher(std::string_view go_name) { return find(kCiphers, go_name); }
const char* openssl_group(std::string_view go_name) { return find(kGroups, go_name); }

std::string secure_ciphers() {
  std::string all;
  for (const auto& each : kCiphers) {
    if (*each.openssl == '\0') continue;
    if (!all.empty()) all += ':';
    all += each.openssl;
  }
  return all;
}

}  // namespace exporter::detail
