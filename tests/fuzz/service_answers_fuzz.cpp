// SPDX-License-Identifier: Apache-2.0
// Any bytes as the answers of the services that node's collectors ask over a socket: supervisord's XML-RPC
// over HTTP, and systemd's and logind's D-Bus. The first byte picks the collector; what follows is sent as
// soon as it asks, and the connection then ends.

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include <exporter/log.hpp>
#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"
#include "fuzz.hpp"

namespace {

using namespace exporter;

/// Answers each connection's first request with `answer`, and closes it.
class Service {
 public:
  Service() {
    char folder[] = "/tmp/service_answers_fuzz.XXXXXX";
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
  static Service& instance() {
    static auto* service = new Service;  // its thread runs to the end of the process
    return *service;
  }
  const std::string& path() const { return path_; }
  void set(std::string answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

 private:
  void serve() {
    for (;;) {
      const int connection = ::accept(listener_, nullptr, nullptr);
      if (connection < 0) continue;
      char request[4096];
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        answer = answer_;
      }
      if (::recv(connection, request, sizeof request, 0) > 0) {
        (void)::send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      }
      ::shutdown(connection, SHUT_WR);
      pollfd wanted{connection, POLLIN, 0};
      while (::poll(&wanted, 1, 200) > 0 && ::recv(connection, request, sizeof request, 0) > 0) {
      }
      ::close(connection);
    }
  }

  std::string path_;
  int listener_ = -1;
  std::mutex mutex_;
  std::string answer_;
};

struct Choice {
  const char* collector;
  const char* flag;
  const char* greeting;  // what is sent before the input: D-Bus begins with an exchange of lines
};
constexpr Choice kChoices[] = {
    {"supervisord", "--collector.supervisord.url=unix://", ""},
    {"systemd", "", "OK 0123456789abcdef0123456789abcdef\r\n"},
    {"logind", "", "OK 0123456789abcdef0123456789abcdef\r\n"},
};

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  const std::string seeds[] = {
      std::string("\0HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<?xml version='1.0'?>", 62),
      std::string(
          "\0HTTP/1.1 200 OK\r\n\r\n<methodResponse><params><param><value><array><data><value><struct>"
          "<member><name>name</name><value><string>a&amp;b</string></value></member>"
          "<member><name>state</name><value><int>20</int></value></member>"
          "</struct></value></data></array></value></param></params></methodResponse>",
          260),
      // An answer to the call with serial 1 whose body is one string.
      std::string("\2l\2\1\1\x09\0\0\0\1\0\0\0\x0f\0\0\0\5\1u\0\1\0\0\0\x08\1g\0\1s\0\0\4\0\0\0:1.2\0", 43),
      std::string("\1l\2\1\1\x04\0\0\0\1\0\0\0\x0f\0\0\0\5\1u\0\2\0\0\0\x08\1g\0\1a\0\0\0\0\0\0", 38)};
  for (const auto& seed : seeds) {
    use({reinterpret_cast<const std::uint8_t*>(seed.data()), seed.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::configure(static_cast<log::Level>(255), log::Format::kLogfmt);
  const auto& choice = kChoices[data[0] % std::size(kChoices)];
  auto& service = Service::instance();
  service.set(choice.greeting + std::string(reinterpret_cast<const char*>(data + 1), size - 1));
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + service.path()).c_str(), 1);

  Flags flags("node_exporter", "");
  node::Host host(flags);
  std::unique_ptr<Collector> collector;
  for (const auto& entry : node::collectors()) {
    if (entry.name == choice.collector) collector = entry.spec->make(host, flags);
  }
  std::string flag = choice.flag;
  if (flag.ends_with("unix://")) flag += service.path();
  const char* argv[] = {"node_exporter", flag.c_str()};
  if (!flags.parse(flag.empty() ? 1 : 2, argv) || !collector->start()) return 0;
  Sink sink;
  for (std::uint64_t run = 1; run <= 2; ++run) {  // the second one after whatever the first one left
    sink.clear();
    (void)collector->collect(sink, Scrape(Scrape::Clock::now() + std::chrono::milliseconds(500), run));
    const Sink* const sinks[] = {&sink};
    std::string page;
    PageBuilder().build(sinks, PageFormat::kText, page);
    if (!exporter::testing::parse_exposition(page).problems.empty()) std::abort();
  }
  return 0;
}
