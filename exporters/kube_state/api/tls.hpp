// SPDX-License-Identifier: Apache-2.0
#pragma once

// The client's side of TLS, over a socket that doesn't block.

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

#include <exporter/result.hpp>

#include "api/options.hpp"
#include "api/proxy.hpp"
#include "api/socket_bio.hpp"

namespace exporter::kube {

class TlsClient {
 public:
  /// Reads certificates and keys as they are now. HTTP/2 is offered to the server where `http2` says so.
  static Result<std::unique_ptr<TlsClient>> open(const ApiOptions& options, const Url& server, int fd,
                                                 bool http2);

  enum class Outcome : unsigned char { kDone, kWantsRead, kWantsWrite, kClosed, kFailed };

  Outcome handshake();
  /// At most `size` bytes, which is left in `size`.
  Outcome read(char* data, std::size_t& size);
  Outcome write(const char* data, std::size_t& size);
  /// Says goodbye, if that can be done right away.
  void close();

  /// Why the last call failed.
  const std::string& problem() const { return problem_; }
  bool chose_http2() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { ::SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
  };
  TlsClient(std::unique_ptr<SSL, Free> ssl, int fd) : socket_(fd), ssl_(std::move(ssl)) {}
  Outcome outcome(int result);
  void explain();

  SocketBio socket_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string problem_;
  bool broken_ = false;
};

/// Reads a small file whole: a certificate, a token.
Result<std::string> read_file(const std::string& path);

}  // namespace exporter::kube
