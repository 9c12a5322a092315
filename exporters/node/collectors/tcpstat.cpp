// SPDX-License-Identifier: Apache-2.0
// node_tcp_connection_states: TCP sockets by state and the bytes in their queues, from the kernel's socket
// diagnostics (inet_diag).

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <array>

#include "collector_spec.hpp"
#include "netlink.hpp"

namespace exporter::node {
namespace {

constexpr auto kStates =
    gauge("node_tcp_connection_states",
          "TCP sockets by state; rx_queued_bytes and tx_queued_bytes are bytes.", "state");
constexpr MetricInfo kMetrics[] = {kStates};

constexpr std::array<std::string_view, 12> kNames{"unknown",    "established", "syn_sent",  "syn_recv",
                                                  "fin_wait1",  "fin_wait2",   "time_wait", "close",
                                                  "close_wait", "last_ack",    "listen",    "closing"};
constexpr std::uint32_t kAllStates = 0xfff;

class Tcpstat final : public Collector {
 public:
  Tcpstat(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape& scrape) override {
    Counts counts;
    if (auto done = add(counts, AF_INET, scrape); !done) return done;
    if (proc_.exists("net/tcp6")) {
      if (auto done = add(counts, AF_INET6, scrape); !done) return done;
    }
    auto states = sink.family(kStates);
    bool any = false;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (counts.sockets[i] == 0) continue;
      any = true;
      states({kNames[i]}, counts.sockets[i]);
    }
    if (!any) return {};
    states({"rx_queued_bytes"}, counts.received);
    states({"tx_queued_bytes"}, counts.to_send);
    return {};
  }

 private:
  struct Counts {
    std::array<std::uint64_t, kNames.size()> sockets{};
    std::uint64_t received = 0;
    std::uint64_t to_send = 0;
  };

  Status add(Counts& counts, std::uint8_t family, const Scrape& scrape) {
    inet_diag_req_v2 request{};
    request.sdiag_family = family;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = kAllStates;
    const Counts before = counts;
    return diag_.dump(
        SOCK_DIAG_BY_FAMILY, as_bytes(request), scrape.deadline(), [&] { counts = before; },
        [&](const Netlink::Message& message) {
          const auto socket = message.header<inet_diag_msg>();
          if (!socket) return;
          ++counts.sockets[socket->idiag_state < kNames.size() ? socket->idiag_state : 0];
          counts.received += socket->idiag_rqueue;
          counts.to_send += socket->idiag_wqueue;
        });
  }

  Files proc_;
  Netlink diag_{NETLINK_SOCK_DIAG};
};

}  // namespace

extern const CollectorSpec tcpstat{"TCP sockets by state, from the kernel's socket diagnostics.", kMetrics,
                                   make<Tcpstat>};

}  // namespace exporter::node
