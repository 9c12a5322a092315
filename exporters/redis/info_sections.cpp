// SPDX-License-Identifier: Apache-2.0
// INFO's sections with structured lines: replication, statistics of commands and errors, keyspace, sentinel.

#include "info_sections.hpp"

#include <algorithm>
#include <string>

#include <exporter/text.hpp>

#include "number.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr auto kCalls = counter("redis_commands_total", "Calls of a command.", "cmd");
constexpr auto kSeconds = counter("redis_commands_duration_seconds_total", "Time spent in a command.", "cmd");
constexpr auto kRejected = counter("redis_commands_rejected_calls_total",
                                   "Calls of a command that were refused before it ran.", "cmd");
constexpr auto kFailed =
    counter("redis_commands_failed_calls_total", "Calls of a command that failed while it ran.", "cmd");
constexpr auto kErrors = counter("redis_errors_total", "Error answers by the error's first word.", "err");
constexpr Metric<2> kPercentiles{"redis_latency_percentiles_usec",
                                 "Latency of a command in microseconds; the quantile is in percent.",
                                 MetricType::kSummary,
                                 {"cmd", "quantile"}};

constexpr auto kReplicaOffset =
    gauge("redis_connected_slave_offset_bytes", "Replication offset that a replica has confirmed.",
          "slave_ip", "slave_port", "slave_state");
constexpr auto kReplicaLag =
    gauge("redis_connected_slave_lag_seconds", "Time since a replica's last confirmation.", "slave_ip",
          "slave_port", "slave_state");
constexpr auto kLinkUp = gauge("redis_master_link_up", "Whether the link to the master is up (1) or not (0).",
                               "master_host", "master_port");
constexpr auto kLastIo = gauge("redis_master_last_io_seconds_ago",
                               "Seconds since the master was last heard of.", "master_host", "master_port");
constexpr auto kSync = gauge("redis_master_sync_in_progress", "Whether the master is sending its data set.",
                             "master_host", "master_port");
constexpr auto kOwnOffset =
    gauge("redis_slave_repl_offset", "Replication offset of this replica.", "master_host", "master_port");
constexpr auto kReplica = gauge("redis_slave_info", "This server is a replica of the named master; always 1.",
                                "master_host", "master_port", "read_only");

constexpr auto kKeys = gauge("redis_db_keys", "Keys in a database.", "db");
constexpr auto kExpiring =
    gauge("redis_db_keys_expiring", "Keys in a database that have a time to live.", "db");
constexpr auto kTtl =
    gauge("redis_db_avg_ttl_seconds", "Mean time to live of a database's keys that have one.", "db");
constexpr auto kCached =
    gauge("redis_db_keys_cached", "Fourth number of a database's keyspace line: cached keys (KeyDB).", "db");

constexpr auto kMasterStatus =
    gauge("redis_sentinel_master_status", "Whether a monitored master is ok (1) or not (0).", "master_name",
          "master_address", "master_status");
constexpr auto kMasterReplicas =
    gauge("redis_sentinel_master_slaves", "Replicas of a monitored master.", "master_name", "master_address");
constexpr auto kMasterSentinels = gauge("redis_sentinel_master_sentinels", "Sentinels that monitor a master.",
                                        "master_name", "master_address");

constexpr auto kModule = gauge("redis_module_info", "A loaded module; always 1.", "name", "ver", "api",
                               "filters", "usedby", "using");

constexpr MetricInfo kMetrics[] = {
    kCalls,      kSeconds, kRejected, kFailed,       kErrors,         kPercentiles,     kReplicaOffset,
    kReplicaLag, kLinkUp,  kLastIo,   kSync,         kOwnOffset,      kReplica,         kKeys,
    kExpiring,   kTtl,     kCached,   kMasterStatus, kMasterReplicas, kMasterSentinels, kModule};

/// What stands behind `prefix`, or nothing.
std::optional<std::string_view> behind(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return text.substr(prefix.size());
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::span<const MetricInfo> info_section_metrics() { return kMetrics; }

std::optional<Pairs::Pair> Pairs::next() {
  if (rest_.empty()) return std::nullopt;
  auto part = take_until(rest_, ',');
  const bool complete = part.find('=') != std::string_view::npos;
  const auto key = take_until(part, '=');
  return Pair{key, part, complete};
}

std::optional<CommandStat> write_command_stat(std::string_view name, std::string_view text, Output& out) {
  const auto command = behind(name, "cmdstat_");
  if (!command) return std::nullopt;
  CommandStat stat{.name = *command};
  std::optional<std::uint64_t> rejected, failed;
  bool has_calls = false, has_time = false;
  std::size_t fields = 0;
  for (Pairs pairs(text); const auto pair = pairs.next(); ++fields) {
    const auto number = parse<double>(pair->value);
    if (!number || !(*number >= 0)) continue;  // NaN neither
    const auto whole = parse<std::uint64_t>(pair->value);
    const auto count = whole ? *whole : static_cast<std::uint64_t>(std::min(*number, 1e18));
    if (pair->key == "calls") {
      stat.calls = count;
      has_calls = true;
    } else if (pair->key == "usec") {
      stat.microseconds = count;
      has_time = true;
    } else if (pair->key == "rejected_calls") {
      rejected = count;
    } else if (pair->key == "failed_calls") {
      failed = count;
    }
  }
  if (!has_calls || !has_time) return std::nullopt;
  out(kCalls, {*command}, stat.calls);
  out(kSeconds, {*command}, static_cast<double>(stat.microseconds) / 1e6);
  if (fields >= 5) {
    if (rejected) out(kRejected, {*command}, *rejected);
    if (failed) out(kFailed, {*command}, *failed);
  }
  return stat;
}

void write_latency_stat(std::string_view name, std::string_view text, const InfoFacts& facts, Output& out) {
  const auto command = behind(name, "latency_percentiles_usec_");
  const auto* stat = command ? facts.command(*command) : nullptr;
  if (!stat) return;
  for (Pairs pairs(text); const auto pair = pairs.next();) {
    if (!pair->key.starts_with('p')) continue;
    const auto percentile = go_float(pair->key.substr(1));
    const auto value = go_float(pair->value);
    if (percentile && value) out(kPercentiles, {*command, GoNumber(*percentile)}, *value);
  }
  const Label labels[] = {{"cmd", *command}};
  out.sample(kPercentiles.name, kPercentiles.help, kPercentiles.type, labels, stat->microseconds, "_sum");
  out.sample(kPercentiles.name, kPercentiles.help, kPercentiles.type, labels, stat->calls, "_count");
}

void write_error_stat(std::string_view name, std::string_view text, Output& out) {
  const auto error = behind(name, "errorstat_");
  const auto count = behind(text, "count=");
  if (!error || !count) return;
  if (const auto value = info_value(*count)) out(kErrors, {*error}, *value);
}

void write_module(std::string_view text, Output& out) {
  std::array<std::string_view, 7> values;
  std::size_t count = 0;
  while (!text.empty()) {
    auto part = take_until(text, ',');
    if (count == values.size()) return;
    take_until(part, '=');
    values[count++] = part;
  }
  if (count == values.size())
    out(kModule, {values[0], values[1], values[2], values[3], values[4], values[5]}, 1);
}

bool write_sentinel_master(std::string_view name, std::string_view text, std::vector<SentinelMaster>& masters,
                           Output& out) {
  const auto number = behind(name, "master");
  if (!number || !all_digits(*number)) return false;
  SentinelMaster master;
  std::string_view status, replicas, sentinels;
  for (Pairs pairs(text); const auto pair = pairs.next();) {
    if (pair->key == "name") master.name = pair->value;
    if (pair->key == "address") master.address = pair->value;
    if (pair->key == "status") status = pair->value;
    if (pair->key == "slaves") replicas = pair->value;
    if (pair->key == "sentinels") sentinels = pair->value;
  }
  out(kMasterStatus, {master.name, master.address, status}, status == "ok" ? 1 : 0);
  if (const auto value = info_value(replicas)) out(kMasterReplicas, {master.name, master.address}, *value);
  if (const auto value = info_value(sentinels)) out(kMasterSentinels, {master.name, master.address}, *value);
  masters.push_back(master);
  return true;
}

bool Replication::take(std::string_view name, std::string_view text) {
  if (name == "slave_repl_offset") {
    if (const auto value = info_value(text)) out_(kOwnOffset, {host_, port_}, *value);
    return true;
  }
  if (name == "slave_read_only") {
    read_only_ = text;
    return false;
  }
  if (take_replica(name, text)) return true;
  auto field = behind(name, "master_");
  if (!field) return false;
  // KeyDB has several masters: master_1_host.
  if (const auto digits = field->find('_');
      digits != std::string_view::npos && all_digits(field->substr(0, digits))) {
    field = field->substr(digits + 1);
  }
  if (*field == "host") {
    host_ = text;
  } else if (*field == "port") {
    port_ = text;
  } else if (*field == "link_status") {
    out_(kLinkUp, {host_, port_}, text == "up" ? 1 : 0);
  } else if (*field == "last_io_seconds_ago") {
    if (const auto value = info_value(text)) out_(kLastIo, {host_, port_}, *value);
  } else if (*field == "sync_in_progress") {
    if (const auto value = info_value(text)) out_(kSync, {host_, port_}, *value);
  } else {
    return false;
  }
  return true;
}

bool Replication::take_replica(std::string_view name, std::string_view text) {
  const auto number = behind(name, "slave");
  if (!number || !all_digits(*number)) return false;
  std::string_view ip, port, state, offset, lag;
  for (Pairs pairs(text); const auto pair = pairs.next();) {
    if (!pair->complete) return true;
    if (pair->key == "ip") ip = pair->value;
    if (pair->key == "port") port = pair->value;
    if (pair->key == "state") state = pair->value;
    if (pair->key == "offset") offset = pair->value;
    if (pair->key == "lag") lag = pair->value;
  }
  const auto bytes = go_float(offset);
  if (!bytes) return true;
  out_(kReplicaOffset, {ip, port, state}, *bytes);
  if (const auto seconds = go_float(lag); seconds && *seconds >= 0)
    out_(kReplicaLag, {ip, port, state}, *seconds);
  return true;
}

void Replication::finish(std::string_view role) {
  if (role == "slave") out_(kReplica, {host_, port_, read_only_}, 1);
}

bool Keyspace::take(std::string_view name, std::string_view text) {
  const auto number = behind(name, "db");
  if (!number) return false;
  std::array<std::string_view, 4> values;
  std::size_t count = 0;
  for (Pairs pairs(text); const auto pair = pairs.next();) {
    if (!pair->complete || count == values.size()) break;
    values[count++] = pair->value;
  }
  const auto keys = go_float(values[0]);
  const auto expiring = go_float(values[1]);
  if (count < 2 || !keys || !expiring) return false;
  out_(kKeys, {name}, *keys);
  out_(kExpiring, {name}, *expiring);
  if (const auto ttl = go_float(values[2]); ttl && count > 2) out_(kTtl, {name}, *ttl / 1000);
  if (const auto cached = go_float(values[3]); cached && count > 3) out_(kCached, {name}, *cached);
  seen_.push_back(name);
  return true;
}

void Keyspace::finish(std::int64_t databases) {
  if (!empty_too_) return;
  constexpr std::int64_t kMost = 100000;  // a server may say anything
  for (std::int64_t i = 0; i < std::min(databases, kMost); ++i) {
    const auto name = "db" + std::to_string(i);
    if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) continue;
    out_(kKeys, {name}, 0);
    out_(kExpiring, {name}, 0);
  }
}

}  // namespace exporter::redis
