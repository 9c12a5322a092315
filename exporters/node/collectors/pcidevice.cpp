// SPDX-License-Identifier: Apache-2.0
// node_pcidevice_*: PCI devices, from /sys/bus/pci/devices, with names from pci.ids where they are asked for.

#include <array>
#include <map>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kInfoName = "node_pcidevice_info";
constexpr std::string_view kInfoHelp = "Identity of a PCI device; always 1.";
constexpr auto kInfo = gauge(kInfoName, kInfoHelp, "bus", "class_id", "device", "device_id", "function",
                             "parent_bus", "parent_device", "parent_function", "parent_segment", "revision",
                             "segment", "subsystem_device_id", "subsystem_vendor_id", "vendor_id");
constexpr auto kNamedInfo =
    gauge(kInfoName, kInfoHelp, "bus", "class_id", "class_name", "device", "device_id", "device_name",
          "function", "parent_bus", "parent_device", "parent_function", "parent_segment", "revision",
          "segment", "subsystem_device_id", "subsystem_device_name", "subsystem_vendor_id",
          "subsystem_vendor_name", "vendor_id", "vendor_name");

using DeviceMetric = Metric<4>;
constexpr DeviceMetric device_gauge(std::string_view name, std::string_view help) {
  return gauge(name, help, "bus", "device", "function", "segment");
}
constexpr auto kMaxSpeed = device_gauge("node_pcidevice_max_link_transfers_per_second",
                                        "Highest link speed, -1 where it is unknown.");
constexpr auto kCurrentSpeed =
    device_gauge("node_pcidevice_current_link_transfers_per_second", "Link speed, -1 where it is unknown.");
constexpr auto kMaxWidth =
    device_gauge("node_pcidevice_max_link_width", "Most lanes of the link, -1 where unknown.");
constexpr auto kCurrentWidth =
    device_gauge("node_pcidevice_current_link_width", "Lanes of the link, -1 where unknown.");
constexpr auto kD3cold =
    device_gauge("node_pcidevice_d3cold_allowed", "1 where the device may be put into D3cold.");
constexpr auto kAutoprobe = device_gauge("node_pcidevice_sriov_drivers_autoprobe",
                                         "1 where drivers bind to virtual functions by themselves.");
constexpr auto kNumVfs = device_gauge("node_pcidevice_sriov_numvfs", "Virtual functions that are on.");
constexpr auto kTotalVfs =
    device_gauge("node_pcidevice_sriov_totalvfs", "Virtual functions that the device can have.");
constexpr auto kMsix =
    device_gauge("node_pcidevice_sriov_vf_total_msix", "MSI-X vectors for virtual functions.");
constexpr auto kNuma = device_gauge("node_pcidevice_numa_node", "NUMA node of the device.");
constexpr auto kPower = gauge("node_pcidevice_power_state", "1 for the power state the device is in.", "bus",
                              "device", "function", "segment", "state");
constexpr MetricInfo kMetrics[] = {kInfo,   kMaxSpeed,  kCurrentSpeed, kMaxWidth, kCurrentWidth, kD3cold,
                                   kNumVfs, kAutoprobe, kTotalVfs,     kMsix,     kNuma,         kPower};

struct Row {
  std::string_view file;
  const DeviceMetric& metric;
  int missing;
};
constexpr Row kRows[] = {
    {"max_link_width", kMaxWidth, -1}, {"current_link_width", kCurrentWidth, -1},
    {"d3cold_allowed", kD3cold, 0},    {"sriov_drivers_autoprobe", kAutoprobe, 0},
    {"sriov_numvfs", kNumVfs, 0},      {"sriov_totalvfs", kTotalVfs, 0},
    {"sriov_vf_total_msix", kMsix, 0},
};
constexpr std::string_view kPowerStates[] = {"D0", "D1", "D2", "D3hot", "D3cold", "unknown", "error"};

/// The parts of "0000:00:1f.3".
struct Address {
  std::string_view segment = "*", bus = "*", device = "*", function = "*";

  static std::optional<Address> parse(std::string_view text) {
    Address address;
    if (text.find(':') == std::string_view::npos || text.find('.') == std::string_view::npos)
      return std::nullopt;
    address.segment = take_until(text, ':');
    address.bus = take_until(text, ':');
    address.device = take_until(text, '.');
    address.function = text;
    return address;
  }
};

/// "0x%04x", or with another number of digits.
std::string hex(unsigned number, std::size_t digits, std::string_view prefix = "0x") {
  const Digits text(number, 16);
  const std::string_view view = text;
  return std::string(prefix).append(digits > view.size() ? digits - view.size() : 0, '0').append(view);
}

/// One entry of pci.ids, whose lines are indented by a tab a level: its name, and what stands below it.
struct IdsEntry {
  std::string_view name;
  std::string_view below;
};

std::optional<IdsEntry> find_entry(std::string_view text, std::size_t depth, std::string_view id) {
  while (!text.empty()) {
    auto line = take_until(text, '\n');
    if (line.empty() || line.front() == '#') continue;
    const auto level = std::min(line.find_first_not_of('\t'), line.size());
    if (level < depth) break;
    line.remove_prefix(level);
    if (level == depth && line.starts_with(id) && line.size() > id.size() && is_blank(line[id.size()])) {
      return IdsEntry{trim(line.substr(id.size())), text};
    }
  }
  return std::nullopt;
}

struct Ids {
  unsigned vendor = 0, device = 0, subsystem_vendor = 0, subsystem_device = 0, device_class = 0, revision = 0;
  auto operator<=>(const Ids&) const = default;
};

struct Names {
  std::string vendor, device, subsystem_vendor, subsystem_device, device_class;
};

Names look_up(std::string_view text, const Ids& ids) {
  const auto plain = [](unsigned id, std::size_t digits = 4) { return hex(id, digits, ""); };
  Names names{plain(ids.vendor), plain(ids.device), plain(ids.subsystem_vendor), plain(ids.subsystem_device),
              "Unknown class (" + plain(ids.device_class, 6) + ")"};
  if (auto vendor = find_entry(text, 0, plain(ids.vendor))) {
    names.vendor = vendor->name;
    if (auto device = find_entry(vendor->below, 1, plain(ids.device))) {
      names.device = device->name;
      const auto subsystem = plain(ids.subsystem_vendor) + " " + plain(ids.subsystem_device);
      if (auto found = find_entry(device->below, 2, subsystem)) names.subsystem_device = found->name;
    }
  }
  if (auto vendor = find_entry(text, 0, plain(ids.subsystem_vendor))) names.subsystem_vendor = vendor->name;
  auto entry = find_entry(text, 0, "C " + plain(ids.device_class >> 16, 2));
  for (std::size_t depth = 1; entry; ++depth) {
    names.device_class = entry->name;
    if (depth > 2) break;
    entry = find_entry(entry->below, depth, plain((ids.device_class >> (depth == 1 ? 8 : 0)) & 0xff, 2));
  }
  return names;
}

class Pcidevice final : public Collector {
 public:
  Pcidevice(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        with_names_(flags.toggle("collector.pcidevice.names", false,
                                 "Add names from pci.ids to node_pcidevice_info.")),
        ids_file_(flags.text("collector.pcidevice.idsfile", "",
                             "Where pci.ids is, if not in /usr/share/misc or /usr/share/hwdata.")) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto devices = sys_.list("bus/pci/devices");
    if (!devices) return fail(devices);
    for (const auto& device : *devices) {
      if (auto status = write(sink, device); !status) return status;
    }
    ids_text_ = {};  // more than a megabyte, and hardly needed twice
    return {};
  }

 private:
  Status write(Sink& sink, const std::string& device) {
    const auto address = Address::parse(device);
    if (!address) return {};
    base_ = "bus/pci/devices/" + device + "/";
    Ids ids;
    struct IdFile {
      std::string_view file;
      unsigned Ids::*id;
    };
    static constexpr IdFile kIdFiles[] = {
        {"vendor", &Ids::vendor},
        {"device", &Ids::device},
        {"subsystem_vendor", &Ids::subsystem_vendor},
        {"subsystem_device", &Ids::subsystem_device},
        {"class", &Ids::device_class},
        {"revision", &Ids::revision},
    };
    for (const auto& [file, id] : kIdFiles) {
      auto text = value(file);
      if (!text) return {};  // removed a moment ago
      auto number = parse<unsigned>(text->starts_with("0x") ? text->substr(2) : *text, 16);
      if (!number) return std::unexpected(sys_.malformed(base_ + std::string(file), number.error().message));
      ids.*id = *number;
    }
    write_info(sink, *address, device, ids);

    const auto& [segment, bus, slot, function] = *address;
    for (const auto& row : kRows) {
      auto text = value(row.file);
      std::int64_t number = row.missing;
      if (text) {
        auto parsed = parse<std::int64_t>(*text);
        if (!parsed)
          return std::unexpected(sys_.malformed(base_ + std::string(row.file), parsed.error().message));
        number = *parsed;
      }
      sink(row.metric, {bus, slot, function, segment}, number);
    }
    for (const bool most : {true, false}) {
      const std::string_view file = most ? "max_link_speed" : "current_link_speed";
      double speed = -1;
      if (auto text = value(file); text && !text->starts_with("Unknown")) {
        Fields fields(*text);  // "8.0 GT/s PCIe"
        auto number = parse<double>(fields.next());
        if (!number || fields.next() != "GT/s")
          return std::unexpected(sys_.malformed(base_ + std::string(file), *text));
        speed = *number * 1e9;
      }
      sink(most ? kMaxSpeed : kCurrentSpeed, {bus, slot, function, segment}, speed);
    }
    if (auto text = value("numa_node")) {
      auto node = parse<int>(*text);
      if (!node) return std::unexpected(sys_.malformed(base_ + "numa_node", node.error().message));
      if (*node != -1) sink(kNuma, {bus, slot, function, segment}, *node);
    }
    if (auto text = value("power_state")) {
      for (const auto state : kPowerStates) {
        sink(kPower, {bus, slot, function, segment, state}, state == *text ? 1 : 0);
      }
    }
    return {};
  }

  void write_info(Sink& sink, const Address& address, const std::string& device, const Ids& ids) {
    // The device is a link into the tree of buses: ".../0000:00:02.1/0000:01:00.0".
    std::string target = sys_.link("bus/pci/devices/" + device).value_or("");
    target.resize(std::min(target.rfind('/'), target.size()));
    const auto parent =
        Address::parse(std::string_view(target).substr(target.rfind('/') + 1)).value_or(Address());
    const auto device_class = hex(ids.device_class, 6);
    const auto vendor = hex(ids.vendor, 4);
    const auto id = hex(ids.device, 4);
    const auto subsystem_vendor = hex(ids.subsystem_vendor, 4);
    const auto subsystem_device = hex(ids.subsystem_device, 4);
    const auto revision = hex(ids.revision, 2);
    if (!*with_names_) {
      sink(kInfo,
           {address.bus, device_class, address.device, id, address.function, parent.bus, parent.device,
            parent.function, parent.segment, revision, address.segment, subsystem_device, subsystem_vendor,
            vendor},
           1);
      return;
    }
    const auto& names = names_of(ids);
    sink(kNamedInfo,
         {address.bus, device_class, names.device_class, address.device, id, names.device, address.function,
          parent.bus, parent.device, parent.function, parent.segment, revision, address.segment,
          subsystem_device, names.subsystem_device, subsystem_vendor, names.subsystem_vendor, vendor,
          names.vendor},
         1);
  }

  const Names& names_of(const Ids& ids) {
    if (auto found = names_.find(ids); found != names_.end()) return found->second;
    if (ids_text_.empty()) {
      Files root("/");
      if (!ids_file_->empty()) {
        (void)root.read_once(*ids_file_, ids_text_);
      } else if (!root.read_once("usr/share/misc/pci.ids", ids_text_)) {
        (void)root.read_once("usr/share/hwdata/pci.ids", ids_text_);
      }
    }
    return names_.emplace(ids, look_up(ids_text_, ids)).first->second;
  }

  /// An attribute, without keeping its file open: there are many devices. Good until the next call.
  std::optional<std::string_view> value(std::string_view file) {
    auto text = sys_.read_once(base_ + std::string(file), text_);
    if (!text) return std::nullopt;
    return trim(*text);
  }

  Files sys_;
  const Flag<bool>& with_names_;
  const Flag<std::string>& ids_file_;
  std::map<Ids, Names> names_;
  std::string ids_text_;
  std::string text_;
  std::string base_;  // "bus/pci/devices/<address>/" of the device being written
};

}  // namespace

extern const CollectorSpec pcidevice{"PCI devices, from /sys/bus/pci/devices.", kMetrics, make<Pcidevice>};

}  // namespace exporter::node
