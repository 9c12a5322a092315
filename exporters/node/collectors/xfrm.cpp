// SPDX-License-Identifier: Apache-2.0
// node_xfrm_*_packets_total: packets that IPsec's transformations did not process, by reason, from
// /proc/net/xfrm_stat.

#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

struct Counter {
  std::string_view key;
  Metric<0> metric;
};
constexpr Counter kCounters[] = {
    {"XfrmAcquireError",
     counter("node_xfrm_acquire_error_packets_total", "States not fully acquired before use.")},
    {"XfrmFwdHdrError", counter("node_xfrm_fwd_hdr_error_packets_total", "Forward routing not allowed.")},
    {"XfrmInBufferError", counter("node_xfrm_in_buffer_error_packets_total", "Inbound: no buffer left.")},
    {"XfrmInError", counter("node_xfrm_in_error_packets_total", "Inbound: errors of no other kind.")},
    {"XfrmInHdrError", counter("node_xfrm_in_hdr_error_packets_total", "Inbound: header errors.")},
    {"XfrmInNoPols", counter("node_xfrm_in_no_pols_packets_total", "Inbound: no policy for the states.")},
    {"XfrmInNoStates", counter("node_xfrm_in_no_states_packets_total", "Inbound: no state found.")},
    {"XfrmInPolBlock", counter("node_xfrm_in_pol_block_packets_total", "Inbound: discarded by policy.")},
    {"XfrmInPolError", counter("node_xfrm_in_pol_error_packets_total", "Inbound: policy errors.")},
    {"XfrmInStateExpired", counter("node_xfrm_in_state_expired_packets_total", "Inbound: state expired.")},
    {"XfrmInStateInvalid", counter("node_xfrm_in_state_invalid_packets_total", "Inbound: state invalid.")},
    {"XfrmInStateMismatch",
     counter("node_xfrm_in_state_mismatch_packets_total", "Inbound: an option of the state does not match.")},
    {"XfrmInStateModeError", counter("node_xfrm_in_state_mode_error_packets_total", "Inbound: mode errors.")},
    {"XfrmInStateProtoError",
     counter("node_xfrm_in_state_proto_error_packets_total", "Inbound: protocol errors.")},
    {"XfrmInStateSeqError",
     counter("node_xfrm_in_state_seq_error_packets_total", "Inbound: sequence errors.")},
    {"XfrmInTmplMismatch",
     counter("node_xfrm_in_tmpl_mismatch_packets_total", "Inbound: no template matches the states.")},
    {"XfrmOutBundleCheckError",
     counter("node_xfrm_out_bundle_check_error_packets_total", "Outbound: bundle check errors.")},
    {"XfrmOutBundleGenError",
     counter("node_xfrm_out_bundle_gen_error_packets_total", "Outbound: bundle generation errors.")},
    {"XfrmOutError", counter("node_xfrm_out_error_packets_total", "Outbound: errors of no other kind.")},
    {"XfrmOutNoStates", counter("node_xfrm_out_no_states_packets_total", "Outbound: no state found.")},
    {"XfrmOutPolBlock", counter("node_xfrm_out_pol_block_packets_total", "Outbound: discarded by policy.")},
    {"XfrmOutPolDead", counter("node_xfrm_out_pol_dead_packets_total", "Outbound: policy is dead.")},
    {"XfrmOutPolError", counter("node_xfrm_out_pol_error_packets_total", "Outbound: policy errors.")},
    {"XfrmOutStateExpired", counter("node_xfrm_out_state_expired_packets_total", "Outbound: state expired.")},
    {"XfrmOutStateInvalid", counter("node_xfrm_out_state_invalid_packets_total", "Outbound: state invalid.")},
    {"XfrmOutStateModeError",
     counter("node_xfrm_out_state_mode_error_packets_total", "Outbound: mode errors.")},
    {"XfrmOutStateProtoError",
     counter("node_xfrm_out_state_proto_error_packets_total", "Outbound: protocol errors.")},
    {"XfrmOutStateSeqError",
     counter("node_xfrm_out_state_seq_error_packets_total", "Outbound: sequence errors.")},
};
constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kCounters)> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kCounters[i].metric;
  return all;
}();

class Xfrm final : public Collector {
 public:
  Xfrm(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("net/xfrm_stat");
    if (!text) return fail(text);
    std::array<std::int64_t, std::size(kCounters)> values{};
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      const auto key = fields.next();
      const auto value = fields.next();
      if (value.empty() || !fields.empty()) {
        return std::unexpected(proc_.malformed("net/xfrm_stat", "a line has not two columns"));
      }
      auto number = parse<std::int64_t>(value);
      if (!number) return std::unexpected(proc_.malformed("net/xfrm_stat", number.error().message));
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (kCounters[i].key == key) values[i] = *number;
      }
    }
    for (std::size_t i = 0; i < values.size(); ++i) sink(kCounters[i].metric, values[i]);
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec xfrm{"Packets that IPsec did not process, from /proc/net/xfrm_stat.", kMetrics,
                                make<Xfrm>};

}  // namespace exporter::node
