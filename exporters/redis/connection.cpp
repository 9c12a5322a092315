// SPDX-License-Identifier: Apache-2.0
// Connects, sends and receives without ever waiting beyond a deadline.

#include "connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "resolve.hpp"

namespace exporter::redis {
namespace {

constexpr std::size_t kReadSize = 16384;

int milliseconds_left(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, 1 << 30));
}

Result<std::vector<Endpoint>> endpoints_of(const Address& address, Deadline deadline) {
  if (!address.host.empty()) return resolve(address.host, address.port, deadline);
  sockaddr_un unix_address{};
  unix_address.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof unix_address.sun_path) {
    return fail(Code::kInvalid, "dial unix " + address.path + ": the path is too long");
  }
  std::memcpy(unix_address.sun_path, address.path.data(), address.path.size());
  Endpoint endpoint;
  std::memcpy(&endpoint.address, &unix_address, sizeof unix_address);
  endpoint.size = sizeof unix_address;
  return std::vector{endpoint};
}

}  // namespace

Connection::~Connection() {
  tls_.reset();
  ::close(descriptor_);
}

std::unexpected<Error> Connection::timed_out() const { return fail(Code::kTimeout, peer_ + ": i/o timeout"); }

Status Connection::wait(short events, Deadline deadline) const {
  pollfd entry{.fd = descriptor_, .events = events, .revents = 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, milliseconds_left(deadline));
    if (ready > 0) return {};
    if (ready == 0) return timed_out();
    if (errno != EINTR) return std::unexpected(errno_error("poll", peer_, errno));
  }
}

Result<std::unique_ptr<Connection>> Connection::dial(const Address& address, const TlsContext* tls,
                                                     Deadline deadline) {
  const std::string network = address.host.empty() ? "dial unix " : "dial tcp ";
  const auto endpoints = endpoints_of(address, deadline);
  if (!endpoints) return fail(endpoints.error().code, network + endpoints.error().message);
  Error last{Code::kUnavailable, ""};
  for (const auto& endpoint : *endpoints) {
    const int descriptor =
        ::socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
      last.message = network + address.text() + ": socket: " + errno_text(errno);
      continue;
    }
    std::unique_ptr<Connection> connection(new Connection(descriptor));
    connection->peer_ = network + address.text();
    const int on = 1;
    if (endpoint.address.ss_family != AF_UNIX) {
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    int error = 0;
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size) != 0) {
      error = errno;
      if (error == EINPROGRESS) {
        if (auto ready = connection->wait(POLLOUT, deadline); !ready) return std::unexpected(ready.error());
        socklen_t size = sizeof error;
        if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
      }
    }
    if (error != 0) {
      last.message = network + address.text() + ": connect: " + errno_text(error);
      continue;
    }
    connection->buffer_ = std::make_unique<char[]>(kReadSize);
    if (!address.tls) return connection;
    if (!tls) return fail(Code::kInternal, "TLS is not set up");
    auto session = TlsSession::make(*tls, descriptor, address.host);
    if (!session) return fail(session);
    for (;;) {
      const auto step = (*session)->handshake();
      if (!step) return fail(step);
      if (step->want == TlsSession::Want::kNothing) break;
      const short events = step->want == TlsSession::Want::kRead ? POLLIN : POLLOUT;
      if (auto ready = connection->wait(events, deadline); !ready)
        return fail(ready.error().code, "tls: handshake: " + ready.error().message);
    }
    connection->tls_ = std::move(*session);
    return connection;
  }
  return std::unexpected(last);
}

/// Bytes into the buffer: 0 at the end of the stream.
Result<std::size_t> Connection::read_some(Deadline deadline) {
  for (;;) {
    if (tls_) {
      const auto step = tls_->read(buffer_.get(), kReadSize);
      if (!step) return fail(step);
      if (step->want == TlsSession::Want::kNothing) return step->bytes;
      const short events = step->want == TlsSession::Want::kRead ? POLLIN : POLLOUT;
      if (auto ready = wait(events, deadline); !ready) return std::unexpected(ready.error());
      continue;
    }
    const auto got = ::recv(descriptor_, buffer_.get(), kReadSize, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) {
      if (auto ready = wait(POLLIN, deadline); !ready) return std::unexpected(ready.error());
    } else if (errno != EINTR) {
      return std::unexpected(Error{Code::kUnavailable, "read: " + errno_text(errno)});
    }
  }
}

/// Hands on what stands in the buffer.
Status Connection::take(std::size_t bytes, Replies& replies, Deadline deadline) {
  received_ += bytes;
  if (received_ > kMostReplyBytes) return fail(Code::kInvalid, "the answer is larger than 128 MB");
  // A server that sends without end never makes anybody wait.
  if (std::chrono::steady_clock::now() >= deadline) return timed_out();
  return replies.feed({buffer_.get(), bytes});
}

/// Sends all. Where the server stops reading, what it says meanwhile is read first: a long pipeline would
/// otherwise wait for both sides at once.
Status Connection::send(std::string_view bytes, Replies& replies, Deadline deadline) {
  while (!bytes.empty()) {
    if (tls_) {
      const auto step = tls_->write(bytes);
      if (!step) return std::unexpected(step.error());
      bytes.remove_prefix(step->bytes);
      if (step->want == TlsSession::Want::kNothing) continue;
      const short events = step->want == TlsSession::Want::kRead ? POLLIN : POLLOUT;
      if (auto ready = wait(events, deadline); !ready) return ready;
      continue;
    }
    const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return std::unexpected(Error{Code::kUnavailable, "write: " + errno_text(errno)});
    if (auto ready = wait(POLLIN | POLLOUT, deadline); !ready) return ready;
    const auto got = ::recv(descriptor_, buffer_.get(), kReadSize, 0);
    if (got == 0) return fail(Code::kUnavailable, "EOF");
    if (got > 0) {
      if (auto taken = take(static_cast<std::size_t>(got), replies, deadline); !taken) return taken;
    }
  }
  return {};
}

Status Connection::exchange(const Commands& commands, Replies& replies, Deadline deadline) {
  replies.clear();
  received_ = 0;
  closed_silently_ = false;
  auto sent = send(commands.bytes(), replies, deadline);
  if (!sent) {
    closed_silently_ = received_ == 0 && sent.error().code == Code::kUnavailable;
    return sent;
  }
  while (replies.size() < commands.count()) {
    const auto got = read_some(deadline);
    if (!got || *got == 0) {
      closed_silently_ = received_ == 0 && (!got ? got.error().code == Code::kUnavailable : true);
      if (!got) return std::unexpected(got.error());
      return fail(Code::kUnavailable, received_ == 0 ? "EOF" : "unexpected EOF");
    }
    if (auto taken = take(*got, replies, deadline); !taken) return taken;
  }
  if (replies.size() > commands.count()) return fail(Code::kInvalid, "more answers than questions");
  return {};
}

}  // namespace exporter::redis
