// SPDX-License-Identifier: Apache-2.0
// The nodes of a cluster.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "instance.hpp"

namespace exporter::redis {

struct ClusterNode {
  std::string host, port;
  bool master = false;
};

/// CLUSTER NODES' text; nodes without an address or that have failed to join are left out.
std::vector<ClusterNode> parse_cluster_nodes(std::string_view text, bool hostnames);

Result<std::vector<ClusterNode>> cluster_nodes(Client& client, bool hostnames, Deadline deadline);

/// Connections to a cluster's masters, kept from scrape to scrape.
class ClusterClients {
 public:
  /// Asks `first` which masters there are now.
  Status refresh(Client& first, Deadline deadline);
  std::span<const std::unique_ptr<Client>> masters() const { return masters_; }
  /// The master of that address, or null.
  Client* find(std::string_view host_and_port) const;

 private:
  std::vector<std::unique_ptr<Client>> masters_;
};

/// The JSON that Prometheus' HTTP service discovery reads.
std::string discovery_page(const std::vector<ClusterNode>& nodes, bool tls);

}  // namespace exporter::redis
