// SPDX-License-Identifier: Apache-2.0
// Reads CLUSTER NODES: "id ip:port@busport,hostname flags master ping pong epoch link slots".

#include "cluster.hpp"

#include <algorithm>

#include <exporter/text.hpp>

namespace exporter::redis {
namespace {

void append_json(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
}

}  // namespace

std::vector<ClusterNode> parse_cluster_nodes(std::string_view text, bool hostnames) {
  std::vector<ClusterNode> nodes;
  for (const auto line : Lines(text)) {
    Fields fields(line);
    fields.skip(1);
    auto place = fields.next();
    const auto flags = fields.next();
    auto address = take_until(place, ',');
    const auto hostname = take_until(place, ',');
    address = address.substr(0, address.find('@'));
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || flags.find("noaddr") != std::string_view::npos) continue;
    ClusterNode node{.host = std::string(address.substr(0, colon)),
                     .port = std::string(address.substr(colon + 1)),
                     .master = flags.find("master") != std::string_view::npos};
    if (hostnames && !hostname.empty()) node.host = hostname;
    if (node.host.empty() || node.port == "0") continue;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

Result<std::vector<ClusterNode>> cluster_nodes(Client& client, bool hostnames, Deadline deadline) {
  Commands commands;
  Replies replies;
  commands.add({"CLUSTER", "NODES"});
  if (auto status = client.ask(commands, replies, deadline); !status) return std::unexpected(status.error());
  if (!replies[0].is_text())
    return fail(Code::kUnavailable, "CLUSTER NODES: " + std::string(replies[0].text));
  return parse_cluster_nodes(replies[0].text, hostnames);
}

Status ClusterClients::refresh(Client& first, Deadline deadline) {
  const auto nodes = cluster_nodes(first, false, deadline);
  if (!nodes) return std::unexpected(nodes.error());
  std::vector<std::unique_ptr<Client>> now;
  for (const auto& node : *nodes) {
    if (!node.master) continue;
    const auto known = std::find_if(masters_.begin(), masters_.end(), [&](const auto& client) {
      return client && client->address().host == node.host && client->address().port == node.port;
    });
    if (known != masters_.end()) {
      now.push_back(std::move(*known));
    } else {
      now.push_back(first.sibling(node.host, node.port));
    }
  }
  masters_ = std::move(now);
  return {};
}

Client* ClusterClients::find(std::string_view host_and_port) const {
  for (const auto& client : masters_) {
    if (client->address().host + ":" + client->address().port == host_and_port) return client.get();
  }
  return nullptr;
}

std::string discovery_page(const std::vector<ClusterNode>& nodes, bool tls) {
  std::string page = "[\n  {\n    \"targets\": [";
  const char* separator = "\n";
  for (const auto& node : nodes) {
    page += separator;
    page += tls ? "      \"rediss://" : "      \"redis://";
    append_json(node.host, page);
    page += ':';
    append_json(node.port, page);
    page += '"';
    separator = ",\n";
  }
  page += nodes.empty() ? "],\n" : "\n    ],\n";
  page += "    \"labels\": {}\n  }\n]";
  return page;
}

}  // namespace exporter::redis
