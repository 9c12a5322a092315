// SPDX-License-Identifier: Apache-2.0
// node_network_*: properties of network devices, from /sys/class/net or rtnetlink.
//
// A device has some thirty files in /sys/class/net, and reading them takes the kernel's RTNL lock again and
// again. Where sysfs is the machine's own, one rtnetlink dump gives the same values but for the few that only
// sysfs has.

#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "link_counters.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

constexpr auto kUp = gauge("node_network_up", "1 where the device's operational state is up.", "device");
constexpr auto kInfo = gauge("node_network_info", "1, with the device's texts as labels.", "device",
                             "address", "broadcast", "duplex", "operstate", "adminstate", "ifalias");
constexpr auto kNetlinkInfo = gauge("node_network_info", "1, with the device's texts as labels.", "device",
                                    "address", "broadcast", "duplex", "operstate", "ifalias");
constexpr auto kAltnames =
    gauge("node_network_altnames_info", "1 for each other name of a device.", "altname", "device");
constexpr auto kSpeed =
    gauge("node_network_speed_bytes", "Speed of the link, in bytes per second.", "device");

enum Property : std::uint8_t {
  kAddressAssignType,
  kCarrier,
  kCarrierChanges,
  kCarrierUp,
  kCarrierDown,
  kDeviceId,
  kDormant,
  kFlags,
  kIndex,
  kIndexOfLink,
  kLinkMode,
  kMtu,
  kNameAssignType,
  kGroup,
  kSpeedMegabits,
  kQueueLength,
  kType,
  kProperties,
};

struct PropertyInfo {
  const char* file;
  Metric<1> metric;
};
constexpr std::array<PropertyInfo, kProperties> kTable{{
    {"addr_assign_type",
     gauge("node_network_address_assign_type",
           "Where the address is from: 0 permanent, 1 random, 2 stolen, 3 set.", "device")},
    {"carrier", gauge("node_network_carrier", "1 where the link has a carrier.", "device")},
    {"carrier_changes", counter("node_network_carrier_changes_total", "Changes of the carrier.", "device")},
    {"carrier_up_count",
     counter("node_network_carrier_up_changes_total", "Times the carrier came.", "device")},
    {"carrier_down_count",
     counter("node_network_carrier_down_changes_total", "Times the carrier went.", "device")},
    {"dev_id", gauge("node_network_device_id", "Tells devices with the same address apart.", "device")},
    {"dormant", gauge("node_network_dormant", "1 where the device waits for something before it can be used.",
                      "device")},
    {"flags", gauge("node_network_flags", "The device's flags (IFF_*).", "device")},
    {"ifindex", gauge("node_network_iface_id", "The device's number.", "device")},
    {"iflink", gauge("node_network_iface_link", "The number of the device below or of the peer.", "device")},
    {"link_mode",
     gauge("node_network_iface_link_mode", "The device's link mode: 0 default, 1 dormant.", "device")},
    {"mtu", gauge("node_network_mtu_bytes", "Maximum size of a packet.", "device")},
    {"name_assign_type",
     gauge("node_network_name_assign_type",
           "Where the name is from: 1 kernel, 2 predictable, 3 user, 4 renamed.", "device")},
    {"netdev_group", gauge("node_network_net_dev_group", "The device's group.", "device")},
    {"speed", kSpeed},
    {"tx_queue_len",
     gauge("node_network_transmit_queue_length", "Length of the transmit queue, in packets.", "device")},
    {"type", gauge("node_network_protocol_type", "The device's type (ARPHRD_*).", "device")},
}};

// All families: those of the table, the others, and the counters with --collector.netclass_rtnl.with-stats.
constexpr std::size_t kFamilies = kProperties + 3 + std::size(kLinkCounters);
constexpr std::string_view kDevice[] = {"device"};
constexpr auto kMetrics = [] {
  std::array<MetricInfo, kFamilies> all;
  std::size_t count = 0;
  for (const auto& row : kTable) all[count++] = row.metric;
  all[count++] = kUp;
  all[count++] = kInfo;
  all[count++] = kAltnames;
  for (const auto& row : kLinkCounters) {
    all[count].name = row.name;
    all[count].help = row.help;
    all[count].type = MetricType::kGauge;
    all[count++].labels = kDevice;
  }
  return all;
}();

struct Device {
  std::string name;
  std::string address;
  std::string broadcast;
  std::string duplex;
  std::string operstate;
  std::string alias;
  std::array<std::optional<std::int64_t>, kProperties> values;
  const Link* link = nullptr;  // while the links are held

  void clear() {
    name.clear();
    address.clear();
    broadcast.clear();
    duplex.clear();
    operstate.clear();
    alias.clear();
    values.fill(std::nullopt);
    link = nullptr;
  }
};

struct LinkMode {
  std::string name;
  std::uint32_t speed = 0;
  std::uint8_t duplex = 0;
};

// A number of sysfs: decimal, or hexadecimal behind "0x".
Result<std::int64_t> parse_number(std::string_view text) {
  return text.starts_with("0x") ? parse<std::int64_t>(text.substr(2), 16) : parse<std::int64_t>(text);
}

class Netclass final : public Collector {
 public:
  Netclass(Host& host, Flags& flags)
      : host_(host),
        sys_(host.sysfs()),
        ignored_flag_(flags.text("collector.netclass.ignored-devices", "^$",
                                 "Regexp of network devices to leave out.")),
        ignore_invalid_speed_(
            flags.toggle("collector.netclass.ignore-invalid-speed", false, "Leave out negative speeds.")),
        netlink_(flags.toggle("collector.netclass.netlink", false,
                              "Read only netlink: some labels and values differ.")),
        with_stats_(
            flags.toggle("collector.netclass_rtnl.with-stats", false,
                         "With collector.netclass.netlink: expose the counters too, instead of netdev.")) {}

  Status start() override {
    auto matcher = Matcher::make("--collector.netclass.ignored-devices", *ignored_flag_);
    if (!matcher) return fail(matcher);
    ignored_ = std::move(*matcher);
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    if (*netlink_) return collect_netlink(sink, scrape);
    count_ = 0;
    bool read = false;
    if (host_.own_sysfs()) {
      auto done = read_links(scrape);
      if (!done) return fail(done);
      read = *done;
    }
    if (!read) {
      count_ = 0;
      if (auto done = read_files(scrape); !done) return done;
    }
    write(sink);
    return {};
  }

 private:
  std::span<const Device> devices() const { return {devices_.data(), count_}; }

  Device& next(std::string_view name) {
    if (count_ == devices_.size()) devices_.emplace_back();
    auto& device = devices_[count_++];
    device.clear();
    device.name = name;
    return device;
  }

  std::string_view path(std::string_view device, std::string_view file) {
    path_.assign("class/net/").append(device).append("/").append(file);
    return path_;
  }

  // An attribute that cannot be read (it does not apply, or the device has just gone) is left out.
  void read_number(Device& device, Property property) {
    device.values[property].reset();
    auto text = sys_.value(path(device.name, kTable[property].file));
    if (!text) return;
    if (auto number = parse_number(*text)) device.values[property] = *number;
  }

  void read_text(Device& device, std::string_view file, std::string& to) {
    if (auto text = sys_.value(path(device.name, file))) to = *text;
  }

  // From files alone.

  Status read_files(const Scrape& scrape) {
    auto names = sys_.list("class/net");
    if (!names) return fail(names);
    std::shared_ptr<const Links> links;  // files don't tell a device's kind
    if (host_.links().excludes_kinds()) {
      auto dumped = host_.links().links(scrape);
      if (!dumped) return fail(dumped);
      links = std::move(*dumped);
    }
    for (const auto& name : *names) {
      if (links && links->excluded(name)) continue;
      if (ignored_.matches(name) || !sys_.is_directory("class/net/" + name)) continue;
      auto& device = next(name);
      for (std::uint8_t i = 0; i < kProperties; ++i) read_number(device, Property(i));
      read_text(device, "address", device.address);
      read_text(device, "broadcast", device.broadcast);
      read_text(device, "duplex", device.duplex);
      read_text(device, "operstate", device.operstate);
      read_text(device, "ifalias", device.alias);
    }
    return {};
  }

  // From rtnetlink, and files for the rest.

  // What does not change in a device's life, so that it is read once.
  struct Constants {
    std::string name;
    std::optional<std::int64_t> device_id;
    std::optional<std::int64_t> name_assign_type;
    std::uint64_t serial = 0;
  };

  // False where /sys/class/net shows other devices than netlink does: it was mounted in another network
  // namespace.
  Result<bool> read_links(const Scrape& scrape) {
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    bool changed = constants_.empty();
    for (const auto& link : **links) {
      if (!ignored_.matches(link.name) && !constants_.contains(link.index)) changed = true;
    }
    if ((changed || !same_devices_) && !(same_devices_ = compare_devices(**links))) return false;

    for (const auto& link : **links) {
      if (link.excluded || ignored_.matches(link.name)) continue;
      auto& device = next(link.name);
      from_link(device, link);
      read_constants(device, link, scrape.serial());
      read_number(device, kAddressAssignType);
      if (link.up()) {  // else the kernel does not ask the driver for these; a driver knows both or neither
        read_number(device, kSpeedMegabits);
        if (device.values[kSpeedMegabits]) read_text(device, "duplex", device.duplex);
      }
      if (!link.has_allmulti && (link.flags & IFF_ALLMULTI) == 0) {  // before Linux 6.0 netlink does not tell
        read_number(device, kFlags);
      }
    }
    forget_gone((*links)->size(), scrape.serial());
    return true;
  }

  static void from_link(Device& device, const Link& link) {
    device.address = std::string_view(link.address.text());
    device.broadcast = std::string_view(link.broadcast.text());
    device.operstate = link.operstate_name();
    device.alias = trim(link.alias);
    auto& values = device.values;
    if (link.up()) {
      values[kCarrier] = link.carrier;
      values[kDormant] = (link.flags & IFF_DORMANT) != 0 ? 1 : 0;
    }
    values[kCarrierChanges] = link.carrier_changes;
    values[kCarrierUp] = link.carrier_up_count;
    values[kCarrierDown] = link.carrier_down_count;
    values[kFlags] = link.configured_flags();
    values[kIndex] = link.index;
    values[kIndexOfLink] = link.iflink;
    values[kLinkMode] = link.link_mode;
    values[kMtu] = link.mtu;
    values[kGroup] = link.group;
    values[kQueueLength] = link.tx_queue_len;
    values[kType] = link.type;
  }

  void read_constants(Device& device, const Link& link, std::uint64_t serial) {
    auto& constants = constants_[link.index];
    if (constants.name != link.name || !constants.device_id) {
      read_number(device, kDeviceId);
      read_number(device, kNameAssignType);
      constants = {link.name, device.values[kDeviceId], device.values[kNameAssignType], serial};
    }
    constants.serial = serial;
    device.values[kDeviceId] = constants.device_id;
    device.values[kNameAssignType] = constants.name_assign_type;
  }

  void forget_gone(std::size_t links, std::uint64_t serial) {
    if (constants_.size() <= links + 64) return;
    std::erase_if(constants_, [&](const auto& entry) { return entry.second.serial != serial; });
  }

  bool compare_devices(const Links& links) {
    auto names = sys_.list("class/net");
    if (!names) return false;
    std::vector<std::string_view> known;
    known.reserve(links.size());
    for (const auto& link : links) known.push_back(link.name);
    std::sort(known.begin(), known.end());
    if (!std::includes(names->begin(), names->end(), known.begin(), known.end())) return false;
    return std::all_of(names->begin(), names->end(), [&](const std::string& name) {
      return std::binary_search(known.begin(), known.end(), name) || !sys_.is_directory("class/net/" + name);
    });
  }

  // From netlink where it can be.

  Status collect_netlink(Sink& sink, const Scrape& scrape) {
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    std::vector<LinkMode> modes;
    if (auto done = read_modes(modes, scrape); !done) return done;
    std::sort(modes.begin(), modes.end(),
              [](const LinkMode& a, const LinkMode& b) { return a.name < b.name; });
    count_ = 0;
    for (const auto& link : **links) {
      if (link.excluded || ignored_.matches(link.name)) continue;
      auto& device = next(link.name);
      device.link = &link;
      from_link(device, link);
      auto& values = device.values;
      values[kCarrier] = link.carrier;
      values[kFlags] = link.flags;
      values[kDormant] = link.link_mode;
      if (link.iflink <= 0) values[kIndexOfLink] = link.index;
      read_constants(device, link, scrape.serial());
      read_number(device, kAddressAssignType);
      const auto mode =
          std::lower_bound(modes.begin(), modes.end(), link.name,
                           [](const LinkMode& m, const std::string& name) { return m.name < name; });
      if (mode == modes.end() || mode->name != link.name) continue;
      values[kSpeedMegabits] = mode->speed;
      device.duplex = mode->duplex == DUPLEX_HALF ? "Half" : mode->duplex == DUPLEX_FULL ? "Full" : "Unknown";
    }
    forget_gone((*links)->size(), scrape.serial());
    write(sink);
    auto altnames = sink.family(kAltnames);
    for (const auto& device : devices()) {
      for (const auto& name : device.link->altnames) altnames({name, device.name}, 1);
    }
    if (!*with_stats_) return {};
    for (const auto& column : kLinkCounters) {
      auto family = sink.family(gauge(column.name, column.help, "device"));
      for (const auto& device : devices()) {
        if (device.link->has_stats) family({device.name}, device.link->stats.*column.value);
      }
    }
    return {};
  }

  // Speed and duplex of all devices whose driver knows them.
  Status read_modes(std::vector<LinkMode>& modes, const Scrape& scrape) {
    const genlmsghdr request{ETHTOOL_MSG_LINKMODES_GET, ETHTOOL_GENL_VERSION, 0};
    auto family = ethtool_family(scrape);
    if (!family) return family.error().code == Code::kNoData ? Status{} : fail(family);
    return generic_.dump(
        *family, as_bytes(request), scrape.deadline(), [&] { modes.clear(); },
        [&](const Netlink::Message& message) {
          LinkMode mode;
          for (const auto& attribute : message.attributes(sizeof(genlmsghdr))) {
            switch (attribute.type) {
              case ETHTOOL_A_LINKMODES_SPEED:
                attribute.read(mode.speed);
                break;
              case ETHTOOL_A_LINKMODES_DUPLEX:
                attribute.read(mode.duplex);
                break;
              case ETHTOOL_A_LINKMODES_HEADER:
                for (const auto& part : Attributes(attribute.data)) {
                  if (part.type == ETHTOOL_A_HEADER_DEV_NAME) mode.name = part.text();
                }
                break;
              default:
                break;
            }
          }
          modes.push_back(std::move(mode));
        });
  }

  Result<std::uint16_t> ethtool_family(const Scrape& scrape) {
    if (ethtool_family_ == 0) {
      auto found = generic_.family(ETHTOOL_GENL_NAME, scrape.deadline());
      if (!found) return fail(found);
      ethtool_family_ = *found;
    }
    return ethtool_family_;
  }

  void write(Sink& sink) const {
    auto up = sink.family(kUp);
    for (const auto& device : devices()) up({device.name}, device.operstate == "up" ? 1 : 0);
    if (*netlink_) {
      auto info = sink.family(kNetlinkInfo);
      for (const auto& device : devices()) {
        info({device.name, device.address, device.broadcast, device.duplex, device.operstate, device.alias},
             1);
      }
    } else {
      auto info = sink.family(kInfo);
      for (const auto& device : devices()) {
        const auto& flags = device.values[kFlags];
        const std::string_view admin = !flags ? "unknown" : (*flags & IFF_UP) != 0 ? "up" : "down";
        info({device.name, device.address, device.broadcast, device.duplex, device.operstate, admin,
              device.alias},
             1);
      }
    }
    for (std::uint8_t i = 0; i < kProperties; ++i) {
      auto family = sink.family(kTable[i].metric);
      for (const auto& device : devices()) {
        auto value = device.values[i];
        if (!value) continue;
        if (i == kSpeedMegabits) {
          if (*value < 0 && *ignore_invalid_speed_) continue;
          value = static_cast<std::int64_t>(static_cast<std::uint64_t>(*value) * 1000 * 1000) / 8;
        }
        family({device.name}, *value);
      }
    }
  }

  Host& host_;
  Files sys_;
  const Flag<std::string>& ignored_flag_;
  const Flag<bool>& ignore_invalid_speed_;
  const Flag<bool>& netlink_;
  const Flag<bool>& with_stats_;
  Matcher ignored_;
  Netlink generic_{NETLINK_GENERIC};
  std::uint16_t ethtool_family_ = 0;
  bool same_devices_ = true;
  std::unordered_map<int, Constants> constants_;
  std::vector<Device> devices_;  // the first count_ are in use: the others keep their strings' memory
  std::size_t count_ = 0;
  std::string path_;
};

}  // namespace

extern const CollectorSpec netclass{"Properties of network devices, from /sys/class/net or rtnetlink.",
                                    kMetrics, make<Netclass>};

}  // namespace exporter::node
