// SPDX-License-Identifier: Apache-2.0
// The client's side of TLS, by OpenSSL.

#include "api/tls.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>

#include <exporter/files.hpp>

namespace exporter::kube {
namespace {

template <auto Function>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<::BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<::X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<::EVP_PKEY_free>>;

/// A text that is overwritten when it is no longer needed.
struct Secret {
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { ::OPENSSL_cleanse(text.data(), text.size()); }
  std::string text;
};

Bio memory(const std::string& text) {
  return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::unexpected<Error> invalid(std::string what) {
  ::ERR_clear_error();
  return fail(Code::kInvalid, std::move(what));
}

Status load(const Pem& pem, std::string& out) {
  if (pem.file.empty()) {
    out = pem.text;
    return {};
  }
  auto text = read_file(pem.file);
  if (!text) return fail(text);
  out = std::move(*text);
  return {};
}

std::string where(const Pem& pem, const char* what) {
  return pem.file.empty() ? std::string(what) + "-data" : std::string(what) + " " + pem.file;
}

/// Where systems keep the certificates they trust: a static binary runs on all of them.
const char* system_certificates() {
  static constexpr std::array kPlaces = {
      "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"};
  if (const char* set = std::getenv("SSL_CERT_FILE"); set != nullptr && *set != 0) return set;
  for (const char* place : kPlaces) {
    if (::access(place, R_OK) == 0) return place;
  }
  return nullptr;
}

Status trust(SSL_CTX* context, const ApiOptions& options) {
  if (options.insecure) {
    ::SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    return {};
  }
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  Pem ca = options.ca;
  if (!ca.given()) {
    const char* const file = system_certificates();
    if (file == nullptr)
      return invalid("the system has no certificates to trust: name a certificate-authority");
    ca.file = file;
  }
  std::string text;
  if (auto status = load(ca, text); !status) return status;
  const auto bio = memory(text);
  auto* const store = ::SSL_CTX_get_cert_store(context);
  bool any = false;
  for (;;) {
    const Certificate authority(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!authority) break;
    any = true;
    ::X509_STORE_add_cert(store, authority.get());
  }
  ::ERR_clear_error();
  if (!any) return invalid("no certificate in " + where(ca, "certificate-authority"));
  ::X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);  // as Go: what is trusted needs no issuer
  return {};
}

Status show_certificate(SSL_CTX* context, const ApiOptions& options) {
  if (!options.client_certificate.given()) return {};
  std::string text;
  if (auto status = load(options.client_certificate, text); !status) return status;
  auto bio = memory(text);
  const Certificate leaf(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf || ::SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return invalid("no certificate in " + where(options.client_certificate, "client-certificate"));
  }
  for (;;) {
    Certificate next(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (::SSL_CTX_add0_chain_cert(context, next.get()) == 1) (void)next.release();
  }
  Secret secret;
  if (auto status = load(options.client_key, secret.text); !status) return status;
  bio = memory(secret.text);
  // Without a function of ours OpenSSL would ask for a password on the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const PrivateKey key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return invalid("no private key without a password in " + where(options.client_key, "client-key"));
  if (::SSL_CTX_use_PrivateKey(context, key.get()) != 1 || ::SSL_CTX_check_private_key(context) != 1) {
    return invalid(where(options.client_key, "client-key") + " is not the key of the client certificate");
  }
  ::ERR_clear_error();
  return {};
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string clock_text() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return std::unexpected(errno_error("open", path, errno));
  std::string text;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(errno_error("read", path, errno));
    if (got == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > (std::size_t{4} << 20)) return fail(Code::kInvalid, path + ": larger than 4 MB");
  }
  ::OPENSSL_cleanse(buffer.data(), buffer.size());
  return text;
}

Result<std::unique_ptr<TlsClient>> TlsClient::open(const ApiOptions& options, const Url& server, int fd,
                                                   bool http2) {
  const std::unique_ptr<SSL_CTX, Free> context(::SSL_CTX_new(::TLS_client_method()));
  if (!context) return invalid("out of memory");
  ::SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  ::SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (auto status = trust(context.get(), options); !status) return fail(status);
  if (auto status = show_certificate(context.get(), options); !status) return fail(status);

  std::unique_ptr<SSL, Free> ssl(::SSL_new(context.get()));
  if (!ssl) return invalid("out of memory");
  const std::string& name = options.tls_server_name.empty() ? server.host : options.tls_server_name;
  if (is_address(name)) {
    ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl.get()), name.c_str());
  } else {
    ::SSL_set1_host(ssl.get(), name.c_str());
    ::SSL_set_tlsext_host_name(ssl.get(), name.c_str());
  }
  static constexpr std::array<unsigned char, 12> kProtocols = {2,   'h', '2', 8,   'h', 't',
                                                               't', 'p', '/', '1', '.', '1'};
  const std::size_t skipped = http2 ? 0 : 3;
  ::SSL_set_alpn_protos(ssl.get(), kProtocols.data() + skipped,
                        static_cast<unsigned>(kProtocols.size() - skipped));
  ::SSL_set_connect_state(ssl.get());
  std::unique_ptr<TlsClient> client(new TlsClient(std::move(ssl), fd));
  auto* const bio = client->socket_.make();
  if (bio == nullptr) return invalid("out of memory");
  ::SSL_set_bio(client->ssl_.get(), bio, bio);
  return client;
}

TlsClient::Outcome TlsClient::handshake() {
  ::ERR_clear_error();
  return outcome(::SSL_do_handshake(ssl_.get()));
}

TlsClient::Outcome TlsClient::read(char* data, std::size_t& size) {
  ::ERR_clear_error();
  const int result = ::SSL_read_ex(ssl_.get(), data, size, &size);
  return result == 1 ? Outcome::kDone : outcome(result);
}

TlsClient::Outcome TlsClient::write(const char* data, std::size_t& size) {
  ::ERR_clear_error();
  const int result = ::SSL_write_ex(ssl_.get(), data, size, &size);
  return result == 1 ? Outcome::kDone : outcome(result);
}

void TlsClient::close() {
  if (broken_ || ::SSL_is_init_finished(ssl_.get()) == 0) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}

TlsClient::Outcome TlsClient::outcome(int result) {
  if (result == 1) return Outcome::kDone;
  const int system = errno;
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Outcome::kWantsRead;
    case SSL_ERROR_WANT_WRITE:
      return Outcome::kWantsWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Outcome::kClosed;
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      if (::ERR_peek_error() == 0) {
        problem_ = system == 0 ? "the server closed the connection" : errno_text(system);
        return system == 0 ? Outcome::kClosed : Outcome::kFailed;
      }
      [[fallthrough]];
    default:
      broken_ = true;
      explain();
      return Outcome::kFailed;
  }
}

void TlsClient::explain() {
  const auto error = ::ERR_peek_last_error();
  const long verified = ::SSL_get_verify_result(ssl_.get());
  if (ERR_GET_REASON(error) == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
    problem_ =
        std::string("the server's certificate is not accepted: ") + ::X509_verify_cert_error_string(verified);
    if (verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID) {
      problem_ += " (it is " + clock_text() + " here)";
    } else if (verified == X509_V_ERR_HOSTNAME_MISMATCH || verified == X509_V_ERR_IP_ADDRESS_MISMATCH) {
      problem_ += ": tls-server-name can name another";
    } else {
      problem_ += ": certificate-authority has to have its issuer";
    }
  } else if (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER) {
    problem_ = "the server does not speak TLS there: an http:// address?";
  } else if (ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    problem_ = "the server closed the connection";
  } else {
    const char* const reason = ::ERR_reason_error_string(error);
    problem_ = std::string("TLS: ") + (reason != nullptr ? reason : "unknown error");
  }
  ::ERR_clear_error();
}

bool TlsClient::chose_http2() const {
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  ::SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  return size == 2 && chosen[0] == 'h' && chosen[1] == '2';
}

}  // namespace exporter::kube
