// SPDX-License-Identifier: Apache-2.0
// node_wifi_*: wireless interfaces and the stations they talk to, from the kernel's nl80211 (generic
// netlink).

#include <linux/genetlink.h>
#include <linux/nl80211.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "collector_spec.hpp"
#include "fixture_json.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

constexpr auto kFrequency =
    gauge("node_wifi_interface_frequency_hertz", "Frequency of an interface, in hertz.", "device");
constexpr auto kInfo = gauge("node_wifi_station_info", "1 for the network an interface belongs to.", "bssid",
                             "device", "mode", "ssid");

struct Network {
  HardwareAddress address;
  std::string name;
  std::uint32_t status = 0;
};

struct Station {
  HardwareAddress address;
  std::uint64_t connected_ns = 0, inactive_ns = 0;
  std::uint64_t received_bytes = 0, sent_bytes = 0;
  std::uint64_t receive_rate = 0, send_rate = 0;  // bits per second
  std::uint32_t received_packets = 0, sent_packets = 0;
  std::uint32_t retries = 0, failed = 0, beacon_loss = 0;
  int signal = 0;
};

struct Interface {
  std::string name;
  std::uint32_t index = 0;
  std::uint32_t megahertz = 0;
};

// Whole seconds and the rest are added up last, as Go does: the digits depend on it.
double seconds(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return static_cast<double>(nanoseconds / kSecond) + static_cast<double>(nanoseconds % kSecond) / 1e9;
}

struct Column {
  Metric<2> metric;
  Value (*value)(const Station&);
};
constexpr Column kColumns[] = {
    {counter("node_wifi_station_connected_seconds_total", "Time that a station is connected, in seconds.",
             "device", "mac_address"),
     [](const Station& s) { return Value(seconds(s.connected_ns)); }},
    {gauge("node_wifi_station_inactive_seconds", "Time since a station's last activity, in seconds.",
           "device", "mac_address"),
     [](const Station& s) { return Value(seconds(s.inactive_ns)); }},
    {gauge("node_wifi_station_receive_bits_per_second", "Rate of receiving from a station.", "device",
           "mac_address"),
     [](const Station& s) { return Value(s.receive_rate); }},
    {gauge("node_wifi_station_transmit_bits_per_second", "Rate of sending to a station.", "device",
           "mac_address"),
     [](const Station& s) { return Value(s.send_rate); }},
    {counter("node_wifi_station_receive_bytes_total", "Bytes received from a station.", "device",
             "mac_address"),
     [](const Station& s) { return Value(s.received_bytes); }},
    {counter("node_wifi_station_transmit_bytes_total", "Bytes sent to a station.", "device", "mac_address"),
     [](const Station& s) { return Value(s.sent_bytes); }},
    {counter("node_wifi_station_received_packets_total", "Packets received from a station.", "device",
             "mac_address"),
     [](const Station& s) { return Value(s.received_packets); }},
    {counter("node_wifi_station_transmitted_packets_total", "Packets sent to a station.", "device",
             "mac_address"),
     [](const Station& s) { return Value(s.sent_packets); }},
    {gauge("node_wifi_station_signal_dbm", "Signal of a station, in dBm.", "device", "mac_address"),
     [](const Station& s) { return Value(s.signal); }},
    {counter("node_wifi_station_transmit_retries_total", "Packets sent again to a station.", "device",
             "mac_address"),
     [](const Station& s) { return Value(s.retries); }},
    {counter("node_wifi_station_transmit_failed_total", "Packets that could not be sent to a station.",
             "device", "mac_address"),
     [](const Station& s) { return Value(s.failed); }},
    {counter("node_wifi_station_beacon_loss_total", "Beacons of a station that were missed.", "device",
             "mac_address"),
     [](const Station& s) { return Value(s.beacon_loss); }},
};
constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kColumns) + 2> all;
  std::size_t count = 0;
  all[count++] = kFrequency;
  all[count++] = kInfo;
  for (const auto& column : kColumns) all[count++] = column.metric;
  return all;
}();

std::string_view mode(std::uint32_t status) {
  switch (status) {
    case NL80211_BSS_STATUS_AUTHENTICATED:
    case NL80211_BSS_STATUS_ASSOCIATED:
      return "client";
    case NL80211_BSS_STATUS_IBSS_JOINED:
      return "ad-hoc";
    default:
      return "unknown";
  }
}

// Where the answers come from: the kernel, or files in tests.
class Source {
 public:
  virtual ~Source() = default;
  virtual Status interfaces(std::vector<Interface>& to, const Scrape& scrape) = 0;
  /// The networks that the interface uses: one or none. What an interface does not have is no error.
  virtual Status networks(const Interface& of, std::vector<Network>& to, const Scrape& scrape) = 0;
  virtual Status stations(const Interface& of, std::vector<Station>& to, const Scrape& scrape) = 0;
};

class KernelSource final : public Source {
 public:
  Status interfaces(std::vector<Interface>& to, const Scrape& scrape) override {
    if (family_ == 0) {
      auto family = generic_.family(NL80211_GENL_NAME, scrape.deadline());
      if (!family) return fail(family);
      family_ = *family;
    }
    const genlmsghdr request{NL80211_CMD_GET_INTERFACE, 1, 0};
    return generic_.dump(
        family_, as_bytes(request), scrape.deadline(), [&] { to.clear(); },
        [&](const Netlink::Message& message) {
          auto& interface = to.emplace_back();
          for (const auto& attribute : message.attributes(sizeof(genlmsghdr))) {
            if (attribute.type == NL80211_ATTR_IFINDEX) attribute.read(interface.index);
            if (attribute.type == NL80211_ATTR_IFNAME) interface.name = attribute.text();
            if (attribute.type == NL80211_ATTR_WIPHY_FREQ) attribute.read(interface.megahertz);
          }
        });
  }

  Status networks(const Interface& of, std::vector<Network>& to, const Scrape& scrape) override {
    return dump(NL80211_CMD_GET_SCAN, of, scrape, to,
                [](const Attribute& attribute, std::vector<Network>& found) {
                  if (attribute.type != NL80211_ATTR_BSS) return;
                  Network network;
                  bool used = false;  // all others were only seen
                  for (const auto& part : Attributes(attribute.data)) {
                    if (part.type == NL80211_BSS_BSSID) network.address.assign(part.data);
                    if (part.type == NL80211_BSS_INFORMATION_ELEMENTS) read_name(network, part.data);
                    if (part.type == NL80211_BSS_STATUS) {
                      part.read(network.status);
                      used = true;
                    }
                  }
                  if (used) found.push_back(std::move(network));
                });
  }

  Status stations(const Interface& of, std::vector<Station>& to, const Scrape& scrape) override {
    return dump(NL80211_CMD_GET_STATION, of, scrape, to,
                [](const Attribute& attribute, std::vector<Station>& found) {
                  if (attribute.type == NL80211_ATTR_MAC) found.emplace_back().address.assign(attribute.data);
                  if (attribute.type == NL80211_ATTR_STA_INFO && !found.empty())
                    read_station(found.back(), attribute.data);
                });
  }

 private:
  template <class T>
  Status dump(std::uint8_t command, const Interface& of, const Scrape& scrape, std::vector<T>& to,
              void (*read)(const Attribute&, std::type_identity_t<std::vector<T>>&)) {
    struct {
      genlmsghdr header;
      nlattr attribute{NLA_HDRLEN + sizeof(std::uint32_t), NL80211_ATTR_IFINDEX};
      std::uint32_t index;
    } request{{command, 1, 0}, {NLA_HDRLEN + sizeof(std::uint32_t), NL80211_ATTR_IFINDEX}, of.index};
    auto done = generic_.dump(
        family_, as_bytes(request), scrape.deadline(), [&] { to.clear(); },
        [&](const Netlink::Message& message) {
          for (const auto& attribute : message.attributes(sizeof(genlmsghdr))) read(attribute, to);
        });
    if (done || done.error().code == Code::kTimeout) return done;
    to.clear();  // this kind of interface does not know such a thing
    return {};
  }

  // Information elements: an id, a length and as many bytes; the name has the id 0.
  static void read_name(Network& network, Bytes elements) {
    while (elements.size() >= 2) {
      const auto id = std::to_integer<unsigned>(elements[0]);
      const auto length = std::to_integer<std::size_t>(elements[1]);
      if (length > elements.size() - 2) return;
      if (id == 0) {
        const std::string_view name(reinterpret_cast<const char*>(elements.data()) + 2, length);
        std::string scratch;
        network.name = valid_utf8(name, scratch);
        return;
      }
      elements = elements.subspan(length + 2);
    }
  }

  static std::uint64_t read_rate(Bytes data) {
    constexpr std::uint64_t kUnit = 100'000;  // bits per second
    std::uint32_t rate = 0;
    std::uint16_t old_rate = 0;
    for (const auto& part : Attributes(data)) {
      if (part.type == NL80211_RATE_INFO_BITRATE32) part.read(rate);
      if (part.type == NL80211_RATE_INFO_BITRATE) part.read(old_rate);
    }
    return (rate != 0 ? rate : old_rate) * kUnit;
  }

  static void read_station(Station& station, Bytes data) {
    std::uint32_t connected_s = 0;
    std::uint32_t inactive_ms = 0;
    std::uint32_t received = 0;
    std::uint32_t sent = 0;
    std::int8_t signal = 0;
    for (const auto& part : Attributes(data)) {
      switch (part.type) {
        case NL80211_STA_INFO_CONNECTED_TIME:
          part.read(connected_s);
          break;
        case NL80211_STA_INFO_INACTIVE_TIME:
          part.read(inactive_ms);
          break;
        case NL80211_STA_INFO_RX_BYTES:
          part.read(received);
          break;
        case NL80211_STA_INFO_TX_BYTES:
          part.read(sent);
          break;
        case NL80211_STA_INFO_RX_BYTES64:
          part.read(station.received_bytes);
          break;
        case NL80211_STA_INFO_TX_BYTES64:
          part.read(station.sent_bytes);
          break;
        case NL80211_STA_INFO_RX_PACKETS:
          part.read(station.received_packets);
          break;
        case NL80211_STA_INFO_TX_PACKETS:
          part.read(station.sent_packets);
          break;
        case NL80211_STA_INFO_SIGNAL:
          part.read(signal);
          break;
        case NL80211_STA_INFO_TX_RETRIES:
          part.read(station.retries);
          break;
        case NL80211_STA_INFO_TX_FAILED:
          part.read(station.failed);
          break;
        case NL80211_STA_INFO_BEACON_LOSS:
          part.read(station.beacon_loss);
          break;
        case NL80211_STA_INFO_RX_BITRATE:
          station.receive_rate = read_rate(part.data);
          break;
        case NL80211_STA_INFO_TX_BITRATE:
          station.send_rate = read_rate(part.data);
          break;
        default:
          break;
      }
    }
    station.connected_ns = connected_s * std::uint64_t{1'000'000'000};
    station.inactive_ns = inactive_ms * std::uint64_t{1'000'000};
    station.signal = signal;
    if (station.received_bytes == 0) station.received_bytes = received;
    if (station.sent_bytes == 0) station.sent_bytes = sent;
  }

  Netlink generic_{NETLINK_GENERIC};
  std::uint16_t family_ = 0;
};

class FixtureSource final : public Source {
 public:
  explicit FixtureSource(const std::string& folder) : files_(folder) {}

  Status interfaces(std::vector<Interface>& to, const Scrape&) override {
    auto objects = read("interfaces.json");
    if (!objects) return fail(objects);
    for (const auto& object : *objects) {
      to.push_back({std::string(object.text("name")), number<std::uint32_t>(object, "index"),
                    number<std::uint32_t>(object, "frequency")});
    }
    return {};
  }

  Status networks(const Interface& of, std::vector<Network>& to, const Scrape&) override {
    auto objects = read(of.name + "/bss.json");
    if (!objects) return objects.error().code == Code::kNoData ? Status{} : fail(objects);
    for (const auto& object : *objects) {
      auto& network = to.emplace_back();
      network.address = address(object, "bssid");
      network.name = object.text("ssid");
      network.status = number<std::uint32_t>(object, "status");
      // The files number the states as the library does that they come from.
      constexpr std::uint32_t kLibraryIbss = 3;
      if (network.status == NL80211_BSS_STATUS_IBSS_JOINED) {
        network.status = kLibraryIbss;
      } else if (network.status == kLibraryIbss) {
        network.status = NL80211_BSS_STATUS_IBSS_JOINED;
      }
    }
    return {};
  }

  Status stations(const Interface& of, std::vector<Station>& to, const Scrape&) override {
    auto objects = read(of.name + "/stationinfo.json");
    if (!objects) return objects.error().code == Code::kNoData ? Status{} : fail(objects);
    for (const auto& object : *objects) {
      Station station;
      station.address = address(object, "hardwareaddr");
      station.connected_ns = number<std::uint64_t>(object, "connected");
      station.inactive_ns = number<std::uint64_t>(object, "inactive");
      station.received_bytes = number<std::uint64_t>(object, "receivedbytes");
      station.sent_bytes = number<std::uint64_t>(object, "transmittedbytes");
      station.received_packets = number<std::uint32_t>(object, "receivedpackets");
      station.sent_packets = number<std::uint32_t>(object, "transmittedpackets");
      station.receive_rate = number<std::uint64_t>(object, "receivebitrate");
      station.send_rate = number<std::uint64_t>(object, "transmitbitrate");
      station.signal = number<int>(object, "signal");
      station.retries = number<std::uint32_t>(object, "transmitretries");
      station.failed = number<std::uint32_t>(object, "transmitfailed");
      station.beacon_loss = number<std::uint32_t>(object, "beaconloss");
      to.push_back(station);
    }
    return {};
  }

 private:
  Result<std::vector<FixtureObject>> read(const std::string& path) {
    auto text = files_.read(path);
    if (!text) return fail(text);
    auto objects = parse_fixture(*text);
    if (!objects) return std::unexpected(files_.malformed(path, objects.error().message));
    return objects;
  }

  template <class T>
  static T number(const FixtureObject& object, std::string_view key) {
    return parse<T>(object.text(key)).value_or(0);
  }

  static HardwareAddress address(const FixtureObject& object, std::string_view key) {
    const auto bytes = object.bytes(key);
    HardwareAddress result;
    result.assign(std::as_bytes(std::span(bytes)));
    return result;
  }

  Files files_;
};

class Wifi final : public Collector {
 public:
  Wifi(Host&, Flags& flags)
      : fixtures_(flags.text("collector.wifi.fixtures", "", "Folder with JSON files, for tests.")) {}

  Status start() override {
    if (fixtures_->empty()) {
      source_ = std::make_unique<KernelSource>();
    } else {
      source_ = std::make_unique<FixtureSource>(*fixtures_);
    }
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    std::vector<Interface> interfaces;
    if (auto done = source_->interfaces(interfaces, scrape); !done) return done;
    for (const auto& interface : interfaces) {
      if (interface.name.empty()) continue;  // some virtual ones
      sink(kFrequency, {interface.name}, static_cast<double>(interface.megahertz) * 1000 * 1000);
      std::vector<Network> networks;
      if (auto done = source_->networks(interface, networks, scrape); !done) return done;
      for (const auto& network : std::span(networks).first(std::min<std::size_t>(networks.size(), 1))) {
        sink(kInfo, {network.address.text(), interface.name, mode(network.status), network.name}, 1);
      }
      std::vector<Station> stations;
      if (auto done = source_->stations(interface, stations, scrape); !done) return done;
      for (const auto& column : kColumns) {
        auto family = sink.family(column.metric);
        for (const auto& station : stations)
          family({interface.name, station.address.text()}, column.value(station));
      }
    }
    return {};
  }

 private:
  const Flag<std::string>& fixtures_;
  std::unique_ptr<Source> source_;
};

}  // namespace

extern const CollectorSpec wifi{"Wireless interfaces and stations, from nl80211.", kMetrics, make<Wifi>};

}  // namespace exporter::node
