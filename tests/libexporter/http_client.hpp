// SPDX-License-Identifier: Apache-2.0
// A blocking HTTP client for tests: it says what it is told to, and reads answers apart.
#pragma once

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace exporter_test {

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  bool has(std::string_view text) const { return head.find(text) != std::string::npos; }
};

class Client {
 public:
  /// An address as Server::listen() returns it.
  explicit Client(std::string_view address, int receive_buffer = 0) {
    sockaddr_storage to{};
    socklen_t size = 0;
    if (address.starts_with("unix:")) {
      auto& un = reinterpret_cast<sockaddr_un&>(to);
      un.sun_family = AF_UNIX;
      std::memcpy(un.sun_path, address.data() + 5, address.size() - 5);
      size = sizeof un;
    } else {
      const auto port =
          static_cast<in_port_t>(std::atoi(std::string(address.substr(address.rfind(':') + 1)).c_str()));
      if (address.starts_with("[::1]")) {
        auto& in = reinterpret_cast<sockaddr_in6&>(to);
        in.sin6_family = AF_INET6;
        in.sin6_addr = in6addr_loopback;
        in.sin6_port = htons(port);
        size = sizeof in;
      } else {
        auto& in = reinterpret_cast<sockaddr_in&>(to);
        in.sin_family = AF_INET;
        in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        in.sin_port = htons(port);
        size = sizeof in;
      }
    }
    fd_ = ::socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval limit{20, 0};  // so that a broken server fails a test instead of hanging it
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), size) == 0;
  }
  Client(Client&& other) noexcept
      : fd_(other.fd_), connected_(other.connected_), rest_(std::move(other.rest_)) {
    other.fd_ = -1;
  }
  Client& operator=(Client&&) = delete;
  ~Client() { close(); }

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void end_output() { ::shutdown(fd_, SHUT_WR); }

  bool write(std::string_view text) {
    while (!text.empty()) {
      const auto put = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

  /// The next answer; status 0 where the connection ended before it.
  Answer read_answer(bool to_head = false) {
    Answer answer;
    std::size_t end = 0;
    while ((end = rest_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return answer;
    }
    answer.head = rest_.substr(0, end + 4);
    rest_.erase(0, end + 4);
    const int status = std::atoi(answer.head.c_str() + 9);
    if (to_head || status == 204 || status == 304 || status == 100) {
      answer.status = status;
      return answer;
    }
    bool whole = true;
    if (const auto at = answer.head.find("Content-Length: "); at != std::string::npos) {
      whole = take(static_cast<std::size_t>(std::atoll(answer.head.c_str() + at + 16)), answer.body);
    } else if (answer.has("Transfer-Encoding: chunked")) {
      whole = read_chunks(answer.body);
    } else {
      answer.body = read_to_end();
    }
    if (whole) answer.status = status;
    return answer;
  }

  Answer get(std::string_view path) {
    if (!write("GET " + std::string(path) + " HTTP/1.1\r\nHost: test\r\n\r\n")) return {};
    return read_answer();
  }

  std::string read_to_end() {
    while (fill()) {
    }
    return std::move(rest_);
  }
  bool at_end() { return rest_.empty() && !fill(); }

 private:
  bool fill() {
    char data[16384];
    const auto got = ::recv(fd_, data, sizeof data, 0);
    if (got <= 0) return false;
    rest_.append(data, static_cast<std::size_t>(got));
    return true;
  }
  bool take(std::size_t size, std::string& out) {
    while (rest_.size() < size) {
      if (!fill()) return false;
    }
    out.append(rest_, 0, size);
    rest_.erase(0, size);
    return true;
  }
  bool read_chunks(std::string& out) {
    for (;;) {
      std::size_t end = 0;
      while ((end = rest_.find("\r\n")) == std::string::npos) {
        if (!fill()) return false;
      }
      const auto size = std::strtoul(rest_.c_str(), nullptr, 16);
      rest_.erase(0, end + 2);
      std::string crlf;
      if (!take(size, out) || !take(2, crlf) || crlf != "\r\n") return false;
      if (size == 0) return true;
    }
  }

  int fd_ = -1;
  bool connected_ = false;
  std::string rest_;
};

}  // namespace exporter_test
