// SPDX-License-Identifier: Apache-2.0
#include "stream.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace exporter::node {
namespace {

Result<Fd> connect_to(const sockaddr* address, socklen_t size, const std::string& name,
                      Stream::Deadline deadline) {
  Fd socket(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return std::unexpected(errno_error("socket", name, errno));
  if (::connect(socket.get(), address, size) != 0) {
    if (errno != EINPROGRESS) return std::unexpected(errno_error("connect", name, errno));
    auto status = wait_for(socket.get(), POLLOUT, deadline);
    if (!status) return fail(status);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return std::unexpected(errno_error("connect", name, error));
  }
  return socket;
}

}  // namespace

Status wait_for(int descriptor, short events, Stream::Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now())
            .count();
    if (left <= 0) return fail(Code::kTimeout, "no answer within the deadline");
    pollfd wanted{descriptor, events, 0};
    const int ready = ::poll(&wanted, 1, static_cast<int>(std::min<long long>(left, 1 << 30)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return std::unexpected(errno_error("poll", "a socket", errno));
  }
}

Result<Stream> Stream::connect_tcp(const std::string& host, const std::string& port, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return fail(Code::kUnavailable, "lookup " + host + ": " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
  Result<Fd> socket = fail(Code::kUnavailable, "lookup " + host + ": no address");
  for (const addrinfo* address = found; address && !socket; address = address->ai_next) {
    socket = connect_to(address->ai_addr, address->ai_addrlen, host + ':' + port, deadline);
  }
  if (!socket) return fail(socket);
  return Stream(std::move(*socket));
}

Result<Stream> Stream::connect_unix(std::string_view path, Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Code::kInvalid, "not the path of a socket: " + std::string(path));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): how the socket API is used
  auto socket =
      connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, std::string(path), deadline);
  if (!socket) return fail(socket);
  return Stream(std::move(*socket));
}

Status Stream::send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      auto status = wait_for(socket_.get(), POLLOUT, deadline);
      if (!status) return status;
    } else if (errno != EINTR) {
      return std::unexpected(errno_error("send", "a socket", errno));
    }
  }
  return {};
}

Result<bool> Stream::receive(std::string& to, Deadline deadline) {
  for (;;) {
    char bytes[16384];
    const auto got = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (got > 0) {
      to.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN) {
      auto status = wait_for(socket_.get(), POLLIN, deadline);
      if (!status) return fail(status);
    } else if (errno != EINTR) {
      return std::unexpected(errno_error("receive", "a socket", errno));
    }
  }
}

}  // namespace exporter::node
