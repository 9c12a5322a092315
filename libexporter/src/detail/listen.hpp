// SPDX-License-Identifier: Apache-2.0
// Addresses as Go's net.Listen takes them, made into listening sockets.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <sys/socket.h>

#include <exporter/result.hpp>

namespace exporter::detail {

/// A listening socket; closed, and its file removed where it has one, with the object.
class Listener {
 public:
  Listener(int fd, std::string address, std::string path)
      : fd_(fd), address_(std::move(address)), path_(std::move(path)) {}
  Listener(Listener&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)),
        address_(std::move(other.address_)),
        path_(std::exchange(other.path_, {})) {}
  Listener& operator=(Listener&&) = delete;
  ~Listener();

  int fd() const { return fd_; }
  const std::string& address() const { return address_; }

 private:
  int fd_;
  std::string address_;
  std::string path_;  // of a unix socket that is ours to remove
};

Result<Listener> open_listener(std::string_view address);
Result<Listener> adopt_listener(int fd);

/// "127.0.0.1:9100", "[::1]:9100"; "" for anything without such a form. IPv4 within IPv6 is shown as IPv4.
std::string address_text(const sockaddr_storage& address);

}  // namespace exporter::detail
