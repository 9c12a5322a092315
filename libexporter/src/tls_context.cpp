// SPDX-License-Identifier: Apache-2.0
// Makes an SSL_CTX of the settings of a web config file.

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "detail/tls.hpp"

namespace exporter::detail {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<::BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<::X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<::EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<::GENERAL_NAMES_free>>;

/// A text that is overwritten when it is no longer needed.
struct Secret {
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  std::string text;
  ~Secret() { ::OPENSSL_cleanse(text.data(), text.size()); }
};

Bio memory(const std::string& text) {
  return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Status load(const Pem& pem, std::string_view what, std::string& out) {
  if (pem.file.empty()) {
    out = pem.text;
    return {};
  }
  auto text = read_small_file(pem.file);
  if (!text)
    return fail(text.error().code, "failed to read " + std::string(what) + ": " + text.error().message);
  out = std::move(*text);
  return {};
}

std::string where(const Pem& pem, std::string_view what) {
  return pem.file.empty() ? std::string(what) : std::string(what) + "_file " + pem.file;
}

std::unexpected<Error> invalid(std::string what) {
  ::ERR_clear_error();
  return fail(Code::kInvalid, std::move(what));
}

Status use_certificates(SSL_CTX* context, const Pem& pem) {
  std::string text;
  if (auto status = load(pem, "cert_file", text); !status) return status;
  const auto bio = memory(text);
  const Certificate leaf(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (!leaf) return invalid("no certificate in " + where(pem, "cert"));
  if (::SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return fail(Code::kInvalid, where(pem, "cert") + ": " + ssl_error_text());
  }
  for (;;) {
    Certificate next(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    if (::SSL_CTX_add0_chain_cert(context, next.get()) != 1) {
      return fail(Code::kInvalid, where(pem, "cert") + ": " + ssl_error_text());
    }
    (void)next.release();
  }
  ::ERR_clear_error();  // of looking for one more
  return {};
}

Status use_key(SSL_CTX* context, const Pem& pem) {
  Secret secret;
  if (auto status = load(pem, "key_file", secret.text); !status) return status;
  const auto bio = memory(secret.text);
  // Without a function of ours OpenSSL would ask for a password on the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  const PrivateKey key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (!key) return invalid("no private key without a password in " + where(pem, "key"));
  if (::SSL_CTX_use_PrivateKey(context, key.get()) != 1 || ::SSL_CTX_check_private_key(context) != 1) {
    return invalid(where(pem, "key") + " is not the key of the certificate");
  }
  return {};
}

Status use_client_cas(SSL_CTX* context, const Pem& pem) {
  if (!pem.given()) {
    ::SSL_CTX_set_default_verify_paths(context);  // the system's, as Go does
    return {};
  }
  std::string text;
  if (auto status = load(pem, "client_ca_file", text); !status) return status;
  const auto bio = memory(text);
  auto* const store = ::SSL_CTX_get_cert_store(context);
  bool any = false;
  for (;;) {
    const Certificate authority(::PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!authority) break;
    any = true;
    ::X509_STORE_add_cert(store, authority.get());
    ::SSL_CTX_add_client_CA(context, authority.get());
  }
  ::ERR_clear_error();
  if (!any) return invalid("no certificate in " + where(pem, "client_ca"));
  ::X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);  // an intermediate authority alone is enough
  return {};
}

std::string text_of(const GENERAL_NAME& name) {
  const auto string = [](const ASN1_STRING* value) {
    return std::string(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(value)),
                       static_cast<std::size_t>(::ASN1_STRING_length(value)));
  };
  switch (name.type) {
    case GEN_DNS:
      return string(name.d.dNSName);
    case GEN_EMAIL:
      return string(name.d.rfc822Name);
    case GEN_URI:
      return string(name.d.uniformResourceIdentifier);
    case GEN_IPADD: {
      const auto bytes = string(name.d.iPAddress);
      char text[INET6_ADDRSTRLEN] = "";
      if (bytes.size() == 4) ::inet_ntop(AF_INET, bytes.data(), text, sizeof text);
      if (bytes.size() == 16) ::inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
      return text;
    }
    default:
      return {};
  }
}

bool has_allowed_name(X509* certificate, const std::vector<std::string>& allowed) {
  const Names names(
      static_cast<GENERAL_NAMES*>(::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const auto text = text_of(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty() && std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return true;
  }
  return false;
}

/// What the verification of a client's certificate needs; lives with its SSL_CTX.
struct ClientPolicy {
  bool verify_chain;
  bool check_sans;
  std::vector<std::string> allowed_sans;
};

void free_policy(void*, void* policy, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<ClientPolicy*>(policy);  // NOLINT(cppcoreguidelines-owning-memory): OpenSSL owns it
}

int verify_client(X509_STORE_CTX* store, void* argument) {
  const auto& policy = *static_cast<const ClientPolicy*>(argument);
  if (policy.verify_chain && ::X509_verify_cert(store) != 1) return 0;
  if (policy.check_sans && !has_allowed_name(::X509_STORE_CTX_get0_cert(store), policy.allowed_sans)) {
    ::X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
  }
  if (!policy.verify_chain) ::X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

Status use_client_policy(SSL_CTX* context, const TlsSettings& settings) {
  const auto auth = settings.client_auth;
  if (auth == ClientAuth::kNone) return {};
  const bool verify = auth == ClientAuth::kVerifyIfGiven || auth == ClientAuth::kRequireAndVerify;
  const bool require = auth == ClientAuth::kRequireAny || auth == ClientAuth::kRequireAndVerify;
  if (verify || settings.client_ca.given()) {
    if (auto status = use_client_cas(context, settings.client_ca); !status) return status;
  }
  static const int index = ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_policy);
  auto policy =
      std::make_unique<ClientPolicy>(ClientPolicy{verify, settings.check_sans, settings.allowed_sans});
  if (::SSL_CTX_set_ex_data(context, index, policy.get()) != 1) return invalid("out of memory");
  auto* const held = policy.release();  // the context's now
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  ::SSL_CTX_set_cert_verify_callback(context, verify_client, held);
  return {};
}

// Of what the client offers only HTTP/1.1 is for us; one that offers nothing is taken to mean it.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned int in_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found = ::SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size);
  if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::string ssl_error_text() {
  const auto error = ::ERR_peek_last_error();
  const char* const reason = ::ERR_reason_error_string(error);
  ::ERR_clear_error();
  return reason != nullptr ? reason : "unknown error";
}

Result<SslContext> make_ssl_context(const TlsSettings& settings) {
  // The system's openssl.cnf can load modules, which a static program cannot, and is for clients above all.
  ::OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr);
  SslContext holder(::SSL_CTX_new(::TLS_server_method()));
  auto* const context = holder.get();
  if (context == nullptr) return fail(Code::kInternal, "SSL_CTX_new: " + ssl_error_text());

  ::SSL_CTX_set_min_proto_version(context, settings.min_version);
  ::SSL_CTX_set_max_proto_version(context, settings.max_version);
  // Level 1 and above refuse the signatures that the old versions are made of.
  if (settings.min_version < TLS1_2_VERSION) ::SSL_CTX_set_security_level(context, 0);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                     (settings.server_preference ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0));
  ::SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
  // Clients that come back bring a ticket; the tickets' key, and so what they allow, ends with the context.
  ::SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_num_tickets(context, 1);
  constexpr unsigned char kSessionContext[] = "exporter";
  ::SSL_CTX_set_session_id_context(context, kSessionContext, sizeof kSessionContext - 1);
  ::SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);

  const auto ciphers = settings.ciphers.empty() ? secure_ciphers() : settings.ciphers;
  if (::SSL_CTX_set_cipher_list(context, ciphers.c_str()) != 1)
    return invalid("none of cipher_suites is available");
  if (!settings.groups.empty() && ::SSL_CTX_set1_groups_list(context, settings.groups.c_str()) != 1) {
    return invalid("curve_preferences: " + ssl_error_text());
  }
  if (auto status = use_certificates(context, settings.certificate); !status) return fail(status);
  if (auto status = use_key(context, settings.key); !status) return fail(status);
  if (auto status = use_client_policy(context, settings); !status) return fail(status);
  return holder;
}

}  // namespace exporter::detail
