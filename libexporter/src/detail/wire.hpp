// SPDX-License-Identifier: Apache-2.0
// The bytes of a connection: a socket, with or without a layer such as TLS on it.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

namespace exporter::detail {

/// A layer on a non-blocking socket. Both calls do a handshake first where one is due, and fail with EAGAIN
/// where the socket has to become readable or writable, either, before they are called again.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;
  virtual ssize_t read(int fd, char* data, std::size_t size) = 0;
  virtual ssize_t write(int fd, const iovec* pieces, int count) = 0;
  /// Says goodbye, where the protocol has a word for it.
  virtual void finish(int fd) = 0;
  /// Whether the handshake is done, and the layer still good.
  virtual bool settled() const = 0;
};

class Wire {
 public:
  explicit Wire(int fd, std::unique_ptr<Transport> layer = nullptr) : fd_(fd), layer_(std::move(layer)) {}
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  ~Wire() { close(); }

  int fd() const { return fd_; }
  /// Without a layer a read of less than was asked for has emptied the socket.
  bool plain() const { return layer_ == nullptr; }
  /// Whether a request can be read and answered.
  bool settled() const { return layer_ == nullptr || layer_->settled(); }

  ssize_t read(char* data, std::size_t size) {
    return layer_ ? layer_->read(fd_, data, size) : ::recv(fd_, data, size, 0);
  }
  ssize_t write(iovec* pieces, int count) {
    if (layer_) return layer_->write(fd_, pieces, count);
    msghdr message{};
    message.msg_iov = pieces;
    message.msg_iovlen = static_cast<std::size_t>(count);
    return ::sendmsg(fd_, &message, MSG_NOSIGNAL);
  }
  void finish() {
    if (layer_) layer_->finish(fd_);
    ::shutdown(fd_, SHUT_WR);
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  std::unique_ptr<Transport> layer_;
};

}  // namespace exporter::detail
