// SPDX-License-Identifier: Apache-2.0

#include "links.hpp"

#include <linux/if.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>

namespace exporter::node {

namespace {

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

Link read(const ifinfomsg& info, Attributes attributes) {
  Link link;
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
  return link;
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

Links::Links(std::vector<Link> links) : links_(std::move(links)) {
  std::sort(links_.begin(), links_.end(), [](const Link& a, const Link& b) { return a.index < b.index; });
}

std::string_view Links::name(int index) const {
  const auto found =
      std::lower_bound(begin(), end(), index, [](const Link& l, int wanted) { return l.index < wanted; });
  return found != end() && found->index == index ? std::string_view(found->name) : std::string_view{};
}

bool Links::excluded(std::string_view name) const {
  return std::any_of(begin(), end(), [&](const Link& link) { return link.excluded && link.name == name; });
}

Result<std::shared_ptr<const Links>> LinkTable::links(const Scrape& scrape) {
  std::lock_guard lock(mutex_);
  if (current_ && serial_ == scrape.serial() && serial_ != 0) return current_;
  std::vector<Link> links;
  links.reserve(current_ ? current_->size() + 8 : 32);
  current_.reset();
  const ifinfomsg all{};
  auto done = route_.dump(
      RTM_GETLINK, as_bytes(all), scrape.deadline(), [&] { links.clear(); },
      [&](const Netlink::Message& message) {
        const auto info = message.header<ifinfomsg>();
        if (message.type == RTM_NEWLINK && info)
          links.push_back(read(*info, message.attributes(sizeof *info)));
      });
  if (!done) return fail(done);
  if (!excluded_kinds_.pattern_empty()) {
    for (auto& link : links) link.excluded = excluded_kinds_.matches(link.kind);
  }
  serial_ = scrape.serial();
  current_ = std::make_shared<const Links>(std::move(links));
  return current_;
}

}  // namespace exporter::node
