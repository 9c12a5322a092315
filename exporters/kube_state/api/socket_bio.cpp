// SPDX-License-Identifier: Apache-2.0
// Between OpenSSL and a socket.

#include "api/socket_bio.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace exporter::kube {
namespace {

SocketBio& self(BIO* bio) { return *static_cast<SocketBio*>(::BIO_get_data(bio)); }

}  // namespace

BIO* SocketBio::make() {
  auto* const bio = method() != nullptr ? ::BIO_new(method()) : nullptr;
  if (bio == nullptr) return nullptr;
  ::BIO_set_data(bio, this);
  ::BIO_set_init(bio, 1);
  return bio;
}

const BIO_METHOD* SocketBio::method() {
  static const auto* const kMethod = [] {
    auto* const made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    if (made == nullptr) return made;
    ::BIO_meth_set_read(made, [](BIO* bio, char* data, int size) { return self(bio).read(bio, data, size); });
    ::BIO_meth_set_write(
        made, [](BIO* bio, const char* data, int size) { return self(bio).write(bio, data, size); });
    ::BIO_meth_set_ctrl(made, [](BIO* bio, int command, long, void*) -> long {
      if (command == BIO_CTRL_EOF) return self(bio).ended_ ? 1 : 0;
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  }();
  return kMethod;
}

int SocketBio::read(BIO* bio, char* data, int size) {
  ::BIO_clear_retry_flags(bio);
  if (at_ == end_) {
    if (std::exchange(emptied_, false)) {
      // Whoever asks again right away would learn that there is nothing, for a system call.
      piece_.reset();
      ::BIO_set_retry_read(bio);
      return -1;
    }
    if (!piece_) piece_ = std::make_unique_for_overwrite<char[]>(kPiece);
    const auto got = ::recv(fd_, piece_.get(), kPiece, 0);
    if (got <= 0) {
      if (got == 0) ended_ = true;
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_read(bio);
      const int error = errno;
      piece_.reset();
      errno = error;
      return static_cast<int>(got);
    }
    at_ = 0;
    end_ = static_cast<std::size_t>(got);
    emptied_ = end_ < kPiece;
  }
  const auto part = std::min(static_cast<std::size_t>(size), end_ - at_);
  std::memcpy(data, piece_.get() + at_, part);
  at_ += part;
  return static_cast<int>(part);
}

int SocketBio::write(BIO* bio, const char* data, int size) const {
  ::BIO_clear_retry_flags(bio);
  const auto put = ::send(fd_, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (put < 0 && (errno == EAGAIN || errno == EINTR)) ::BIO_set_retry_write(bio);
  return static_cast<int>(put);
}

}  // namespace exporter::kube
