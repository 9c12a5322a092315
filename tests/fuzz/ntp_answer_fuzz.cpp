// SPDX-License-Identifier: Apache-2.0
// Any bytes as an NTP server's answer. A packet of full length repeats the number in the question, since
// nothing else is looked at; what is reported of it must be numbers.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <exporter/log.hpp>
#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"
#include "fuzz.hpp"

namespace {

using namespace exporter;

constexpr std::size_t kPacket = 48, kNumberAsked = 40, kNumberAnswered = 24, kNumber = 8;

/// Answers each packet on a port of its own. Its thread runs to the end of the process.
class Server {
 public:
  static Server& instance() {
    static auto* server = new Server;
    return *server;
  }
  int port() const { return port_; }
  void set(fuzz::Input answer) {
    const std::lock_guard lock(mutex_);
    answer_.assign(answer.begin(), answer.end());
  }

 private:
  Server() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0) std::abort();
    if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) std::abort();
    port_ = ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();
  }

  void serve() {
    for (;;) {
      std::array<unsigned char, 512> question;
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const auto got =
          ::recvfrom(socket_, question.data(), question.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < static_cast<ssize_t>(kPacket)) continue;
      const std::lock_guard lock(mutex_);
      if (answer_.size() >= kPacket)
        std::memcpy(answer_.data() + kNumberAnswered, question.data() + kNumberAsked, kNumber);
      (void)::sendto(socket_, answer_.data(), answer_.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  int socket_;
  int port_ = 0;
  std::mutex mutex_;
  std::vector<unsigned char> answer_;
};

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  std::vector<std::uint8_t> packet(kPacket);
  packet[0] = 4 << 3 | 4;  // version 4, a server
  packet[1] = 2;           // its stratum
  packet[6] = 1;
  packet[10] = 2;
  for (const std::size_t time : {16, 32, 40}) packet[time] = 0xec;
  packet[47] = 1;
  use(packet);
  packet[0] |= 0xc0;  // a clock that isn't set
  use(packet);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 512) return 0;
  log::configure(static_cast<log::Level>(255), log::Format::kLogfmt);
  Server::instance().set({data, size});
  Flags flags("node_exporter", "");
  node::Host host(flags);
  std::unique_ptr<Collector> collector;
  for (const auto& entry : node::collectors()) {
    if (entry.name == "ntp") collector = entry.spec->make(host, flags);
  }
  const auto port = "--collector.ntp.server-port=" + std::to_string(Server::instance().port());
  const char* const argv[] = {"node_exporter", port.c_str()};
  if (!flags.parse(2, argv) || !collector->start()) std::abort();
  Sink sink;
  (void)collector->collect(sink, Scrape(Scrape::Clock::now() + std::chrono::milliseconds(500), 1));
  const Sink* const sinks[] = {&sink};
  std::string page;
  PageBuilder().build(sinks, PageFormat::kText, page);
  const auto parsed = testing::parse_exposition(page);
  if (!parsed.problems.empty()) std::abort();
  for (const auto& [name, value] : parsed.samples) {
    if (!std::isfinite(value)) std::abort();
  }
  return 0;
}
