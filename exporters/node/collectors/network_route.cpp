// SPDX-License-Identifier: Apache-2.0
// node_network_route*: the routing tables, from rtnetlink.

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "collector_spec.hpp"
#include "ip_text.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_network_route_info", "1 for each route or next hop.", "device", "src",
                             "dest", "gw", "priority", "proto", "weight");
constexpr auto kRoutes = gauge("node_network_routes", "Routes by device.", "device");
constexpr MetricInfo kMetrics[] = {kInfo, kRoutes};

std::string_view protocol_name(std::uint8_t protocol) {
  switch (protocol) {
    case 0:
      return "unspec";
    case 1:
      return "redirect";
    case 2:
      return "kernel";
    case 3:
      return "boot";
    case 4:
      return "static";
    case 8:
      return "gated";
    case 9:
      return "ra";
    case 10:
      return "mrt";
    case 11:
      return "zebra";
    case 12:
      return "bird";
    case 13:
      return "dnrouted";
    case 14:
      return "xorp";
    case 15:
      return "ntk";
    case 16:
      return "dhcp";
    case 17:
      return "mrouted";
    case 42:
      return "babel";
    case 186:
      return "bgp";
    case 187:
      return "isis";
    case 188:
      return "ospf";
    case 189:
      return "rip";
    case 192:
      return "eigrp";
    default:
      return "unknown";
  }
}

class NetworkRoute final : public Collector {
 public:
  NetworkRoute(Host& host, Flags&) : host_(host) {}

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    const rtmsg all{};
    auto done = route_.dump(
        RTM_GETROUTE, as_bytes(all), scrape.deadline(), [&] { routes_.clear(); },
        [&](const Netlink::Message& message) {
          const auto route = message.header<rtmsg>();
          if (message.type == RTM_NEWROUTE && route && route->rtm_type == RTN_UNICAST)
            add(*route, message, **links);
        });
    if (!done) return done;

    std::map<std::string_view, std::uint64_t> counts;
    for (const auto& route : routes_) ++counts[route.device];
    auto routes = sink.family(kRoutes);
    for (const auto& [device, count] : counts) routes({device}, count);

    // Routes of several tables can have the same labels: they are one series.
    std::sort(routes_.begin(), routes_.end());
    routes_.erase(std::unique(routes_.begin(), routes_.end()), routes_.end());
    auto info = sink.family(kInfo);
    for (const auto& r : routes_) {
      info({r.device, r.source, r.destination, r.gateway, Digits(r.priority), protocol_name(r.protocol),
            r.weight},
           1);
    }
    routes_.clear();
    return {};
  }

 private:
  struct Route {
    std::string_view device;
    std::string source;
    std::string destination;
    std::string gateway;
    std::uint32_t priority = 0;
    std::uint8_t protocol = 0;
    std::string weight;
    auto operator<=>(const Route&) const = default;
  };

  void add(const rtmsg& header, const Netlink::Message& message, const Links& links) {
    Route route;
    route.protocol = header.rtm_protocol;
    int out = 0;
    Bytes destination;
    Bytes hops;
    for (const auto& attribute : message.attributes(sizeof header)) {
      switch (attribute.type) {
        case RTA_PREFSRC:
          route.source = IpText(attribute.data);
          break;
        case RTA_DST:
          destination = attribute.data;
          break;
        case RTA_GATEWAY:
          route.gateway = IpText(attribute.data);
          break;
        case RTA_PRIORITY:
          attribute.read(route.priority);
          break;
        case RTA_OIF:
          attribute.read(out);
          break;
        case RTA_MULTIPATH:
          hops = attribute.data;
          break;
        default:
          break;
      }
    }
    if (header.rtm_dst_len == 0) {
      route.destination = "default";
    } else {
      route.destination = std::string(IpText(destination)) + "/" + std::string(Digits(header.rtm_dst_len));
    }
    if (hops.empty()) {
      route.device = links.name(out);
      routes_.push_back(std::move(route));
      return;
    }
    while (hops.size() >= sizeof(rtnexthop)) {
      rtnexthop hop{};
      std::memcpy(&hop, hops.data(), sizeof hop);
      if (hop.rtnh_len < sizeof hop || hop.rtnh_len > hops.size()) break;
      route.gateway.clear();
      for (const auto& attribute : Attributes(hops.subspan(sizeof hop, hop.rtnh_len - sizeof hop))) {
        if (attribute.type == RTA_GATEWAY) route.gateway = IpText(attribute.data);
      }
      route.device = links.name(hop.rtnh_ifindex);
      route.weight = Digits(hop.rtnh_hops + 1);
      routes_.push_back(route);
      hops = hops.subspan(std::min<std::size_t>(RTNH_ALIGN(hop.rtnh_len), hops.size()));
    }
  }

  Host& host_;
  Netlink route_{NETLINK_ROUTE};
  std::vector<Route> routes_;
};

}  // namespace

extern const CollectorSpec network_route{"The routing tables, from rtnetlink.", kMetrics, make<NetworkRoute>};

}  // namespace exporter::node
