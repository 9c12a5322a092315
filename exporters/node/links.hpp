// SPDX-License-Identifier: Apache-2.0
#pragma once

// The network links of this namespace from one rtnetlink dump (RTM_GETLINK), shared by netdev, netclass, arp
// and whoever else needs names and counters: dumping takes the kernel's RTNL lock, so it is done once a
// scrape.

#include <linux/if_link.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/regex.hpp>

#include "netlink.hpp"

namespace exporter::node {

/// A link-layer address, of any kind of link (32 bytes is the kernel's limit).
class HardwareAddress {
 public:
  void assign(Bytes bytes);
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }

  /// "aa:bb:..." in a buffer that lives as long as the object.
  struct Text {
    std::array<char, 96> chars;
    std::size_t size;
    // NOLINTNEXTLINE(google-explicit-constructor): it is a label value
    operator std::string_view() const { return {chars.data(), size}; }
  };
  Text text() const;

 private:
  std::array<std::uint8_t, 32> bytes_{};
  std::uint8_t size_ = 0;
};

/// What the kernel says of one link. Strings are empty and numbers 0 (or has_* false) where it says nothing.
struct Link {
  int index = 0;
  int iflink = 0;  ///< IFLA_LINK, else its own index
  std::string name;
  std::string alias;
  std::string kind;  ///< "veth", "bridge", "vlan", ...; empty for hardware and lo
  HardwareAddress address;
  HardwareAddress broadcast;
  std::uint16_t type = 0;   ///< ARPHRD_*
  std::uint32_t flags = 0;  ///< IFF_*, as ifi_flags: IFF_RUNNING, IFF_LOWER_UP and IFF_DORMANT are the state
  std::uint32_t promiscuity = 0, allmulti = 0;
  bool has_allmulti = false;  ///< Linux 6.0
  std::uint32_t mtu = 0, tx_queue_len = 0, group = 0;
  std::uint32_t carrier_changes = 0, carrier_up_count = 0, carrier_down_count = 0;
  std::uint8_t carrier = 0, operstate = 0, link_mode = 0, proto_down = 0;
  std::vector<std::string> altnames;
  bool excluded = false;  ///< the user wants nothing of its kind
  bool has_stats = false;
  rtnl_link_stats64 stats{};

  bool up() const;
  /// "up", "down", "unknown", ...: as /sys/class/net/<name>/operstate.
  std::string_view operstate_name() const;
  /// The flags as /sys/class/net/<name>/flags has them: what was set, without the state.
  std::uint32_t configured_flags() const;
};

/// The links of one dump, by index.
class Links {
 public:
  explicit Links(std::vector<Link> links);
  auto begin() const { return links_.begin(); }
  auto end() const { return links_.end(); }
  std::size_t size() const { return links_.size(); }

  /// The name of a link; empty where there is none with this index.
  std::string_view name(int index) const;
  /// Whether there is a link of that name whose kind is excluded.
  bool excluded(std::string_view name) const;

 private:
  std::vector<Link> links_;
};

class LinkTable {
 public:
  /// Marks links of kinds that match as excluded. Before the first dump.
  void exclude_kinds(Matcher kinds) { excluded_kinds_ = std::move(kinds); }
  bool excludes_kinds() const { return !excluded_kinds_.pattern_empty(); }

  /// This scrape's links; dumped on the first call in a scrape. They live for as long as they are held: a
  /// collector that is late may still read them when the next scrape has begun.
  Result<std::shared_ptr<const Links>> links(const Scrape& scrape);

 private:
  std::mutex mutex_;  // collectors of one scrape may run beside each other
  Netlink route_{NETLINK_ROUTE};
  Matcher excluded_kinds_;
  std::uint64_t serial_ = 0;
  std::shared_ptr<const Links> current_;
};

}  // namespace exporter::node
