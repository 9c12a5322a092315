// SPDX-License-Identifier: Apache-2.0
// node_nfsd_*: what this machine did as an NFS server, from /proc/net/rpc/nfsd.

#include <algorithm>

#include "collector_spec.hpp"
#include "rpc_stats.hpp"

namespace exporter::node {
namespace {

constexpr auto kConnections =
    counter("node_nfsd_connections_total", "TCP connections that the NFS server accepted.");
constexpr auto kBytesRead = counter("node_nfsd_disk_bytes_read_total", "Bytes that the NFS server read.");
constexpr auto kBytesWritten =
    counter("node_nfsd_disk_bytes_written_total", "Bytes that the NFS server wrote.");
constexpr auto kStale =
    counter("node_nfsd_file_handles_stale_total", "Stale file handles that clients used.");
constexpr auto kPackets = counter("node_nfsd_packets_total", "Network packets of the NFS server.", "proto");
constexpr auto kNotFound =
    counter("node_nfsd_read_ahead_cache_not_found_total", "Reads that the read-ahead cache did not know.");
constexpr auto kCacheSize =
    gauge("node_nfsd_read_ahead_cache_size_blocks", "Size of the read-ahead cache in blocks.");
constexpr auto kHits = counter("node_nfsd_reply_cache_hits_total", "Requests answered from the reply cache.");
constexpr auto kMisses =
    counter("node_nfsd_reply_cache_misses_total", "Requests that the reply cache did not know.");
constexpr auto kNoCache =
    counter("node_nfsd_reply_cache_nocache_total", "Requests that need no reply cache.");
constexpr auto kRequests = counter("node_nfsd_requests_total", "NFS requests served.", "method", "proto");
constexpr auto kErrors =
    counter("node_nfsd_rpc_errors_total", "Bad RPCs by what was wrong with them.", "error");
constexpr auto kRpcs = counter("node_nfsd_server_rpcs_total", "RPCs received.");
constexpr auto kThreads = gauge("node_nfsd_server_threads", "Kernel threads of the NFS server.");
constexpr MetricInfo kMetrics[] = {kConnections, kBytesRead, kBytesWritten, kStale,  kPackets,
                                   kNotFound,    kCacheSize, kHits,         kMisses, kNoCache,
                                   kRequests,    kErrors,    kRpcs,         kThreads};

// By operation number; those without a name are not exposed.
constexpr std::string_view kNfs4Operations[] = {"",
                                                "",
                                                "",
                                                "Access",
                                                "Close",
                                                "Commit",
                                                "Create",
                                                "DelegPurge",
                                                "DelegReturn",
                                                "GetAttr",
                                                "GetFH",
                                                "Link",
                                                "Lock",
                                                "Lockt",
                                                "Locku",
                                                "Lookup",
                                                "LookupRoot",
                                                "Nverify",
                                                "Open",
                                                "OpenAttr",
                                                "OpenConfirm",
                                                "OpenDgrd",
                                                "PutFH",
                                                "",
                                                "",
                                                "Read",
                                                "ReadDir",
                                                "ReadLink",
                                                "Remove",
                                                "Rename",
                                                "Renew",
                                                "RestoreFH",
                                                "SaveFH",
                                                "SecInfo",
                                                "SetAttr",
                                                "SetClientID",
                                                "SetClientIDConfirm",
                                                "Verify",
                                                "Write",
                                                "RelLockOwner"};
static_assert(std::size(kNfs4Operations) == 40);

enum Line : std::uint8_t {
  kRc,
  kFh,
  kIo,
  kTh,
  kRa,
  kNet,
  kRpc,
  kProc2,
  kProc3,
  kProc4,
  kProc4Ops,
  kWdeleg,
  kLines
};

struct LineSpec {
  std::string_view key;
  std::size_t fields;      // exactly
  std::size_t procedures;  // or, where the first field counts the others, at least so many
};
constexpr LineSpec kSpecs[kLines] = {{"rc", 3, 0},
                                     {"fh", 5, 0},
                                     {"io", 2, 0},
                                     {"th", 2, 0},
                                     {"ra", 12, 0},
                                     {"net", 4, 0},
                                     {"rpc", 5, 0},
                                     {"proc2", 0, std::size(kNfs2Procedures)},
                                     {"proc3", 0, std::size(kNfs3Procedures)},
                                     {"proc4", 0, 2},
                                     {"proc4ops", 0, 39},
                                     {"wdeleg_getattr", 1, 0}};

class Nfsd final : public Collector {
 public:
  Nfsd(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("net/rpc/nfsd");
    if (!text) return fail(text);
    std::array<RpcNumbers, kLines> lines;  // those that are missing count as zeros
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      const auto key = fields.next();
      const auto spec =
          std::find_if(std::begin(kSpecs), std::end(kSpecs), [&](const auto& s) { return s.key == key; });
      if (spec == std::end(kSpecs)) return malformed("unknown line", key);
      auto rest = fields.rest();
      if (key == "th") {  // threads, how often all were busy; what follows is a histogram of the past
        Fields th(rest);
        const auto first = th.next();
        const auto second = th.next();
        rest = rest.substr(0, static_cast<std::size_t>(second.data() + second.size() - rest.data()));
        if (first.empty() || second.empty()) return malformed("too few fields in line", key);
      }
      auto numbers = rpc_numbers(rest);
      if (!numbers) return malformed(numbers.error().message + " in line", key);
      const bool good =
          spec->fields != 0 ? numbers->count == spec->fields : numbers->counted(spec->procedures);
      if (!good) return malformed("a wrong number of fields in line", key);
      lines[static_cast<std::size_t>(spec - kSpecs)] = *numbers;
    }

    const auto value = [&](Line line, std::size_t field) { return lines[line].values[field]; };
    sink(kHits, value(kRc, 0));
    sink(kMisses, value(kRc, 1));
    sink(kNoCache, value(kRc, 2));
    sink(kStale, value(kFh, 0));
    sink(kBytesRead, value(kIo, 0));
    sink(kBytesWritten, value(kIo, 1));
    sink(kThreads, value(kTh, 0));
    sink(kCacheSize, value(kRa, 0));
    sink(kNotFound, value(kRa, 11));
    sink(kPackets, {"udp"}, value(kNet, 1));
    sink(kPackets, {"tcp"}, value(kNet, 2));
    sink(kConnections, value(kNet, 3));
    sink(kRpcs, value(kRpc, 0));
    sink(kErrors, {"fmt"}, value(kRpc, 2));
    sink(kErrors, {"auth"}, value(kRpc, 3));
    sink(kErrors, {"cInt"}, value(kRpc, 4));
    expose(sink, "2", std::span(kNfs2Procedures).subspan(1), lines[kProc2].procedures().subspan(1));
    expose(sink, "3", std::span(kNfs3Procedures).subspan(1), lines[kProc3].procedures().subspan(1));
    expose(sink, "4", kNfs4Operations, lines[kProc4Ops].procedures());
    sink(kRequests, {"WdelegGetattr", "4"}, value(kWdeleg, 0));
    return {};
  }

 private:
  static void expose(Sink& sink, std::string_view version, std::span<const std::string_view> names,
                     std::span<const std::uint64_t> counts) {
    const auto requests = sink.family(kRequests);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!names[i].empty()) requests({names[i], version}, counts[i]);
    }
  }
  Status malformed(std::string_view what, std::string_view key) const {
    return std::unexpected(
        proc_.malformed("net/rpc/nfsd", std::string(what) + " \"" + std::string(key) + '"'));
  }

  Files proc_;
};

}  // namespace

extern const CollectorSpec nfsd{"NFS server requests, from /proc/net/rpc/nfsd.", kMetrics, make<Nfsd>};

}  // namespace exporter::node
