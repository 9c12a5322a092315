// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel's counters of a link under their own names: what netdev exposes with detailed metrics, and
// netclass when it reads netlink with counters.

#include <linux/if_link.h>

#include <string_view>

namespace exporter::node {

struct LinkCounter {
  std::string_view name;
  std::string_view help;
  __u64 rtnl_link_stats64::*value;
};

inline constexpr LinkCounter kLinkCounters[] = {
    {"node_network_receive_bytes_total", "Bytes received.", &rtnl_link_stats64::rx_bytes},
    {"node_network_receive_packets_total", "Packets received.", &rtnl_link_stats64::rx_packets},
    {"node_network_receive_compressed_total", "Compressed packets received.",
     &rtnl_link_stats64::rx_compressed},
    {"node_network_receive_nohandler_total", "Packets received on an inactive device.",
     &rtnl_link_stats64::rx_nohandler},
    {"node_network_receive_errors_total", "Receive errors.", &rtnl_link_stats64::rx_errors},
    {"node_network_receive_dropped_total", "Received packets dropped.", &rtnl_link_stats64::rx_dropped},
    {"node_network_receive_missed_errors_total", "Packets missed by the receiver.",
     &rtnl_link_stats64::rx_missed_errors},
    {"node_network_receive_fifo_errors_total", "Receive FIFO overruns.", &rtnl_link_stats64::rx_fifo_errors},
    {"node_network_receive_length_errors_total", "Packets received with a wrong length.",
     &rtnl_link_stats64::rx_length_errors},
    {"node_network_receive_over_errors_total", "Receive ring overruns.", &rtnl_link_stats64::rx_over_errors},
    {"node_network_receive_crc_errors_total", "Packets received with a wrong CRC.",
     &rtnl_link_stats64::rx_crc_errors},
    {"node_network_receive_frame_errors_total", "Misaligned frames received.",
     &rtnl_link_stats64::rx_frame_errors},
    {"node_network_multicast_total", "Multicast packets received.", &rtnl_link_stats64::multicast},
    {"node_network_collisions_total", "Collisions while sending.", &rtnl_link_stats64::collisions},
    {"node_network_transmit_bytes_total", "Bytes sent.", &rtnl_link_stats64::tx_bytes},
    {"node_network_transmit_packets_total", "Packets sent.", &rtnl_link_stats64::tx_packets},
    {"node_network_transmit_compressed_total", "Compressed packets sent.", &rtnl_link_stats64::tx_compressed},
    {"node_network_transmit_errors_total", "Transmit errors.", &rtnl_link_stats64::tx_errors},
    {"node_network_transmit_dropped_total", "Packets dropped instead of sent.",
     &rtnl_link_stats64::tx_dropped},
    {"node_network_transmit_fifo_errors_total", "Transmit FIFO errors.", &rtnl_link_stats64::tx_fifo_errors},
    {"node_network_transmit_aborted_errors_total", "Transmissions aborted.",
     &rtnl_link_stats64::tx_aborted_errors},
    {"node_network_transmit_carrier_errors_total", "Transmissions that lost the carrier.",
     &rtnl_link_stats64::tx_carrier_errors},
    {"node_network_transmit_heartbeat_errors_total", "Transmissions without heartbeat.",
     &rtnl_link_stats64::tx_heartbeat_errors},
    {"node_network_transmit_window_errors_total", "Late collisions.", &rtnl_link_stats64::tx_window_errors},
};

}  // namespace exporter::node
