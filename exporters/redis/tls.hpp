// SPDX-License-Identifier: Apache-2.0
// TLS to a server, over a descriptor that does not block.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <exporter/result.hpp>

struct ssl_ctx_st;
struct ssl_st;

namespace exporter::redis {

struct TlsSettings {
  std::string ca_file;
  std::string certificate_file;
  std::string key_file;
  std::string server_name;  ///< empty: the address' host
  bool skip_verification = false;
};

/// What connections share. Files are read once, when it is made.
class TlsContext {
 public:
  static Result<std::shared_ptr<const TlsContext>> make(const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
  std::string server_name_;
  bool verify_ = true;
};

class TlsSession {
 public:
  static Result<std::unique_ptr<TlsSession>> make(const TlsContext& context, int descriptor,
                                                  const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  enum class Want : unsigned char { kNothing, kRead, kWrite };
  struct Step {
    std::size_t bytes = 0;       ///< moved; 0 with kNothing: the other side has ended
    Want want = Want::kNothing;  ///< what to wait for before the next try
  };
  Result<Step> handshake();
  Result<Step> read(char* to, std::size_t size);
  Result<Step> write(std::string_view bytes);

 private:
  explicit TlsSession(ssl_st* session) : session_(session) {}
  Result<Step> outcome(int result, std::string_view what);
  ssl_st* session_;
};

}  // namespace exporter::redis
