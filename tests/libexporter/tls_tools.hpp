// SPDX-License-Identifier: Apache-2.0
// For tests of TLS: certificates made on the spot, and a client that says what came of it.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace exporter_test {

struct Identity {
  std::string certificate;  // PEM
  std::string key;
};

inline std::string take_pem(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

/// Signed by itself; `names` is in OpenSSL's form: "DNS:localhost,IP:127.0.0.1". Good from `begin` to `end`,
/// in seconds from now.
inline Identity make_identity(const std::string& common_name, const std::string& names, long begin = -3600,
                              long end = 3600) {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  X509_set_version(certificate, 2);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), begin);
  X509_gmtime_adj(X509_getm_notAfter(certificate), end);
  X509_set_pubkey(certificate, key);
  auto* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate, key, EVP_sha256());
  Identity identity;
  auto* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, certificate);
  identity.certificate = take_pem(bio);
  bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  identity.key = take_pem(bio);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return identity;
}

/// How a client is set up, and what it saw.
struct TlsClient {
  int min_version = 0;
  int max_version = 0;
  std::string ciphers{};
  const Identity* identity = nullptr;
  std::string protocols{};  // for ALPN, as on the wire

  std::string peer{};      // common name of the server
  std::string protocol{};  // chosen by ALPN
  int version = 0;

  /// The whole answer, or "" where there is none. The server is asked to close.
  std::string get(const std::string& address, std::string_view path, std::string_view headers = {}) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(static_cast<in_port_t>(std::atoi(address.substr(address.rfind(':') + 1).c_str())));
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{20, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
      answer = exchange(fd, path, headers);
    ::close(fd);
    return answer;
  }

 private:
  std::string exchange(int fd, std::string_view path, std::string_view headers) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                    SSL_CTX_free);
    SSL_CTX_set_security_level(context.get(), 0);  // so that it is the server who refuses
    SSL_CTX_set_min_proto_version(context.get(), min_version);
    SSL_CTX_set_max_proto_version(context.get(), max_version);
    if (!ciphers.empty()) SSL_CTX_set_cipher_list(context.get(), ciphers.c_str());
    if (identity != nullptr) use(context.get());
    if (!protocols.empty()) {
      SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                              static_cast<unsigned>(protocols.size()));
    }
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), fd);
    std::string answer;
    if (SSL_connect(ssl.get()) == 1) {
      look_at(ssl.get());
      const auto request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n" +
                           std::string(headers) + "\r\n";
      SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()));
      char data[16384];
      for (int got = 0; (got = SSL_read(ssl.get(), data, sizeof data)) > 0;) {
        answer.append(data, static_cast<std::size_t>(got));
      }
    }
    ERR_clear_error();
    return answer;
  }

  void use(SSL_CTX* context) const {
    auto* bio = BIO_new_mem_buf(identity->certificate.data(), -1);
    auto* certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    bio = BIO_new_mem_buf(identity->key.data(), -1);
    auto* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }

  void look_at(SSL* ssl) {
    version = SSL_version(ssl);
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &size);
    protocol.assign(reinterpret_cast<const char*>(chosen), size);
    X509* certificate = SSL_get1_peer_certificate(ssl);
    char name[100] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    peer = name;
    X509_free(certificate);
  }
};

}  // namespace exporter_test
