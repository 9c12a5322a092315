// SPDX-License-Identifier: Apache-2.0
#pragma once

// The network links of this namespace from one rtnetlink dump (RTM_GETLINK), shared by netdev, netclass, arp
// and whoever else needs names and counters: dumping takes the kernel's RTNL lock, so it is done once a
// scrape.

#include <linux/if_link.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/files.hpp>

namespace exporter::node {

/// What the kernel says of one link. Strings are empty and numbers absent (has_*) where it says nothing.
struct Link {
  int index = 0;
  int iflink = 0;  ///< IFLA_LINK, else its own index
  std::string name;
  std::string alias;
  std::string kind;     ///< "veth", "bridge", "vlan", ...; empty for hardware and lo
  std::string address;  ///< "aa:bb:..."
  std::string broadcast;
  std::string phys_port_id, phys_port_name, phys_switch_id;
  std::uint16_t type = 0;   ///< ARPHRD_*
  std::uint32_t flags = 0;  ///< IFF_*
  std::uint32_t mtu = 0, tx_queue_len = 0, group = 0;
  std::uint32_t carrier = 0, carrier_changes = 0, carrier_up_count = 0, carrier_down_count = 0;
  std::uint8_t operstate = 0, link_mode = 0, proto_down = 0;
  std::vector<std::string> altnames;
  bool has_stats = false;
  rtnl_link_stats64 stats{};
};

class LinkTable {
 public:
  /// This scrape's links, by index; dumped on the first call in a scrape. Good until the next scrape's first
  /// call.
  Result<std::span<const Link>> links(const Scrape& scrape);

 private:
  Fd socket_;
  std::uint64_t serial_ = 0;
  std::vector<Link> links_;
};

}  // namespace exporter::node
