// SPDX-License-Identifier: Apache-2.0
// TLS by OpenSSL, for the server's side of connections.
#pragma once

#include <array>
#include <memory>
#include <string>

#include <openssl/ssl.h>

#include <exporter/result.hpp>

#include "detail/web_config_file.hpp"
#include "detail/wire.hpp"

namespace exporter::detail {

struct SslFree {
  void operator()(SSL* ssl) const { ::SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { ::SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslFree>;

/// Reads certificates and key, and checks that they fit each other.
Result<SslContext> make_ssl_context(const TlsSettings& settings);

/// What OpenSSL says about the error it met last, and forgets then.
std::string ssl_error_text();

class TlsTransport final : public Transport {
 public:
  /// Gathers the pieces of a write into one record; all connections of a loop share it.
  using Buffer = std::array<char, 16384>;

  TlsTransport(std::unique_ptr<SSL, SslFree> ssl, std::shared_ptr<Buffer> buffer)
      : ssl_(std::move(ssl)), buffer_(std::move(buffer)) {}

  ssize_t read(int fd, char* data, std::size_t size) override;
  ssize_t write(int fd, const iovec* pieces, int count) override;
  void finish(int fd) override;
  bool settled() const override;

 private:
  ssize_t failed(int fd, int result);
  ssize_t refuse_plain_http(int fd);

  std::unique_ptr<SSL, SslFree> ssl_;
  std::shared_ptr<Buffer> buffer_;
  bool broken_ = false;   // nothing can be said any more, not even goodbye
  bool refused_ = false;  // has been told to speak TLS; what it still sends is dropped
  std::size_t dropped_ = 0;
};

/// Makes the transports, always of the settings and certificates that the files hold at that moment.
class TlsSource {
 public:
  /// With an error where the files are not good to start with. They have to have TLS settings.
  static Result<std::unique_ptr<TlsSource>> open(std::shared_ptr<WebConfigFile> file);

  /// Null where the files have become invalid: the client has been told, and is to be closed.
  std::unique_ptr<Transport> accept(int fd);

 private:
  struct Stamps {
    FileStamp certificate;
    FileStamp key;
    FileStamp client_ca;
    bool operator==(const Stamps&) const = default;
  };

  explicit TlsSource(std::shared_ptr<WebConfigFile> file) : file_(std::move(file)) {}
  Status refresh();

  std::shared_ptr<WebConfigFile> file_;
  std::shared_ptr<const WebConfig> config_;  // that context_ was made of
  Stamps stamps_;
  Result<SslContext> context_;
  std::shared_ptr<TlsTransport::Buffer> buffer_ = std::make_shared<TlsTransport::Buffer>();
};

}  // namespace exporter::detail
