// SPDX-License-Identifier: Apache-2.0
// SLOWLOG LEN and SLOWLOG GET 1; COMMANDLOG, which replaces it in Valkey 8.1.

#include <exporter/text.hpp>

#include "number.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr auto kLength = gauge("redis_slowlog_length", "Entries in the slow log.");
constexpr auto kLastId = gauge("redis_slowlog_last_id", "Number of the newest entry in the slow log.");
constexpr auto kLastDuration = gauge("redis_last_slow_execution_duration_seconds",
                                     "How long the newest entry's command in the slow log took.");

constexpr struct {
  std::string_view key;
  Metric<0> metric;
} kLogs[] = {{"slow", gauge("redis_commandlog_slow_length", "Entries in the log of slow commands.")},
             {"large-request",
              gauge("redis_commandlog_large_request_length", "Entries in the log of large requests.")},
             {"large-reply",
              gauge("redis_commandlog_large_reply_length", "Entries in the log of large replies.")}},
  kSettings[] = {
      {"commandlog-execution-slower-than",
       gauge("redis_commandlog_execution_slower_than", "Setting commandlog-execution-slower-than.")},
      {"commandlog-request-larger-than",
       gauge("redis_commandlog_request_larger_than", "Setting commandlog-request-larger-than.")},
      {"commandlog-reply-larger-than",
       gauge("redis_commandlog_reply_larger_than", "Setting commandlog-reply-larger-than.")},
      {"commandlog-slow-execution-max-len",
       gauge("redis_commandlog_slow_execution_max_len", "Setting commandlog-slow-execution-max-len.")},
      {"commandlog-large-request-max-len",
       gauge("redis_commandlog_large_request_max_len", "Setting commandlog-large-request-max-len.")},
      {"commandlog-large-reply-max-len",
       gauge("redis_commandlog_large_reply_max_len", "Setting commandlog-large-reply-max-len.")}};

constexpr MetricInfo kMetrics[] = {kLength,
                                   kLastId,
                                   kLastDuration,
                                   kLogs[0].metric,
                                   kLogs[1].metric,
                                   kLogs[2].metric,
                                   kSettings[0].metric,
                                   kSettings[1].metric,
                                   kSettings[2].metric,
                                   kSettings[3].metric,
                                   kSettings[4].metric,
                                   kSettings[5].metric};

}  // namespace

std::span<const MetricInfo> slowlog_metrics() { return kMetrics; }

void write_slowlog(const Reply& length, const Reply& last, Output& out) {
  if (length.kind == Reply::Kind::kInteger) out(kLength, length.integer);
  if (last.kind != Reply::Kind::kArray) return;
  const auto& entry = last.at(0);
  out(kLastId, entry.at(0).integer);
  out(kLastDuration, static_cast<double>(entry.at(2).integer) / 1e6);
}

Status write_command_log(Client& client, Replies& replies, const Options& options, Output& out,
                         Deadline deadline) {
  Commands commands;
  for (const auto& log : kLogs) commands.add({"COMMANDLOG", "LEN", log.key});
  if (!options.config_command.empty()) commands.add({options.config_command, "GET", "commandlog-*"});
  if (auto status = client.ask(commands, replies, deadline); !status) return status;
  bool any = false;
  for (std::size_t i = 0; i < std::size(kLogs); ++i) {
    if (replies[i].kind != Reply::Kind::kInteger) continue;
    out(kLogs[i].metric, replies[i].integer);
    any = true;
  }
  if (!any || options.config_command.empty()) return {};
  for (const auto& setting : kSettings) {
    if (const auto value = go_float(replies[std::size(kLogs)].named(setting.key).text))
      out(setting.metric, *value);
  }
  return {};
}

}  // namespace exporter::redis
