// SPDX-License-Identifier: Apache-2.0
// node_ethtool_* and node_network_*: what network drivers tell of themselves, by ioctl(SIOCETHTOOL).

#include <linux/ethtool.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_ethtool_info", "1, with the driver's texts as labels.", "bus_info",
                             "device", "driver", "expansion_rom_version", "firmware_version", "version");
constexpr auto kStatistic = untyped("node_ethtool_*", "Counter of a network driver.", "device");
constexpr auto kPort =
    gauge("node_network_supported_port_info", "1 for each kind of port of a device.", "device", "type");
constexpr auto kSupportedSpeed =
    gauge("node_network_supported_speed_bytes", "Speeds that a device supports, in bytes per second.",
          "device", "duplex", "mode");
constexpr auto kAdvertisedSpeed =
    gauge("node_network_advertised_speed_bytes", "Speeds that a device offers, in bytes per second.",
          "device", "duplex", "mode");
constexpr auto kAutonegotiate =
    gauge("node_network_autonegotiate", "1 where a device negotiates its speed.", "device");
constexpr auto kSupportedAutoneg =
    gauge("node_network_autonegotiate_supported", "1 where a device can negotiate.", "device");
constexpr auto kAdvertisedAutoneg =
    gauge("node_network_autonegotiate_advertised", "1 where a device offers to negotiate.", "device");
constexpr auto kSupportedPause =
    gauge("node_network_pause_supported", "1 where a device supports pause frames.", "device");
constexpr auto kAdvertisedPause =
    gauge("node_network_pause_advertised", "1 where a device offers pause frames.", "device");
constexpr auto kSupportedAsymmetric = gauge("node_network_asymmetricpause_supported",
                                            "1 where a device supports pause frames one way.", "device");
constexpr auto kAdvertisedAsymmetric = gauge("node_network_asymmetricpause_advertised",
                                             "1 where a device offers pause frames one way.", "device");
constexpr MetricInfo kMetrics[] = {kInfo,
                                   kStatistic,
                                   kPort,
                                   kSupportedSpeed,
                                   kAdvertisedSpeed,
                                   kAutonegotiate,
                                   kSupportedAutoneg,
                                   kAdvertisedAutoneg,
                                   kSupportedPause,
                                   kAdvertisedPause,
                                   kSupportedAsymmetric,
                                   kAdvertisedAsymmetric};

struct Mode {
  int bit;
  double megabits;
  std::string_view duplex;
  std::string_view name;
};
// Those of the first 32 bits, which is what ETHTOOL_GSET tells.
constexpr Mode kModes[] = {
    {ETHTOOL_LINK_MODE_10baseT_Half_BIT, 10, "half", "10baseT"},
    {ETHTOOL_LINK_MODE_10baseT_Full_BIT, 10, "full", "10baseT"},
    {ETHTOOL_LINK_MODE_100baseT_Half_BIT, 100, "half", "100baseT"},
    {ETHTOOL_LINK_MODE_100baseT_Full_BIT, 100, "full", "100baseT"},
    {ETHTOOL_LINK_MODE_1000baseT_Half_BIT, 1000, "half", "1000baseT"},
    {ETHTOOL_LINK_MODE_1000baseT_Full_BIT, 1000, "full", "1000baseT"},
    {ETHTOOL_LINK_MODE_10000baseT_Full_BIT, 10000, "full", "10000baseT"},
    {ETHTOOL_LINK_MODE_1000baseKX_Full_BIT, 1000, "full", "1000baseKX"},
    {ETHTOOL_LINK_MODE_10000baseKX4_Full_BIT, 10000, "full", "10000baseKX4"},
    {ETHTOOL_LINK_MODE_10000baseKR_Full_BIT, 10000, "full", "10000baseKR"},
    {ETHTOOL_LINK_MODE_10000baseR_FEC_BIT, 10000, "full", "10000baseR_FEC"},
    {ETHTOOL_LINK_MODE_20000baseMLD2_Full_BIT, 20000, "full", "20000baseMLD2"},
    {ETHTOOL_LINK_MODE_20000baseKR2_Full_BIT, 20000, "full", "20000baseKR2"},
    {ETHTOOL_LINK_MODE_40000baseKR4_Full_BIT, 40000, "full", "40000baseKR4"},
    {ETHTOOL_LINK_MODE_40000baseCR4_Full_BIT, 40000, "full", "40000baseCR4"},
    {ETHTOOL_LINK_MODE_40000baseSR4_Full_BIT, 40000, "full", "40000baseSR4"},
    {ETHTOOL_LINK_MODE_40000baseLR4_Full_BIT, 40000, "full", "40000baseLR4"},
    {ETHTOOL_LINK_MODE_56000baseKR4_Full_BIT, 56000, "full", "56000baseKR4"},
    {ETHTOOL_LINK_MODE_56000baseCR4_Full_BIT, 56000, "full", "56000baseCR4"},
    {ETHTOOL_LINK_MODE_56000baseSR4_Full_BIT, 56000, "full", "56000baseSR4"},
    {ETHTOOL_LINK_MODE_56000baseLR4_Full_BIT, 56000, "full", "56000baseLR4"},
    {ETHTOOL_LINK_MODE_25000baseCR_Full_BIT, 25000, "full", "25000baseCR"},
};
constexpr struct {
  int bit;
  std::string_view type;
} kPorts[] = {
    {ETHTOOL_LINK_MODE_TP_BIT, "TP"},   {ETHTOOL_LINK_MODE_AUI_BIT, "AUI"},
    {ETHTOOL_LINK_MODE_MII_BIT, "MII"}, {ETHTOOL_LINK_MODE_FIBRE_BIT, "FIBRE"},
    {ETHTOOL_LINK_MODE_BNC_BIT, "BNC"}, {ETHTOOL_LINK_MODE_Backplane_BIT, "Backplane"},
};

// Counters with names of their own.
constexpr struct {
  std::string_view counter;
  std::string_view family;
} kFixed[] = {
    {"rx_bytes", "node_ethtool_received_bytes_total"},
    {"rx_dropped", "node_ethtool_received_dropped_total"},
    {"rx_errors", "node_ethtool_received_errors_total"},
    {"rx_packets", "node_ethtool_received_packets_total"},
    {"tx_bytes", "node_ethtool_transmitted_bytes_total"},
    {"tx_errors", "node_ethtool_transmitted_errors_total"},
    {"tx_packets", "node_ethtool_transmitted_packets_total"},
};

constexpr std::uint32_t bit(int number) { return std::uint32_t{1} << number; }

constexpr bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Runs of anything but letters, digits and '_' become one '_', and swallow those beside them.
std::string sanitized(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size();) {
    if (is_word(name[i])) {
      result += name[i++];
      continue;
    }
    while (!result.empty() && result.back() == '_') result.pop_back();
    while (i < name.size() && !is_word(name[i])) ++i;
    while (i < name.size() && name[i] == '_') ++i;
    result += '_';
  }
  return result;
}

// The word between underscores or at an end; one that shares its underscore with the one before stays.
std::string replace_word(std::string_view name, std::string_view word, std::string_view with) {
  std::string result;
  std::size_t from = 0;
  while (from <= name.size()) {
    const auto at = name.find(word, from);
    if (at == std::string_view::npos) break;
    const auto end = at + word.size();
    // `from` may stand behind an underscore that a match has taken: that one does not count.
    const bool begins = at == 0 || (at > from && name[at - 1] == '_');
    const bool ends = end == name.size() || name[end] == '_';
    if (begins && ends) {
      result.append(name.substr(from, at - from)).append(with);
      from = end;
      if (end < name.size()) {
        result += '_';
        ++from;
      }
      if (end == name.size()) return result;
    } else {
      result.append(name.substr(from, at + 1 - from));
      from = at + 1;
    }
  }
  return result.append(name.substr(from));
}

// A driver's texts are arrays, with '\0' where there is room.
template <std::size_t N>
std::string_view text(const char (&array)[N]) {
  return {array, strnlen(array, N)};
}

class Ethtool final : public Collector {
 public:
  Ethtool(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        include_(flags.text("collector.ethtool.device-include", "", "Regexp of network devices to include.")),
        exclude_(
            flags.text("collector.ethtool.device-exclude", "", "Regexp of network devices to leave out.")),
        metrics_flag_(
            flags.text("collector.ethtool.metrics-include", ".*", "Regexp of the counters to expose.")) {}

  Status start() override {
    auto filter = NameFilter::make("--collector.ethtool.device-include", *include_,
                                   "--collector.ethtool.device-exclude", *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    auto metrics = Matcher::make("--collector.ethtool.metrics-include", *metrics_flag_);
    if (!metrics) return fail(metrics);
    metrics_ = std::move(*metrics);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto names = sys_.list("class/net");
    if (!names) return fail(names);
    if (!socket_) {
      socket_.reset(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      if (!socket_) return std::unexpected(errno_error("socket", "ethtool", errno));
    }
    std::size_t devices = 0;
    for (const auto& name : *names) {
      if (!sys_.is_directory("class/net/" + name)) continue;
      ++devices;
      if (!filter_.passes(name)) continue;
      write_link(sink, name);
      write_info(sink, name);
      write_statistics(sink, name);
    }
    if (devices == 0) return fail(Code::kUnavailable, "no network devices found");
    return {};
  }

 private:
  // False where the driver does not know the command, or the device is gone.
  bool ask(std::string_view device, void* request) const {
    ifreq wanted{};
    device.copy(wanted.ifr_name, IFNAMSIZ - 1);
    wanted.ifr_data = static_cast<char*>(request);
    return ::ioctl(socket_.get(), SIOCETHTOOL, &wanted) == 0;
  }

  void write_link(Sink& sink, std::string_view device) const {
    ethtool_cmd link{};
    link.cmd = ETHTOOL_GSET;
    if (!ask(device, &link)) return;
    write_speeds(sink, kSupportedSpeed, device, link.supported);
    write_speeds(sink, kAdvertisedSpeed, device, link.advertising);
    for (const auto& port : kPorts) {
      if (link.supported & bit(port.bit)) sink(kPort, {device, port.type}, 1);
    }
    const auto flag = [&](const Metric<1>& metric, std::uint32_t modes, int number) {
      sink(metric, {device}, modes & bit(number) ? 1 : 0);
    };
    flag(kSupportedAutoneg, link.supported, ETHTOOL_LINK_MODE_Autoneg_BIT);
    flag(kSupportedPause, link.supported, ETHTOOL_LINK_MODE_Pause_BIT);
    flag(kSupportedAsymmetric, link.supported, ETHTOOL_LINK_MODE_Asym_Pause_BIT);
    flag(kAdvertisedAutoneg, link.advertising, ETHTOOL_LINK_MODE_Autoneg_BIT);
    flag(kAdvertisedPause, link.advertising, ETHTOOL_LINK_MODE_Pause_BIT);
    flag(kAdvertisedAsymmetric, link.advertising, ETHTOOL_LINK_MODE_Asym_Pause_BIT);
    sink(kAutonegotiate, {device}, link.autoneg);
  }

  static void write_speeds(Sink& sink, const Metric<3>& metric, std::string_view device,
                           std::uint32_t modes) {
    constexpr double kBytesPerMegabit = 1e6 / 8;
    for (const auto& mode : kModes) {
      if (modes & bit(mode.bit))
        sink(metric, {device, mode.duplex, mode.name}, mode.megabits * kBytesPerMegabit);
    }
  }

  void write_info(Sink& sink, std::string_view device) const {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    if (!ask(device, &info)) return;
    sink(kInfo,
         {text(info.bus_info), device, text(info.driver), text(info.erom_version), text(info.fw_version),
          text(info.version)},
         1);
  }

  void write_statistics(Sink& sink, std::string_view device) {
    const auto count = count_statistics(device);
    if (count == 0) return;
    // The kernel writes as many as the driver has by then, whatever was asked for: there is room for more of
    // them.
    strings_.assign(sizeof(ethtool_gstrings) + (count + kSpare) * ETH_GSTRING_LEN, '\0');
    values_.assign(1 + count + kSpare, 0);
    const ethtool_gstrings wanted{ETHTOOL_GSTRINGS, ETH_SS_STATS, count};
    std::memcpy(strings_.data(), &wanted, sizeof wanted);
    const ethtool_stats request{ETHTOOL_GSTATS, count};
    std::memcpy(values_.data(), &request, sizeof request);
    if (!ask(device, strings_.data()) || !ask(device, values_.data())) return;
    ethtool_gstrings got{};
    ethtool_stats got_values{};
    std::memcpy(&got, strings_.data(), sizeof got);
    std::memcpy(&got_values, values_.data(), sizeof got_values);
    if (got.len != count || got_values.n_stats != count)
      return;  // changed meanwhile: names and values do not fit

    // Two counters can come to the same name: then neither is exposed.
    samples_.clear();
    uses_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      const char* at = strings_.data() + sizeof(ethtool_gstrings) + std::size_t{i} * ETH_GSTRING_LEN;
      const auto* name = family_name({at, strnlen(at, ETH_GSTRING_LEN)});
      if (name->empty()) continue;
      samples_.emplace_back(name, values_[1 + i]);
      ++uses_[*name];
    }
    for (const auto& [name, value] : samples_) {
      if (uses_[*name] == 1) sink(untyped(*name, kStatistic.help, "device"), {device}, value);
    }
  }

  std::uint32_t count_statistics(std::string_view device) const {
    constexpr std::uint32_t kMost = 32768;
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    if (!ask(device, &info)) return 0;
    return info.n_stats > kMost ? 0 : info.n_stats;
  }

  // Empty where it is not to be exposed. Counters' names are few, so all are kept.
  const std::string* family_name(std::string_view counter) {
    auto [entry, added] = names_.try_emplace(std::string(counter));
    if (!added) return &entry->second;
    const auto clean = sanitized(counter);
    if (!metrics_.matches(clean)) return &entry->second;
    for (const auto& fixed : kFixed) {
      if (clean == fixed.counter) entry->second = fixed.family;
    }
    if (!entry->second.empty()) return &entry->second;
    std::string lower;
    for (const char c : clean) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    lower.erase(0, std::min(lower.find_first_not_of('_'), lower.size()));
    entry->second =
        "node_ethtool_" + replace_word(replace_word(lower, "rx", "received"), "tx", "transmitted");
    return &entry->second;
  }

  static constexpr std::uint32_t kSpare = 512;

  Files sys_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  const Flag<std::string>& metrics_flag_;
  NameFilter filter_;
  Matcher metrics_;
  Fd socket_;
  std::unordered_map<std::string, std::string> names_;
  std::vector<char> strings_;
  std::vector<std::uint64_t> values_;
  std::vector<std::pair<const std::string*, std::uint64_t>> samples_;
  std::unordered_map<std::string_view, int> uses_;
};

}  // namespace

extern const CollectorSpec ethtool{"What network drivers tell, by ethtool's ioctl.", kMetrics, make<Ethtool>};

}  // namespace exporter::node
