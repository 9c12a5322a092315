// SPDX-License-Identifier: Apache-2.0
// node_nfs_*: what this machine did as an NFS client, from /proc/net/rpc/nfs.

#include "collector_spec.hpp"
#include "rpc_stats.hpp"

namespace exporter::node {
namespace {

constexpr auto kConnections =
    counter("node_nfs_connections_total", "TCP connections that the NFS client made.");
constexpr auto kPackets = counter("node_nfs_packets_total", "Network packets of the NFS client.", "protocol");
constexpr auto kRequests = counter("node_nfs_requests_total", "NFS procedures called.", "method", "proto");
constexpr auto kRefreshes =
    counter("node_nfs_rpc_authentication_refreshes_total", "Refreshed RPC authentications.");
constexpr auto kRetransmissions = counter("node_nfs_rpc_retransmissions_total", "RPCs sent once more.");
constexpr auto kRpcs = counter("node_nfs_rpcs_total", "RPCs made.");
constexpr MetricInfo kMetrics[] = {kConnections, kPackets, kRequests, kRefreshes, kRetransmissions, kRpcs};

constexpr std::string_view kNfs4Procedures[] = {"Null",
                                                "Read",
                                                "Write",
                                                "Commit",
                                                "Open",
                                                "OpenConfirm",
                                                "OpenNoattr",
                                                "OpenDowngrade",
                                                "Close",
                                                "Setattr",
                                                "FsInfo",
                                                "Renew",
                                                "SetClientID",
                                                "SetClientIDConfirm",
                                                "Lock",
                                                "Lockt",
                                                "Locku",
                                                "Access",
                                                "Getattr",
                                                "Lookup",
                                                "LookupRoot",
                                                "Remove",
                                                "Rename",
                                                "Link",
                                                "Symlink",
                                                "Create",
                                                "Pathconf",
                                                "StatFs",
                                                "ReadLink",
                                                "ReadDir",
                                                "ServerCaps",
                                                "DelegReturn",
                                                "GetACL",
                                                "SetACL",
                                                "FsLocations",
                                                "ReleaseLockowner",
                                                "Secinfo",
                                                "FsidPresent",
                                                "ExchangeID",
                                                "CreateSession",
                                                "DestroySession",
                                                "Sequence",
                                                "GetLeaseTime",
                                                "ReclaimComplete",
                                                "GetDeviceInfo",
                                                "LayoutGet",
                                                "LayoutCommit",
                                                "LayoutReturn",
                                                "SecinfoNoName",
                                                "TestStateID",
                                                "FreeStateID",
                                                "GetDeviceList",
                                                "BindConnToSession",
                                                "DestroyClientID",
                                                "Seek",
                                                "Allocate",
                                                "DeAllocate",
                                                "LayoutStats",
                                                "Clone"};
static_assert(std::size(kNfs4Procedures) == 59);

class Nfs final : public Collector {
 public:
  Nfs(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("net/rpc/nfs");
    if (!text) return fail(text);
    RpcNumbers net, rpc, v2, v3, v4;  // lines that are missing count as zeros
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      const auto key = fields.next();
      auto numbers = rpc_numbers(fields.rest());
      if (!numbers) return malformed(numbers.error().message);
      if (numbers->count == 0) return malformed("a line without numbers");
      bool good = true;
      if (key == "net") {
        net = *numbers;
        good = net.count == 4;
      } else if (key == "rpc") {
        rpc = *numbers;
        good = rpc.count == 3;
      } else if (key == "proc2") {
        v2 = *numbers;
        good = v2.counted(std::size(kNfs2Procedures));
      } else if (key == "proc3") {
        v3 = *numbers;
        good = v3.counted(std::size(kNfs3Procedures));
      } else if (key == "proc4") {
        v4 = *numbers;  // old kernels count fewer
        good = v4.counted(0);
      } else {
        return malformed("unknown line \"" + std::string(key) + '"');
      }
      if (!good) return malformed("line \"" + std::string(key) + "\" has a wrong number of fields");
    }

    sink(kPackets, {"udp"}, net.values[1]);
    sink(kPackets, {"tcp"}, net.values[2]);
    sink(kConnections, net.values[3]);
    sink(kRpcs, rpc.values[0]);
    sink(kRetransmissions, rpc.values[1]);
    sink(kRefreshes, rpc.values[2]);
    expose(sink, "2", kNfs2Procedures, v2);
    expose(sink, "3", kNfs3Procedures, v3);
    expose(sink, "4", kNfs4Procedures, v4);
    return {};
  }

 private:
  static void expose(Sink& sink, std::string_view version, std::span<const std::string_view> names,
                     const RpcNumbers& numbers) {
    const auto requests = sink.family(kRequests);
    for (std::size_t i = 0; i < names.size(); ++i) requests({names[i], version}, numbers.procedures()[i]);
  }
  Status malformed(std::string_view what) const {
    return std::unexpected(proc_.malformed("net/rpc/nfs", what));
  }

  Files proc_;
};

}  // namespace

extern const CollectorSpec nfs{"NFS client requests, from /proc/net/rpc/nfs.", kMetrics, make<Nfs>};

}  // namespace exporter::node
