// SPDX-License-Identifier: Apache-2.0
// TLS to a server, over a descriptor that does not block.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

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

/// What connections share; of the files as they were when it was made.
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

/// The context of files that change: it is made anew when one of them has, so that a renewed certificate is
/// used from the next connection on.
class TlsSource {
 public:
  /// Reads the files: what is wrong with them is told at once.
  static Result<std::shared_ptr<TlsSource>> open(TlsSettings settings);
  /// Any thread. An error where the files have become bad.
  Result<std::shared_ptr<const TlsContext>> current();

 private:
  using Stamp = std::array<long long, 4>;  // tells a file from its successor
  using Stamps = std::array<Stamp, 3>;
  explicit TlsSource(TlsSettings settings) : settings_(std::move(settings)) {}
  Stamps stamps() const;

  const TlsSettings settings_;
  std::mutex mutex_;
  Stamps stamps_{};
  std::shared_ptr<const TlsContext> context_;
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
