// SPDX-License-Identifier: Apache-2.0
// node_network_{receive,transmit}_*_total: traffic and error counters of each network device, from rtnetlink
// or /proc/net/dev.

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "ip_text.hpp"
#include "link_counters.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

using Stats = rtnl_link_stats64;

struct Column {
  std::string_view name;
  std::string_view help;
  __u64 (*value)(const Stats&);
};

// As /proc/net/dev has them, which sums some of the kernel's counters.
constexpr Column kColumns[] = {
    {"node_network_receive_bytes_total", "Bytes received.", [](const Stats& s) { return s.rx_bytes; }},
    {"node_network_receive_packets_total", "Packets received.", [](const Stats& s) { return s.rx_packets; }},
    {"node_network_receive_errs_total", "Receive errors.", [](const Stats& s) { return s.rx_errors; }},
    {"node_network_receive_drop_total", "Received packets dropped or missed.",
     [](const Stats& s) { return s.rx_dropped + s.rx_missed_errors; }},
    {"node_network_receive_fifo_total", "Receive FIFO overruns.",
     [](const Stats& s) { return s.rx_fifo_errors; }},
    {"node_network_receive_frame_total", "Receive errors: framing, length, overrun, CRC.",
     [](const Stats& s) {
       return s.rx_frame_errors + s.rx_length_errors + s.rx_over_errors + s.rx_crc_errors;
     }},
    {"node_network_receive_compressed_total", "Compressed packets received.",
     [](const Stats& s) { return s.rx_compressed; }},
    {"node_network_receive_multicast_total", "Multicast packets received.",
     [](const Stats& s) { return s.multicast; }},
    {"node_network_transmit_bytes_total", "Bytes sent.", [](const Stats& s) { return s.tx_bytes; }},
    {"node_network_transmit_packets_total", "Packets sent.", [](const Stats& s) { return s.tx_packets; }},
    {"node_network_transmit_errs_total", "Transmit errors.", [](const Stats& s) { return s.tx_errors; }},
    {"node_network_transmit_drop_total", "Packets dropped instead of sent.",
     [](const Stats& s) { return s.tx_dropped; }},
    {"node_network_transmit_fifo_total", "Transmit FIFO errors.",
     [](const Stats& s) { return s.tx_fifo_errors; }},
    {"node_network_transmit_colls_total", "Collisions while sending.",
     [](const Stats& s) { return s.collisions; }},
    {"node_network_transmit_carrier_total", "Transmit errors: carrier, aborted, heartbeat, window.",
     [](const Stats& s) {
       return s.tx_carrier_errors + s.tx_aborted_errors + s.tx_heartbeat_errors + s.tx_window_errors;
     }},
    {"node_network_transmit_compressed_total", "Compressed packets sent.",
     [](const Stats& s) { return s.tx_compressed; }},
    // Not in /proc/net/dev:
    {"node_network_receive_nohandler_total", "Packets received on an inactive device.",
     [](const Stats& s) { return s.rx_nohandler; }},
};
constexpr std::size_t kProcColumns = std::size(kColumns) - 1;

// What --no-collector.netdev.netlink has with detailed names: /proc/net/dev's sums do not change theirs.
constexpr struct {
  std::string_view plain;
  std::string_view detailed;
} kProcRenames[] = {
    {"node_network_receive_errs_total", "node_network_receive_errors_total"},
    {"node_network_receive_drop_total", "node_network_receive_dropped_total"},
    {"node_network_transmit_errs_total", "node_network_transmit_errors_total"},
    {"node_network_transmit_drop_total", "node_network_transmit_dropped_total"},
};

constexpr auto kAddress =
    gauge("node_network_address_info", "1 for each address of a device; netmask is the prefix length.",
          "device", "address", "netmask", "scope");

constexpr std::string_view kDevice[] = {"device"};

// All names, those of both forms once.
struct Metrics {
  std::array<MetricInfo, std::size(kColumns) + std::size(kLinkCounters) + 1> all;
  std::size_t count = 0;
};
constexpr Metrics kMetrics = [] {
  Metrics metrics;
  auto add = [&](std::string_view name, std::string_view help) {
    for (std::size_t i = 0; i < metrics.count; ++i) {
      if (metrics.all[i].name == name) return;
    }
    auto& info = metrics.all[metrics.count++];
    info.name = name;
    info.help = help;
    info.type = MetricType::kCounter;
    info.labels = kDevice;
  };
  for (const auto& column : kColumns) add(column.name, column.help);
  for (const auto& column : kLinkCounters) add(column.name, column.help);
  metrics.all[metrics.count++] = kAddress;
  return metrics;
}();

class Netdev final : public Collector {
 public:
  Netdev(Host& host, Flags& flags)
      : host_(host),
        proc_(host.procfs()),
        sys_(host.sysfs()),
        include_(flags
                     .text("collector.netdev.device-include", "",
                           "Regexp of network devices to include (not together with device-exclude).")
                     .alias("collector.netdev.device-whitelist")),
        exclude_(flags
                     .text("collector.netdev.device-exclude", "",
                           "Regexp of network devices to leave out (not together with device-include).")
                     .alias("collector.netdev.device-blacklist")),
        address_info_(
            flags.toggle("collector.netdev.address-info", false, "Expose the addresses of each device.")),
        detailed_(flags.toggle("collector.netdev.enable-detailed-metrics", false,
                               "Use other metric names, which give more detail.")),
        netlink_(flags.toggle("collector.netdev.netlink", true, "Read rtnetlink instead of /proc/net/dev.")),
        label_ifalias_(flags.toggle("collector.netdev.label-ifalias", false, "Add the label ifalias.")) {}

  Status start() override {
    if (!include_->empty() && !exclude_->empty()) {
      return fail(Code::kInvalid, "device-exclude & device-include are mutually exclusive");
    }
    auto filter = NameFilter::make("--collector.netdev.device-include", *include_,
                                   "--collector.netdev.device-exclude", *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    std::shared_ptr<const Links> links;
    auto read = *netlink_ ? read_netlink(scrape, links) : read_proc();
    if (!read) return read;
    if (!*netlink_) {
      for (std::size_t i = 0; i < kProcColumns; ++i)
        write(sink, proc_name(kColumns[i].name), kColumns[i].help, kColumns[i].value);
    } else if (*detailed_) {
      for (const auto& column : kLinkCounters) {
        write(sink, column.name, column.help, [&](const Stats& stats) { return stats.*column.value; });
      }
    } else {
      for (const auto& column : kColumns) write(sink, column.name, column.help, column.value);
    }
    return *address_info_ ? write_addresses(sink, scrape) : Status{};
  }

 private:
  struct Device {
    std::string_view name;
    std::string alias;
    const Stats* stats;
  };

  // The devices' names and numbers stay in `keep`.
  Status read_netlink(const Scrape& scrape, std::shared_ptr<const Links>& keep) {
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    keep = std::move(*links);
    devices_.clear();
    for (const auto& link : *keep) {
      if (!link.has_stats || link.excluded || !filter_.passes(link.name)) continue;
      devices_.push_back({link.name, *label_ifalias_ ? alias(link) : std::string(), &link.stats});
    }
    return {};
  }

  Status read_proc() {
    auto text = proc_.read("net/dev", text_);
    if (!text) return fail(text);
    devices_.clear();
    parsed_.clear();
    std::size_t number = 0;
    for (auto line : Lines(*text)) {
      if (++number <= 2) continue;  // the headings
      const auto colon = line.rfind(':');
      if (colon == std::string_view::npos)
        return std::unexpected(proc_.malformed("net/dev", "a line has no colon"));
      const auto name = trim(line.substr(0, colon));
      if (name.empty()) return std::unexpected(proc_.malformed("net/dev", "a line has no device"));
      auto stats = parse_line(line.substr(colon + 1));
      if (!stats) return std::unexpected(proc_.malformed("net/dev", stats.error().message));
      if (!filter_.passes(name)) continue;
      parsed_.push_back(*stats);
      devices_.push_back({name, *label_ifalias_ ? alias_file(name) : std::string(), nullptr});
    }
    for (std::size_t i = 0; i < devices_.size(); ++i) devices_[i].stats = &parsed_[i];
    return {};
  }

  static Result<Stats> parse_line(std::string_view line) {
    Stats s{};
    Fields fields(line);
    for (auto* member :
         {&s.rx_bytes, &s.rx_packets, &s.rx_errors, &s.rx_dropped, &s.rx_fifo_errors, &s.rx_frame_errors,
          &s.rx_compressed, &s.multicast, &s.tx_bytes, &s.tx_packets, &s.tx_errors, &s.tx_dropped,
          &s.tx_fifo_errors, &s.collisions, &s.tx_carrier_errors, &s.tx_compressed}) {
      auto number = parse<std::uint64_t>(fields.next());
      if (!number) return fail(number);
      *member = *number;
    }
    return s;
  }

  std::string_view proc_name(std::string_view name) const {
    if (!*detailed_) return name;
    for (const auto& rename : kProcRenames) {
      if (name == rename.plain) return rename.detailed;
    }
    return name;
  }

  template <class F>
  void write(Sink& sink, std::string_view name, std::string_view help, F value) const {
    if (*label_ifalias_) {
      auto family = sink.family(counter(name, help, "device", "ifalias"));
      for (const auto& device : devices_) family({device.name, device.alias}, value(*device.stats));
    } else {
      auto family = sink.family(counter(name, help, "device"));
      for (const auto& device : devices_) family({device.name}, value(*device.stats));
    }
  }

  std::string alias(const Link& link) {
    return host_.own_sysfs() ? std::string(trim(link.alias)) : alias_file(link.name);
  }
  std::string alias_file(std::string_view device) {
    auto text = sys_.value("class/net/" + std::string(device) + "/ifalias");
    return text ? std::string(*text) : std::string();
  }

  Status write_addresses(Sink& sink, const Scrape& scrape) {
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    struct Entry {
      std::string_view device;
      IpText address;
      std::uint8_t prefix;
      std::string_view scope;
    };
    std::vector<Entry> entries;
    const ifaddrmsg all{};
    auto done = route_.dump(
        RTM_GETADDR, as_bytes(all), scrape.deadline(), [&] { entries.clear(); },
        [&](const Netlink::Message& message) {
          const auto info = message.header<ifaddrmsg>();
          if (message.type != RTM_NEWADDR || !info) return;
          Bytes local;
          Bytes address;
          for (const auto& attribute : message.attributes(sizeof *info)) {
            if (attribute.type == IFA_LOCAL) local = attribute.data;
            if (attribute.type == IFA_ADDRESS) address = attribute.data;
          }
          if (!local.empty()) address = local;  // of a point-to-point link, IFA_ADDRESS is the other end's
          const auto name = (*links)->name(static_cast<int>(info->ifa_index));
          if (name.empty() || address.size() != (info->ifa_family == AF_INET ? 4u : 16u)) return;
          entries.push_back({name, IpText(address), info->ifa_prefixlen, scope(address)});
        });
    if (!done) return done;
    auto family = sink.family(kAddress);
    for (const auto& entry : entries)
      family({entry.device, entry.address, Digits(entry.prefix), entry.scope}, 1);
    return {};
  }

  static std::string_view scope(Bytes address) {
    const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(address[i]); };
    const bool zeros =
        std::all_of(address.begin(), address.end() - 1, [](std::byte b) { return b == std::byte{0}; });
    if (address.size() == 4) {
      if (byte(0) == 127 || (byte(0) == 169 && byte(1) == 254) ||
          (byte(0) == 224 && byte(1) == 0 && byte(2) == 0)) {
        return "link-local";
      }
      const bool all_ones = byte(0) == 255 && byte(1) == 255 && byte(2) == 255 && byte(3) == 255;
      return (zeros && byte(3) == 0) || byte(0) >> 4 == 14 || all_ones ? "" : "global";
    }
    if ((zeros && byte(15) == 1) || (byte(0) == 0xfe && byte(1) >> 6 == 2) ||
        (byte(0) == 0xff && (byte(1) & 15) == 2)) {
      return "link-local";
    }
    if (byte(0) == 0xff) return (byte(1) & 15) == 1 ? "interface-local" : "";
    return zeros && byte(15) == 0 ? "" : "global";
  }

  Host& host_;
  Files proc_;
  Files sys_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  const Flag<bool>& address_info_;
  const Flag<bool>& detailed_;
  const Flag<bool>& netlink_;
  const Flag<bool>& label_ifalias_;
  NameFilter filter_;
  Netlink route_{NETLINK_ROUTE};
  std::vector<Device> devices_;
  std::vector<Stats> parsed_;
  std::string text_;
};

}  // namespace

extern const CollectorSpec netdev{"Counters of network devices, from rtnetlink or /proc/net/dev.",
                                  std::span(kMetrics.all).first(kMetrics.count), make<Netdev>};

}  // namespace exporter::node
