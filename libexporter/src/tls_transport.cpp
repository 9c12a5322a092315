// SPDX-License-Identifier: Apache-2.0
// A connection's TLS, and where new ones come from.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/err.h>
#include <sys/socket.h>

#include <exporter/log.hpp>

#include "detail/tls.hpp"

namespace exporter::detail {
namespace {

constexpr std::string_view kSpeakTls =
    "HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
    "Client sent an HTTP request to an HTTPS server.\n";

constexpr std::size_t kMostDropped = 1 << 20;

// A TLS record with the fatal alert "internal error", for when there is no context to say it with.
constexpr std::string_view kInternalError("\x15\x03\x01\x00\x02\x02\x50", 7);

void send_as_is(int fd, std::string_view text) {
  [[maybe_unused]] const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

bool TlsTransport::settled() const {
  return !broken_ && !refused_ && ::SSL_is_init_finished(ssl_.get()) != 0;
}

ssize_t TlsTransport::read(int fd, char* data, std::size_t size) {
  if (refused_) {
    // Until the client closes: to close before it would reset the connection, and the answer with it.
    while (dropped_ < kMostDropped) {
      const auto got = ::recv(fd, data, size, 0);
      if (got <= 0) return got;
      dropped_ += static_cast<std::size_t>(got);
    }
    return 0;
  }
  if (broken_) {
    errno = EPROTO;
    return -1;
  }
  ::ERR_clear_error();
  const int result = ::SSL_read(ssl_.get(), data, static_cast<int>(std::min<std::size_t>(size, 1 << 30)));
  return result > 0 ? result : failed(fd, result);
}

ssize_t TlsTransport::write(int fd, const iovec* pieces, int count) {
  if (refused_ || broken_) {
    errno = EPIPE;
    return -1;
  }
  // After a write that had to wait, OpenSSL wants the same bytes again; they are the same, as the caller goes
  // on where it was.
  const char* data = nullptr;
  std::size_t size = 0;
  if (count == 1 || (count > 0 && pieces[0].iov_len >= buffer_->size())) {
    data = static_cast<const char*>(pieces[0].iov_base);
    size = std::min(pieces[0].iov_len, buffer_->size());
  } else {
    for (int i = 0; i < count && size < buffer_->size(); ++i) {
      const auto part = std::min(pieces[i].iov_len, buffer_->size() - size);
      std::memcpy(buffer_->data() + size, pieces[i].iov_base, part);
      size += part;
    }
    data = buffer_->data();
  }
  if (size == 0) return 0;
  ::ERR_clear_error();
  const int result = ::SSL_write(ssl_.get(), data, static_cast<int>(size));
  return result > 0 ? result : failed(fd, result);
}

void TlsTransport::finish(int) {
  if (!settled()) return;
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  ::ERR_clear_error();
}

ssize_t TlsTransport::failed(int fd, int result) {
  const int saved = errno;
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      errno = saved != 0 && saved != EAGAIN && saved != EINTR ? saved : ECONNRESET;
      return -1;
    default:
      break;
  }
  if (::SSL_is_init_finished(ssl_.get()) == 0) {
    const int reason = ERR_GET_REASON(::ERR_peek_error());
    if (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST) return refuse_plain_http(fd);
    log::debug("TLS handshake failed", {{"err", ssl_error_text()}});
  }
  ::ERR_clear_error();
  broken_ = true;
  errno = EPROTO;
  return -1;
}

ssize_t TlsTransport::refuse_plain_http(int fd) {
  ::ERR_clear_error();
  refused_ = true;
  send_as_is(fd, kSpeakTls);
  ::shutdown(fd, SHUT_WR);
  errno = EAGAIN;
  return -1;
}

Result<std::unique_ptr<TlsSource>> TlsSource::open(std::shared_ptr<WebConfigFile> file) {
  auto source = std::unique_ptr<TlsSource>(new TlsSource(std::move(file)));
  if (auto status = source->refresh(); !status) return fail(status);
  return source;
}

Status TlsSource::refresh() {
  auto config = file_->current();
  if (!config) return fail(config);  // the last good one stays beside it, and is not used
  if (!(*config)->tls) return fail(Code::kInvalid, "TLS config is not present");
  const auto& settings = *(*config)->tls;
  const Stamps stamps{FileStamp::of(settings.certificate.file), FileStamp::of(settings.key.file),
                      FileStamp::of(settings.client_ca.file)};
  if (*config != config_ || stamps != stamps_) {
    const bool first = config_ == nullptr;
    config_ = std::move(*config);
    stamps_ = stamps;
    context_ = make_ssl_context(*config_->tls);
    if (!first && context_) log::info("Took over new certificates and TLS settings");
    if (!first && !context_)
      log::error("Cannot use the new TLS settings", {{"err", context_.error().message}});
  }
  if (!context_) return fail(context_);
  return {};
}

std::unique_ptr<Transport> TlsSource::accept(int fd) {
  std::unique_ptr<SSL, SslFree> ssl;
  if (refresh()) ssl.reset(::SSL_new(context_->get()));
  if (!ssl || ::SSL_set_fd(ssl.get(), fd) != 1) {
    ::ERR_clear_error();
    send_as_is(fd, kInternalError);
    return nullptr;
  }
  ::SSL_set_accept_state(ssl.get());
  return std::make_unique<TlsTransport>(std::move(ssl), buffer_);
}

}  // namespace exporter::detail
