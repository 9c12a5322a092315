// SPDX-License-Identifier: Apache-2.0
// node_infiniband_*: ports of InfiniBand and RDMA adapters, from /sys/class/infiniband.

#include <algorithm>
#include <array>
#include <span>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "prefixed_number.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_infiniband_info", "What an adapter is, constant 1.", "device", "board_id",
                             "firmware_version", "hca_type");
constexpr auto kState =
    gauge("node_infiniband_state_id",
          "State of a port: 0 no change, 1 down, 2 initialising, 3 armed, 4 active, 5 active but deferred.",
          "device", "port");
constexpr auto kPhysicalState = gauge("node_infiniband_physical_state_id",
                                      "Physical state of a port: 0 no change, 1 sleep, 2 polling, 3 "
                                      "disabled, 4 training, 5 link up, 6 recovering.",
                                      "device", "port");
constexpr auto kRate = gauge("node_infiniband_rate_bytes_per_second",
                             "Greatest data rate of a port, in bytes per second.", "device", "port");
constexpr auto kLifespan = gauge(
    "node_infiniband_lifespan_seconds",
    "How long the adapter's counters are kept before they are read anew, in seconds.", "device", "port");

constexpr auto total(std::string_view name, std::string_view help) {
  return counter(name, help, "device", "port");
}

struct PortCounter {
  std::string_view file;  // below the port's folder
  Metric<2> metric;
  unsigned factor = 1;
};

constexpr unsigned kWords = 4;  // data is counted in words of 32 bits

constexpr PortCounter kCounters[] = {
    {"counters/VL15_dropped",
     total("node_infiniband_vl15_dropped_total", "Management packets dropped for want of resources.")},
    {"counters/excessive_buffer_overrun_errors",
     total("node_infiniband_excessive_buffer_overrun_errors_total",
           "Overruns of receive buffers beyond the threshold.")},
    {"counters/link_downed",
     total("node_infiniband_link_downed_total", "Times the link failed to recover and went down.")},
    {"counters/link_error_recovery",
     total("node_infiniband_link_error_recovery_total", "Times the link recovered from an error.")},
    {"counters/local_link_integrity_errors", total("node_infiniband_local_link_integrity_errors_total",
                                                   "Local physical errors beyond the threshold.")},
    {"counters/multicast_rcv_packets", total("node_infiniband_multicast_packets_received_total",
                                             "Multicast packets received, with errors or not.")},
    {"counters/multicast_xmit_packets", total("node_infiniband_multicast_packets_transmitted_total",
                                              "Multicast packets sent, with errors or not.")},
    {"counters/port_rcv_constraint_errors",
     total("node_infiniband_port_constraint_errors_received_total",
           "Packets received and dropped by a constraint of the switch port.")},
    {"counters/port_rcv_data",
     total("node_infiniband_port_data_received_bytes_total", "Data received, in bytes."), kWords},
    {"counters/port_rcv_discards", total("node_infiniband_port_discards_received_total",
                                         "Packets received and dropped: the port was down or congested.")},
    {"counters/port_rcv_errors",
     total("node_infiniband_port_errors_received_total", "Packets received with an error.")},
    {"counters/port_rcv_packets",
     total("node_infiniband_port_packets_received_total", "Packets received, with errors or not.")},
    {"counters/port_rcv_remote_physical_errors",
     total("node_infiniband_port_receive_remote_physical_errors_total",
           "Packets received that a neighbour had marked bad.")},
    {"counters/port_rcv_switch_relay_errors", total("node_infiniband_port_receive_switch_relay_errors_total",
                                                    "Packets that the switch could not forward.")},
    {"counters/port_xmit_constraint_errors", total("node_infiniband_port_constraint_errors_transmitted_total",
                                                   "Packets not sent by a constraint of the switch port.")},
    {"counters/port_xmit_data",
     total("node_infiniband_port_data_transmitted_bytes_total", "Data sent, in bytes."), kWords},
    {"counters/port_xmit_discards", total("node_infiniband_port_discards_transmitted_total",
                                          "Packets to be sent and dropped: the port was down or congested.")},
    {"counters/port_xmit_packets",
     total("node_infiniband_port_packets_transmitted_total", "Packets sent, with errors or not.")},
    {"counters/port_xmit_wait",
     total("node_infiniband_port_transmit_wait_total", "Ticks in which data waited and none could be sent.")},
    {"counters/symbol_error",
     total("node_infiniband_symbol_error_total", "Minor errors on the physical lanes.")},
    {"counters/unicast_rcv_packets", total("node_infiniband_unicast_packets_received_total",
                                           "Unicast packets received, with errors or not.")},
    {"counters/unicast_xmit_packets",
     total("node_infiniband_unicast_packets_transmitted_total", "Unicast packets sent, with errors or not.")},
    {"counters_ext/port_multicast_rcv_packets",
     total("node_infiniband_legacy_multicast_packets_received_total",
           "Multicast packets received (kernels before 4.5).")},
    {"counters_ext/port_multicast_xmit_packets",
     total("node_infiniband_legacy_multicast_packets_transmitted_total",
           "Multicast packets sent (kernels before 4.5).")},
    {"counters_ext/port_rcv_data_64",
     total("node_infiniband_legacy_data_received_bytes_total",
           "Data received, in bytes (kernels before 4.5)."),
     kWords},
    {"counters_ext/port_rcv_packets_64",
     total("node_infiniband_legacy_packets_received_total", "Packets received (kernels before 4.5).")},
    {"counters_ext/port_unicast_rcv_packets", total("node_infiniband_legacy_unicast_packets_received_total",
                                                    "Unicast packets received (kernels before 4.5).")},
    {"counters_ext/port_unicast_xmit_packets",
     total("node_infiniband_legacy_unicast_packets_transmitted_total",
           "Unicast packets sent (kernels before 4.5).")},
    {"counters_ext/port_xmit_data_64",
     total("node_infiniband_legacy_data_transmitted_bytes_total",
           "Data sent, in bytes (kernels before 4.5)."),
     kWords},
    {"counters_ext/port_xmit_packets_64",
     total("node_infiniband_legacy_packets_transmitted_total", "Packets sent (kernels before 4.5).")},
    {"hw_counters/duplicate_request",
     total("node_infiniband_duplicate_requests_packets_total", "Duplicate requests received.")},
    {"hw_counters/implied_nak_seq_err",
     total("node_infiniband_implied_nak_seq_errors_total",
           "Acknowledgements with a wrong sequence number that implied a negative one.")},
    {"hw_counters/local_ack_timeout_err",
     total("node_infiniband_local_ack_timeout_errors_total", "Acknowledgement timers that expired.")},
    {"hw_counters/np_cnp_sent", total("node_infiniband_np_cnp_packets_sent_total",
                                      "Congestion notifications sent as notification point.")},
    {"hw_counters/np_ecn_marked_roce_packets",
     total("node_infiniband_np_ecn_marked_roce_packets_received_total",
           "RoCE packets received with a congestion mark.")},
    {"hw_counters/out_of_buffer",
     total("node_infiniband_out_of_buffer_drops_total", "Packets dropped for want of receive buffers.")},
    {"hw_counters/out_of_sequence",
     total("node_infiniband_out_of_sequence_packets_received_total", "Packets received out of sequence.")},
    {"hw_counters/packet_seq_err", total("node_infiniband_packet_sequence_errors_total",
                                         "Negative acknowledgements of sequence errors received.")},
    {"hw_counters/req_cqe_error",
     total("node_infiniband_req_cqes_errors_total", "Completions with errors detected by the requester.")},
    {"hw_counters/req_cqe_flush_error", total("node_infiniband_req_cqes_flush_errors_total",
                                              "Completions flushed with errors at the requester.")},
    {"hw_counters/req_remote_access_errors", total("node_infiniband_req_remote_access_errors_total",
                                                   "Remote access errors detected by the requester.")},
    {"hw_counters/req_remote_invalid_request",
     total("node_infiniband_req_remote_invalid_request_errors_total",
           "Invalid remote requests detected by the requester.")},
    {"hw_counters/resp_cqe_error",
     total("node_infiniband_resp_cqes_errors_total", "Completions with errors detected by the responder.")},
    {"hw_counters/resp_cqe_flush_error", total("node_infiniband_resp_cqes_flush_errors_total",
                                               "Completions flushed with errors at the responder.")},
    {"hw_counters/resp_local_length_error", total("node_infiniband_resp_local_length_errors_total",
                                                  "Local length errors detected by the responder.")},
    {"hw_counters/resp_remote_access_errors", total("node_infiniband_resp_remote_access_errors_total",
                                                    "Remote access errors detected by the responder.")},
    {"hw_counters/rnr_nak_retry_err",
     total("node_infiniband_rnr_nak_retry_packets_received_total", "Receiver-not-ready answers received.")},
    {"hw_counters/roce_adp_retrans",
     total("node_infiniband_roce_adp_retransmits_total", "Adaptive retransmissions of RoCE traffic.")},
    {"hw_counters/roce_adp_retrans_to", total("node_infiniband_roce_adp_retransmits_timeout_total",
                                              "Timeouts of adaptive RoCE retransmission.")},
    {"hw_counters/roce_slow_restart",
     total("node_infiniband_roce_slow_restart_used_total", "Uses of slow restart on RoCE.")},
    {"hw_counters/roce_slow_restart_cnps", total("node_infiniband_roce_slow_restart_cnps_total",
                                                 "Congestion notifications generated by slow restart.")},
    {"hw_counters/roce_slow_restart_trans",
     total("node_infiniband_roce_slow_restart_total", "Changes of state to slow restart.")},
    {"hw_counters/rp_cnp_handled", total("node_infiniband_rp_cnp_packets_handled_total",
                                         "Congestion notifications handled as reaction point.")},
    {"hw_counters/rp_cnp_ignored", total("node_infiniband_rp_cnp_ignored_packets_received_total",
                                         "Congestion notifications ignored as reaction point.")},
    {"hw_counters/rx_atomic_requests",
     total("node_infiniband_rx_atomic_requests_total", "Atomic requests received.")},
    {"hw_counters/rx_dct_connect", total("node_infiniband_rx_dct_connect_requests_total",
                                         "Connection requests for dynamically connected transports.")},
    {"hw_counters/rx_icrc_encapsulated", total("node_infiniband_rx_icrc_encapsulated_errors_total",
                                               "RoCE packets received with a wrong invariant checksum.")},
    {"hw_counters/rx_read_requests",
     total("node_infiniband_rx_read_requests_total", "Read requests received.")},
    {"hw_counters/rx_write_requests",
     total("node_infiniband_rx_write_requests_total", "Write requests received.")},
};

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kCounters) + 5> all{kInfo, kState, kPhysicalState, kRate, kLifespan};
  std::ranges::transform(
      kCounters, all.begin() + 5, [](const PortCounter& c) -> const auto& { return c.metric; });
  return all;
}();

class Infiniband final : public Collector {
 public:
  Infiniband(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        include_(flags.text(kInclude, "", "Adapters to expose, as a regular expression.")),
        exclude_(flags.text(kExclude, "", "Adapters to leave out, as a regular expression.")) {}

  Status start() override {
    auto filter = NameFilter::make(kInclude, *include_, kExclude, *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto devices = sys_.list("class/infiniband");
    if (!devices) return fail(devices);
    for (const auto& device : *devices) {
      if (!filter_.passes(device)) continue;
      const auto folder = "class/infiniband/" + device + '/';
      if (!info(sink, folder, device)) continue;  // it went away
      auto ports = sys_.list(folder + "ports");
      if (!ports) continue;
      for (const auto& name : *ports) {
        auto number = parse<std::uint32_t>(name);
        if (!number) return std::unexpected(sys_.malformed(folder + "ports", number.error().message));
        auto status = port(sink, folder + "ports/" + name + '/', device, Digits(*number));
        if (!status) return status;
      }
    }
    return {};
  }

 private:
  static constexpr std::string_view kInclude = "collector.infiniband.device-include";
  static constexpr std::string_view kExclude = "collector.infiniband.device-exclude";

  bool info(Sink& sink, const std::string& folder, const std::string& device) {
    auto firmware = sys_.read(folder + "fw_ver", firmware_);
    if (!firmware) return false;
    auto board = sys_.read(folder + "board_id", board_);
    auto type = sys_.read(folder + "hca_type", type_);
    sink(kInfo, {device, board ? trim(*board) : "", trim(*firmware), type ? trim(*type) : ""}, 1);
    return true;
  }

  /// What a port does not have, or no longer has, is left out; what cannot be understood is an error.
  Status port(Sink& sink, const std::string& folder, std::string_view device, std::string_view port) {
    for (const auto& [file, metric] :
         {std::pair{"state", &kState}, std::pair{"phys_state", &kPhysicalState}}) {
      auto text = sys_.value(path(folder, file));
      if (!text) continue;
      auto number = take_until(*text, ':');
      auto id = parse<std::uint32_t>(number);
      if (!id || text->empty() || text->contains(':')) {
        return std::unexpected(sys_.malformed(path_, "not of the form 'number: name'"));
      }
      sink(*metric, {device, port}, *id);
    }
    if (auto text = sys_.value(path(folder, "rate"))) {
      // "100 Gb/sec (4X EDR)". The number is read with a float's precision, for equal values as other
      // exporters'.
      auto gigabits = parse<float>(take_until(*text, ' '));
      if (!gigabits || !(*gigabits >= 0 && *gigabits < 1e9F) || text->empty()) {
        return std::unexpected(sys_.malformed(path_, "not of the form 'number Gb/sec'"));
      }
      sink(kRate, {device, port}, static_cast<std::uint64_t>(static_cast<double>(*gigabits) * 125000000));
    }
    for (const auto& [file, metric, factor] : kCounters) {
      auto count = number(folder, file);
      if (!count) return fail(count);
      if (*count) sink(metric, {device, port}, **count * factor);
    }
    auto lifespan = number(folder, "hw_counters/lifespan");
    if (!lifespan) return fail(lifespan);
    if (*lifespan) sink(kLifespan, {device, port}, **lifespan / 1000);
    return {};
  }

  Result<std::optional<std::uint64_t>> number(const std::string& folder, std::string_view file) {
    auto text = sys_.value(path(folder, file));
    if (!text || text->contains("N/A (no PMA)")) return std::nullopt;
    auto value = parse_prefixed(*text);
    if (!value) return std::unexpected(sys_.malformed(path_, value.error().message));
    return *value;
  }

  const std::string& path(const std::string& folder, std::string_view file) {
    return path_.assign(folder).append(file);
  }

  Files sys_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  NameFilter filter_;
  std::string path_, firmware_, board_, type_;
};

}  // namespace

extern const CollectorSpec infiniband{"Ports of InfiniBand and RDMA adapters, from /sys/class/infiniband.",
                                      kMetrics, make<Infiniband>};

}  // namespace exporter::node
