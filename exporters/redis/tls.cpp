// SPDX-License-Identifier: Apache-2.0
// The few calls of OpenSSL that a client needs.

#include "tls.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace exporter::redis {
namespace {

/// The oldest error that OpenSSL kept for this thread, as text.
std::string openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "unknown error";
}

bool is_ip(const std::string& host) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 || inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsSettings& settings) {
  auto* raw = SSL_CTX_new(TLS_client_method());
  if (!raw) return fail(Code::kInternal, "cannot set up TLS: " + openssl_error());
  std::shared_ptr<TlsContext> context(new TlsContext(raw));
  context->server_name_ = settings.server_name;
  context->verify_ = !settings.skip_verification;
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(
      raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (settings.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(raw);
  } else if (SSL_CTX_load_verify_locations(raw, settings.ca_file.c_str(), nullptr) != 1) {
    return fail(Code::kInvalid,
                "cannot load the CA certificates from " + settings.ca_file + ": " + openssl_error());
  }
  if (!settings.certificate_file.empty() &&
      SSL_CTX_use_certificate_chain_file(raw, settings.certificate_file.c_str()) != 1) {
    return fail(Code::kInvalid, "cannot load the client certificate from " + settings.certificate_file +
                                    ": " + openssl_error());
  }
  if (!settings.key_file.empty() &&
      SSL_CTX_use_PrivateKey_file(raw, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(Code::kInvalid,
                "cannot load the client key from " + settings.key_file + ": " + openssl_error());
  }
  SSL_CTX_set_verify(raw, settings.skip_verification ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<TlsSource>> TlsSource::open(TlsSettings settings) {
  std::shared_ptr<TlsSource> source(new TlsSource(std::move(settings)));
  if (auto context = source->current(); !context) return std::unexpected(context.error());
  return source;
}

TlsSource::Stamps TlsSource::stamps() const {
  Stamps result{};
  const std::string* const files[] = {&settings_.ca_file, &settings_.certificate_file, &settings_.key_file};
  for (std::size_t i = 0; i < result.size(); ++i) {
    struct stat status {};
    if (files[i]->empty() || ::stat(files[i]->c_str(), &status) != 0) continue;
    constexpr long long kNanoseconds = 1'000'000'000;
    result[i] = {static_cast<long long>(status.st_dev), static_cast<long long>(status.st_ino),
                 static_cast<long long>(status.st_size),
                 static_cast<long long>(status.st_mtim.tv_sec) * kNanoseconds + status.st_mtim.tv_nsec};
  }
  return result;
}

Result<std::shared_ptr<const TlsContext>> TlsSource::current() {
  const std::lock_guard lock(mutex_);
  const auto now = stamps();  // before the files are read: a change meanwhile is not missed
  if (context_ && now == stamps_) return context_;
  auto made = TlsContext::make(settings_);
  if (!made) return made;
  stamps_ = now;
  context_ = std::move(*made);
  return context_;
}

Result<std::unique_ptr<TlsSession>> TlsSession::make(const TlsContext& context, int descriptor,
                                                     const std::string& host) {
  auto* raw = SSL_new(context.context_);
  if (!raw) return fail(Code::kInternal, "cannot set up TLS: " + openssl_error());
  std::unique_ptr<TlsSession> session(new TlsSession(raw));
  const auto& name = context.server_name_.empty() ? host : context.server_name_;
  if (!is_ip(name)) SSL_set_tlsext_host_name(raw, name.c_str());
  if (context.verify_) {
    auto* parameters = SSL_get0_param(raw);
    const int set = is_ip(name) ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str())
                                : X509_VERIFY_PARAM_set1_host(parameters, name.c_str(), name.size());
    if (set != 1) return fail(Code::kInternal, "cannot set up TLS: " + openssl_error());
  }
  if (SSL_set_fd(raw, descriptor) != 1) return fail(Code::kInternal, "cannot set up TLS: " + openssl_error());
  SSL_set_connect_state(raw);
  return session;
}

TlsSession::~TlsSession() { SSL_free(session_); }

Result<TlsSession::Step> TlsSession::outcome(int result, std::string_view what) {
  if (result > 0) return Step{.bytes = static_cast<std::size_t>(result)};
  switch (SSL_get_error(session_, result)) {
    case SSL_ERROR_WANT_READ:
      return Step{.want = Want::kRead};
    case SSL_ERROR_WANT_WRITE:
      return Step{.want = Want::kWrite};
    case SSL_ERROR_ZERO_RETURN:
      return Step{};
    default:
      break;
  }
  if (const auto verified = SSL_get_verify_result(session_); verified != X509_V_OK && ERR_peek_error() != 0) {
    ERR_clear_error();
    return fail(Code::kUnavailable, "tls: cannot verify the certificate: " +
                                        std::string(X509_verify_cert_error_string(verified)));
  }
  if (ERR_peek_error() == 0) return fail(Code::kUnavailable, "tls: " + std::string(what) + ": EOF");
  return fail(Code::kUnavailable, "tls: " + std::string(what) + ": " + openssl_error());
}

Result<TlsSession::Step> TlsSession::handshake() {
  ERR_clear_error();
  return outcome(SSL_do_handshake(session_), "handshake");
}

Result<TlsSession::Step> TlsSession::read(char* to, std::size_t size) {
  ERR_clear_error();
  return outcome(SSL_read(session_, to, static_cast<int>(size)), "read");
}

Result<TlsSession::Step> TlsSession::write(std::string_view bytes) {
  ERR_clear_error();
  return outcome(SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())), "write");
}

}  // namespace exporter::redis
