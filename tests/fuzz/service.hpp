// SPDX-License-Identifier: Apache-2.0
#pragma once

// A server on a unix socket of its own, for targets whose parser reads from a connection.

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace exporter::fuzz {

/// One thread, one connection at a time. It has no destructor: the thread runs to the end of the process.
class Service {
 public:
  struct Answer {
    std::string bytes;
    bool last = true;  ///< the service says nothing more on this connection
  };
  /// Answers what a client has sent.
  using Answering = std::function<Answer(std::string_view request)>;

  static Service& instance() {
    static auto* service = new Service;
    return *service;
  }
  const std::string& path() const { return path_; }
  void set(Answering answering) {
    const std::lock_guard lock(mutex_);
    answering_ = std::move(answering);
  }

 private:
  // A client that waits for more than it gets asks nothing: how long the service has patience with it.
  static constexpr int kPatienceMs = 20;
  // For a client that has been told that there is no more to close the connection.
  static constexpr int kClosingMs = 200;

  Service() {
    char folder[] = "/tmp/fuzz_service.XXXXXX";
    if (!::mkdtemp(folder)) std::abort();
    path_ = std::string(folder) + "/socket";
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) std::abort();
    if (::listen(listener_, 16) != 0) std::abort();
    std::thread([this] { serve(); }).detach();
    std::atexit([] { std::filesystem::remove_all(std::filesystem::path(instance().path()).parent_path()); });
  }

  void serve() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) continue;
      talk(connection);
      ::shutdown(connection, SHUT_WR);
      while (!receive(connection, kClosingMs).empty()) {
      }
      ::close(connection);
    }
  }

  void talk(int connection) {
    for (;;) {
      const auto request = receive(connection, kPatienceMs);
      if (request.empty()) return;
      Answer answer;
      {
        const std::lock_guard lock(mutex_);
        answer = answering_(request);
      }
      (void)::send(connection, answer.bytes.data(), answer.bytes.size(), MSG_NOSIGNAL);
      if (answer.last) return;
    }
  }

  std::string_view receive(int connection, int patience_ms) {
    pollfd wanted{connection, POLLIN, 0};
    if (::poll(&wanted, 1, patience_ms) <= 0) return {};
    const auto got = ::recv(connection, received_, sizeof received_, 0);
    return {received_, got > 0 ? static_cast<std::size_t>(got) : 0};
  }

  std::string path_;
  int listener_ = -1;
  std::mutex mutex_;
  Answering answering_;
  char received_[16384];
};

}  // namespace exporter::fuzz
