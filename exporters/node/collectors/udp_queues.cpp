// SPDX-License-Identifier: Apache-2.0
// node_udp_queues: bytes in the queues of all UDP sockets, from /proc/net/udp and udp6.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kQueues = gauge("node_udp_queues", "Bytes in the queues of UDP sockets.", "queue", "ip");
constexpr MetricInfo kMetrics[] = {kQueues};

struct Sums {
  std::uint64_t tx = 0;
  std::uint64_t rx = 0;
};

// A file with a line for each socket. A name server can have many thousands: they are read a part at a time.
class SocketFile {
 public:
  SocketFile(const Files& proc, std::string_view name) : proc_(proc), name_(name) {}

  Result<Sums> read() {
    if (fd_) {
      if (auto sums = scan()) return sums;
      fd_.reset();
    }
    const auto path = proc_.path(name_);
    fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd_) return std::unexpected(errno_error("open", path, errno));
    return scan();
  }

 private:
  Result<Sums> scan() {
    std::array<char, 16384> buffer;
    Sums sums;
    std::size_t held = 0;  // bytes of a line whose end was not yet read
    off_t offset = 0;
    bool heading = true;
    for (;;) {
      const auto got = ::pread(fd_.get(), buffer.data() + held, buffer.size() - held, offset);
      if (got < 0) {
        if (errno == EINTR) continue;
        return std::unexpected(errno_error("read", proc_.path(name_), errno));
      }
      offset += got;
      const bool last = got == 0;
      std::string_view text(buffer.data(), held + static_cast<std::size_t>(got));
      while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos && !last) break;
        const auto line = take_until(text, '\n');
        if (heading) {
          heading = false;
        } else if (!add(sums, line)) {
          return std::unexpected(proc_.malformed(name_, "invalid line"));
        }
      }
      if (last) return sums;
      if (text.size() == buffer.size()) return std::unexpected(proc_.malformed(name_, "a line is too long"));
      std::memmove(buffer.data(), text.data(), text.size());
      held = text.size();
    }
  }

  // sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid ...
  static bool add(Sums& sums, std::string_view line) {
    Fields fields(line);
    fields.skip(4);
    auto queues = fields.next();
    if (fields.skip(2).next().empty()) return false;
    auto tx = parse<std::uint64_t>(take_until(queues, ':'), 16);
    auto rx = parse<std::uint64_t>(queues, 16);
    if (!tx || !rx) return false;
    sums.tx += *tx;
    sums.rx += *rx;
    return true;
  }

  const Files& proc_;
  std::string_view name_;
  Fd fd_;
};

class UdpQueues final : public Collector {
 public:
  UdpQueues(Host& host, Flags&) : proc_(host.procfs()), v4_(proc_, "net/udp"), v6_(proc_, "net/udp6") {}

  Status collect(Sink& sink, const Scrape&) override {
    auto v4 = v4_.read();
    if (!v4 && v4.error().code != Code::kNoData) return fail(v4);
    auto v6 = v6_.read();
    if (!v6 && v6.error().code != Code::kNoData) return fail(v6);
    if (!v4 && !v6) return fail(v4);
    auto family = sink.family(kQueues);
    if (v4) {
      family({"tx", "v4"}, v4->tx);
      family({"rx", "v4"}, v4->rx);
    }
    if (v6) {
      family({"tx", "v6"}, v6->tx);
      family({"rx", "v6"}, v6->rx);
    }
    return {};
  }

 private:
  Files proc_;
  SocketFile v4_;
  SocketFile v6_;
};

}  // namespace

extern const CollectorSpec udp_queues{"Bytes in the queues of UDP sockets, from /proc/net/udp and udp6.",
                                      kMetrics, make<UdpQueues>};

}  // namespace exporter::node
