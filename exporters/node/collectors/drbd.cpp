// SPDX-License-Identifier: Apache-2.0
// node_drbd_*: replicated block devices of DRBD 8, from /proc/drbd.

#include <algorithm>
#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

struct Row {
  std::string_view key;
  Metric<1> metric;
  double factor;
};

/// The fields with a number.
constexpr Row kRows[] = {
    {"ns", counter("node_drbd_network_sent_bytes_total", "Bytes sent to the peer.", "device"), 1024},
    // Compatibility: these are KiB too, but the known series does not multiply them.
    {"nr", counter("node_drbd_network_received_bytes_total", "Received from the peer, in KiB.", "device"), 1},
    {"dw", counter("node_drbd_disk_written_bytes_total", "Bytes written to the local disk.", "device"), 1024},
    {"dr", counter("node_drbd_disk_read_bytes_total", "Bytes read from the local disk.", "device"), 1024},
    {"al", counter("node_drbd_activitylog_writes_total", "Updates of the activity log.", "device"), 1},
    {"bm", counter("node_drbd_bitmap_writes_total", "Updates of the bitmap.", "device"), 1},
    {"lo", gauge("node_drbd_local_pending", "Requests open at the local disk.", "device"), 1},
    {"pe", gauge("node_drbd_remote_pending", "Requests sent to the peer and not answered.", "device"), 1},
    {"ua", gauge("node_drbd_remote_unacknowledged", "Requests received and not answered.", "device"), 1},
    {"ap", gauge("node_drbd_application_pending", "Requests from above that are not answered.", "device"), 1},
    {"ep", gauge("node_drbd_epochs", "Epochs in use.", "device"), 1},
    {"oos", gauge("node_drbd_out_of_sync_bytes", "Bytes that are not in sync.", "device"), 1024},
};
constexpr auto kConnected = gauge("node_drbd_connected", "1 while connected to the peer.", "device");
constexpr auto kPrimary =
    gauge("node_drbd_node_role_is_primary", "1 where the node is primary.", "device", "node");
constexpr auto kUpToDate =
    gauge("node_drbd_disk_state_is_up_to_date", "1 where the node's disk is up to date.", "device", "node");

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kRows) + 3> infos{kConnected, kPrimary, kUpToDate};
  for (std::size_t i = 0; i < std::size(kRows); ++i) infos[i + 3] = kRows[i].metric;
  return infos;
}();

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

class Drbd final : public Collector {
 public:
  Drbd(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("drbd");
    if (!text) return fail(text);
    // "<number>:" begins a device, and "<key>:<value>" after it, on however many lines, is of that device.
    std::string device = "unknown";
    Fields fields(*text);
    for (auto value = fields.next(); !value.empty(); value = fields.next()) {
      if (value.find(':') == std::string_view::npos) continue;
      const auto key = take_until(value, ':');
      if (value.empty()) {
        if (all_digits(key)) device.assign("drbd").append(key);
      } else if (auto status = write(sink, device, key, value); !status) {
        return status;
      }
    }
    return {};
  }

 private:
  Status write(Sink& sink, std::string_view device, std::string_view key, std::string_view value) {
    if (key == "cs") {
      sink(kConnected, {device}, value == "Connected" ? 1 : 0);
    } else if (key == "ro" || key == "ds") {
      if (value.find('/') == std::string_view::npos) {
        return std::unexpected(proc_.malformed("drbd", "no local/remote in " + std::string(value)));
      }
      const auto local = take_until(value, '/');
      const auto& metric = key == "ro" ? kPrimary : kUpToDate;
      const std::string_view good = key == "ro" ? "Primary" : "UpToDate";
      sink(metric, {device, "local"}, local == good ? 1 : 0);
      sink(metric, {device, "remote"}, value == good ? 1 : 0);
    } else if (const auto* row = std::ranges::find(kRows, key, &Row::key); row != std::end(kRows)) {
      auto number = parse<double>(value);
      if (!number) return std::unexpected(proc_.malformed("drbd", number.error().message));
      sink(row->metric, {device}, *number * row->factor);
    }
    return {};
  }

  Files proc_;
};

}  // namespace

extern const CollectorSpec drbd{"Replicated block devices of DRBD 8, from /proc/drbd.", kMetrics, make<Drbd>};

}  // namespace exporter::node
