// SPDX-License-Identifier: Apache-2.0
// node_fibrechannel_*: state and counters of Fibre Channel ports, from /sys/class/fc_host.

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "collector_spec.hpp"
#include "prefixed_number.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_fibrechannel_info", "What a Fibre Channel port is, constant 1.", "fc_host",
                             "speed", "port_state", "port_type", "port_id", "port_name", "fabric_name",
                             "symbolic_name", "supported_classes", "supported_speeds", "dev_loss_tmo");

constexpr auto total(std::string_view name, std::string_view help) { return counter(name, help, "fc_host"); }

struct Statistic {
  std::string_view file;
  Metric<1> metric;
};

constexpr Statistic kStatistics[] = {
    {"dumped_frames",
     total("node_fibrechannel_dumped_frames_total", "Frames dropped for want of host buffers.")},
    {"error_frames", total("node_fibrechannel_error_frames_total", "Frames received with an error.")},
    {"invalid_crc_count",
     total("node_fibrechannel_invalid_crc_total", "Frames received with a wrong checksum.")},
    {"rx_frames", total("node_fibrechannel_rx_frames_total", "Frames received.")},
    {"rx_words", total("node_fibrechannel_rx_words_total", "Transmission words received.")},
    {"tx_frames", total("node_fibrechannel_tx_frames_total", "Frames sent.")},
    {"tx_words", total("node_fibrechannel_tx_words_total", "Transmission words sent.")},
    {"seconds_since_last_reset", total("node_fibrechannel_seconds_since_last_reset_total",
                                       "Time since the statistics were reset, in seconds.")},
    {"invalid_tx_word_count",
     total("node_fibrechannel_invalid_tx_words_total", "Invalid transmission words received.")},
    {"link_failure_count", total("node_fibrechannel_link_failure_total", "Failures of the link.")},
    {"loss_of_sync_count", total("node_fibrechannel_loss_of_sync_total", "Losses of word synchronisation.")},
    {"loss_of_signal_count", total("node_fibrechannel_loss_of_signal_total", "Losses of the signal.")},
    {"nos_count", total("node_fibrechannel_nos_total", "Not_Operational sequences received.")},
    {"fcp_packet_aborts", total("node_fibrechannel_fcp_packet_aborts_total", "FCP packets aborted.")},
};

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kStatistics) + 1> all{kInfo};
  std::ranges::transform(
      kStatistics, all.begin() + 1, [](const Statistic& s) -> const auto& { return s.metric; });
  return all;
}();

// What a driver says of a counter that its firmware does not keep.
constexpr auto kNotKept = std::numeric_limits<std::uint64_t>::max();

class FibreChannel final : public Collector {
 public:
  FibreChannel(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto hosts = sys_.list("class/fc_host");
    if (!hosts) return fail(hosts);
    for (const auto& host : *hosts) {
      const auto folder = "class/fc_host/" + host + '/';
      info(sink, folder, host);
      for (const auto& [file, metric] : kStatistics) {
        path_.assign(folder).append("statistics/").append(file);
        auto text = sys_.value(path_);
        if (!text) continue;  // not all drivers have all of them
        auto count = parse_prefixed(*text);
        if (!count) return std::unexpected(sys_.malformed(path_, count.error().message));
        if (*count != kNotKept) sink(metric, {host}, *count);
      }
    }
    return {};
  }

 private:
  void info(Sink& sink, const std::string& folder, const std::string& host) {
    std::array<std::string_view, kInfo.labels.size()> values{host};
    bool any = false;
    for (std::size_t i = 1; i < values.size(); ++i) {
      const auto name = kInfo.labels[i];
      path_.assign(folder).append(name);
      auto text = sys_.read(path_, texts_[i]);
      any = any || text;
      if (!text) continue;
      values[i] = trim(*text);
      const bool hex = name == "port_id" || name == "port_name" || name == "fabric_name";
      if (hex && values[i].size() > 2) values[i].remove_prefix(2);
    }
    if (!any) return;  // it went away while its neighbours were read
    Label labels[values.size()];
    for (std::size_t i = 0; i < values.size(); ++i) labels[i] = {kInfo.labels[i], values[i]};
    sink.sample(kInfo.name, kInfo.help, kInfo.type, labels, 1);
  }

  Files sys_;
  std::string path_;
  std::array<std::string, kInfo.labels.size()> texts_;
};

}  // namespace

extern const CollectorSpec fibrechannel{"State and counters of Fibre Channel ports, from /sys/class/fc_host.",
                                        kMetrics, make<FibreChannel>};

}  // namespace exporter::node
