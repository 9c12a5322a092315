// SPDX-License-Identifier: Apache-2.0

#include "links.hpp"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>

namespace exporter::node {

namespace {

// Links that only just came up keep their memory for the next dump; those that are gone do not need theirs.
void clear(Link& link) {
  auto kept = std::move(link);
  link = Link{};
  link.name = std::move(kept.name);
  link.alias = std::move(kept.alias);
  link.kind = std::move(kept.kind);
  link.altnames = std::move(kept.altnames);
  link.name.clear();
  link.alias.clear();
  link.kind.clear();
  link.altnames.clear();
}

// Counters of 32 bits, of kernels and links without the others.
rtnl_link_stats64 widen(const rtnl_link_stats& narrow) {
  rtnl_link_stats64 wide{};
  std::array<std::uint32_t, sizeof narrow / sizeof(std::uint32_t)> from;
  std::array<std::uint64_t, sizeof wide / sizeof(std::uint64_t)> to{};
  std::memcpy(from.data(), &narrow, sizeof narrow);
  std::copy_n(from.begin(), std::min(from.size(), to.size()), to.begin());
  std::memcpy(&wide, to.data(), sizeof wide);
  return wide;
}

void read(Link& link, const ifinfomsg& info, Attributes attributes) {
  clear(link);
  link.index = info.ifi_index;
  link.iflink = info.ifi_index;
  link.type = info.ifi_type;
  link.flags = info.ifi_flags;
  bool wide = false;
  for (const auto& attribute : attributes) {
    switch (attribute.type) {
      case IFLA_IFNAME:
        link.name = attribute.text();
        break;
      case IFLA_IFALIAS:
        link.alias = attribute.text();
        break;
      case IFLA_ADDRESS:
        link.address.assign(attribute.data);
        break;
      case IFLA_BROADCAST:
        link.broadcast.assign(attribute.data);
        break;
      case IFLA_LINK:
        attribute.read(link.iflink);
        break;
      case IFLA_MTU:
        attribute.read(link.mtu);
        break;
      case IFLA_TXQLEN:
        attribute.read(link.tx_queue_len);
        break;
      case IFLA_GROUP:
        attribute.read(link.group);
        break;
      case IFLA_OPERSTATE:
        attribute.read(link.operstate);
        break;
      case IFLA_LINKMODE:
        attribute.read(link.link_mode);
        break;
      case IFLA_PROTO_DOWN:
        attribute.read(link.proto_down);
        break;
      case IFLA_CARRIER:
        attribute.read(link.carrier);
        break;
      case IFLA_CARRIER_CHANGES:
        attribute.read(link.carrier_changes);
        break;
      case IFLA_CARRIER_UP_COUNT:
        attribute.read(link.carrier_up_count);
        break;
      case IFLA_CARRIER_DOWN_COUNT:
        attribute.read(link.carrier_down_count);
        break;
      case IFLA_PROMISCUITY:
        attribute.read(link.promiscuity);
        break;
      case IFLA_ALLMULTI:
        attribute.read(link.allmulti);
        link.has_allmulti = true;
        break;
      case IFLA_LINKINFO:
        for (const auto& part : Attributes(attribute.data)) {
          if (part.type == IFLA_INFO_KIND) link.kind = part.text();
        }
        break;
      case IFLA_PROP_LIST:
        for (const auto& part : Attributes(attribute.data)) {
          if (part.type == IFLA_ALT_IFNAME) link.altnames.emplace_back(part.text());
        }
        break;
      case IFLA_STATS64:
        link.stats = attribute.partly<rtnl_link_stats64>();
        link.has_stats = wide = true;
        break;
      case IFLA_STATS:
        if (wide) break;
        link.stats = widen(attribute.partly<rtnl_link_stats>());
        link.has_stats = true;
        break;
      default:
        break;
    }
  }
}

}  // namespace

void HardwareAddress::assign(Bytes bytes) {
  size_ = static_cast<std::uint8_t>(std::min(bytes.size(), bytes_.size()));
  std::memcpy(bytes_.data(), bytes.data(), size_);
}

HardwareAddress::Text HardwareAddress::text() const {
  constexpr std::string_view kHex = "0123456789abcdef";
  Text text{};
  for (std::size_t i = 0; i < size_; ++i) {
    if (i > 0) text.chars[text.size++] = ':';
    text.chars[text.size++] = kHex[bytes_[i] >> 4];
    text.chars[text.size++] = kHex[bytes_[i] & 15];
  }
  return text;
}

bool Link::up() const { return (flags & IFF_UP) != 0; }

std::string_view Link::operstate_name() const {
  constexpr std::array<std::string_view, 7> kNames{"unknown", "notpresent", "down", "lowerlayerdown",
                                                   "testing", "dormant",    "up"};
  return operstate < kNames.size() ? kNames[operstate] : kNames[0];
}

std::uint32_t Link::configured_flags() const {
  constexpr std::uint32_t kState = IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT;
  // The kernel reports these two as the user set them; what it acts by is their count.
  auto result = flags & ~(kState | IFF_PROMISC | IFF_ALLMULTI);
  if (promiscuity > 0) result |= IFF_PROMISC;
  if (has_allmulti ? allmulti > 0 : (flags & IFF_ALLMULTI) != 0) result |= IFF_ALLMULTI;
  return result;
}

Result<std::span<const Link>> LinkTable::links(const Scrape& scrape) {
  std::lock_guard lock(mutex_);
  if (!valid_ || serial_ != scrape.serial() || scrape.serial() == 0) {
    valid_ = false;
    if (auto dumped = dump(scrape); !dumped) return fail(dumped);
    serial_ = scrape.serial();
    valid_ = true;
  }
  return std::span<const Link>(links_.data(), count_);
}

std::string_view LinkTable::name(int index) const {
  const auto end = links_.begin() + static_cast<std::ptrdiff_t>(count_);
  const auto found = std::lower_bound(links_.begin(), end, index,
                                      [](const Link& link, int wanted) { return link.index < wanted; });
  return found != end && found->index == index ? std::string_view(found->name) : std::string_view{};
}

Status LinkTable::dump(const Scrape& scrape) {
  const ifinfomsg all{};
  auto done = route_.dump(
      RTM_GETLINK, as_bytes(all), scrape.deadline(), [&] { count_ = 0; },
      [&](const Netlink::Message& message) {
        const auto info = message.header<ifinfomsg>();
        if (message.type != RTM_NEWLINK || !info) return;
        read(next(), *info, message.attributes(sizeof *info));
      });
  if (!done) return done;
  if (links_.size() > 2 * count_ + 64) links_.resize(count_);
  std::sort(links_.begin(), links_.begin() + static_cast<std::ptrdiff_t>(count_),
            [](const Link& a, const Link& b) { return a.index < b.index; });
  return {};
}

Link& LinkTable::next() {
  if (count_ == links_.size()) links_.emplace_back();
  return links_[count_++];
}

}  // namespace exporter::node
