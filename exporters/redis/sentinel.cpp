// SPDX-License-Identifier: Apache-2.0
// What a sentinel says of the masters it monitors.

#include <algorithm>
#include <string>

#include <exporter/text.hpp>

#include "number.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr struct {
  std::string_view key;
  double scale;
  Metric<2> metric;
} kSettings[] = {
    {"config-epoch", 1,
     gauge("redis_sentinel_master_config_epoch", "Configuration epoch of a master.", "master_name",
           "master_address")},
    {"last-ok-ping-reply", 1e-3,
     gauge("redis_sentinel_master_last_ok_ping_reply_seconds", "Seconds since a master last answered a ping.",
           "master_name", "master_address")},
    {"quorum", 1,
     gauge("redis_sentinel_master_setting_ckquorum", "Sentinels that must agree on a master's failure.",
           "master_name", "master_address")},
    {"down-after-milliseconds", 1,
     gauge("redis_sentinel_master_setting_down_after_milliseconds",
           "Silence after which a master counts as down.", "master_name", "master_address")},
    {"failover-timeout", 1,
     gauge("redis_sentinel_master_setting_failover_timeout", "Time-out of a failover in milliseconds.",
           "master_name", "master_address")},
    {"parallel-syncs", 1,
     gauge("redis_sentinel_master_setting_parallel_syncs",
           "Replicas that may sync with a new master at once.", "master_name", "master_address")}};
constexpr auto kQuorum =
    gauge("redis_sentinel_master_ckquorum_status",
          "Whether a master's quorum can be reached (1) or not (0), with the sentinel's words.",
          "master_name", "message");
constexpr auto kOkSentinels =
    gauge("redis_sentinel_master_ok_sentinels", "Sentinels of a master that are up, this one included.",
          "master_name", "master_address");
constexpr auto kOkReplicas = gauge("redis_sentinel_master_ok_slaves", "Replicas of a master that are up.",
                                   "master_name", "master_address");
constexpr auto kPeer = gauge("redis_sentinel_peer_info", "Another sentinel of a master; always 1.",
                             "master_name", "master_address", "name", "ip", "port", "runid", "flags");
constexpr auto kKeyValue =
    gauge("redis_sentinel_config_key_value", "A setting of the sentinel as text; always 1.", "key", "value");
constexpr auto kValue =
    gauge("redis_sentinel_config_value", "A setting of the sentinel that is a number.", "key");

constexpr MetricInfo kMetrics[] = {kSettings[0].metric,
                                   kSettings[1].metric,
                                   kSettings[2].metric,
                                   kSettings[3].metric,
                                   kSettings[4].metric,
                                   kSettings[5].metric,
                                   kQuorum,
                                   kOkSentinels,
                                   kOkReplicas,
                                   kPeer,
                                   kKeyValue,
                                   kValue};

bool is_up(const Reply& member) {
  const auto flags = member.named("flags").text;
  return flags.find("s_down") == std::string_view::npos && flags.find("o_down") == std::string_view::npos;
}

std::int64_t count_up(const Reply& members) {
  const auto list = members.array();
  return std::count_if(list.begin(), list.end(), [](const Reply* member) { return is_up(*member); });
}

}  // namespace

std::span<const MetricInfo> sentinel_metrics() { return kMetrics; }

Status write_sentinel(Client& client, Replies& replies, const InfoFacts&, const Options& options, Output& out,
                      Deadline deadline) {
  Commands commands;
  commands.add({"SENTINEL", "MASTERS"});
  if (options.config_metrics) commands.add({"SENTINEL", "CONFIG", "GET", "*"});
  if (auto status = client.ask(commands, replies, deadline); !status) return status;
  if (options.config_metrics) {
    const auto items = replies[1].array();
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      const auto key = items[i]->text;
      if (options.redact_config && key == "sentinel-pass" && !items[i + 1]->text.empty()) continue;
      out(kKeyValue, {key, items[i + 1]->text}, 1);
      if (const auto number = go_float(items[i + 1]->text)) out(kValue, {key}, *number);
    }
  }
  struct Master {
    std::string name, address;
  };
  std::vector<Master> masters;
  commands.clear();
  for (const auto* master : replies[0].array()) {
    const auto name = master->named("name").text;
    const auto address =
        std::string(master->named("ip").text) + ":" + std::string(master->named("port").text);
    for (const auto& setting : kSettings) {
      out(setting.metric, {name, address},
          go_float(master->named(setting.key).text).value_or(0) * setting.scale);
    }
    masters.push_back({std::string(name), address});
    commands.add({"SENTINEL", "CKQUORUM", name});
    commands.add({"SENTINEL", "SENTINELS", name});
    commands.add({"SENTINEL", "SLAVES", name});
  }
  if (masters.empty()) return {};
  if (auto status = client.ask(commands, replies, deadline); !status) return status;
  for (std::size_t i = 0; i < masters.size(); ++i) {
    const auto& [name, address] = masters[i];
    const auto& quorum = replies[3 * i];
    const auto& sentinels = replies[3 * i + 1];
    const auto& replicas = replies[3 * i + 2];
    out(kQuorum, {name, quorum.text}, quorum.failed() ? 0 : 1);
    if (!sentinels.failed()) out(kOkSentinels, {name, address}, 1 + count_up(sentinels));
    if (!replicas.failed()) out(kOkReplicas, {name, address}, count_up(replicas));
    if (!options.sentinel_peers) continue;
    for (const auto* peer : sentinels.array()) {
      out(kPeer,
          {name, address, peer->named("name").text, peer->named("ip").text, peer->named("port").text,
           peer->named("runid").text, peer->named("flags").text},
          1);
    }
  }
  return {};
}

}  // namespace exporter::redis
