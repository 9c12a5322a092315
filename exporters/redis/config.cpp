// SPDX-License-Identifier: Apache-2.0
// CONFIG GET: the limits that matter, and with --include-config-metrics every setting.

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string>

#include <exporter/text.hpp>

#include "number.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr struct {
  std::string_view key;
  Metric<0> metric;
} kLimits[] = {{"io-threads", gauge("redis_config_io_threads", "Setting io-threads.")},
               {"maxclients", gauge("redis_config_maxclients", "Setting maxclients.")},
               {"maxmemory", gauge("redis_config_maxmemory", "Setting maxmemory.")},
               {"repl-backlog-size", gauge("redis_config_repl_backlog_size", "Setting repl-backlog-size.")}};
constexpr auto kBufferLimit =
    gauge("redis_config_client_output_buffer_limit_bytes",
          "Output buffer of a class of clients at which one is disconnected.", "class", "limit");
constexpr auto kBufferTime = gauge("redis_config_client_output_buffer_limit_overcome_seconds",
                                   "How long a client may stay above the soft limit.", "class", "limit");
constexpr auto kKeyValue = gauge("redis_config_key_value", "A setting as text; always 1.", "key", "value");
constexpr auto kValue = gauge("redis_config_value", "A setting that is a number.", "key");
constexpr auto kRdbSize =
    gauge("redis_rdb_current_size_bytes", "Size of the RDB file on this machine; 0 where there is none.");

constexpr MetricInfo kMetrics[] = {kLimits[0].metric, kLimits[1].metric, kLimits[2].metric, kLimits[3].metric,
                                   kBufferLimit,      kBufferTime,       kKeyValue,         kValue,
                                   kRdbSize};

bool is_secret(std::string_view key) {
  constexpr std::string_view kSecrets[] = {"masterauth", "requirepass", "tls-key-file-pass",
                                           "tls-client-key-file-pass"};
  return std::find(std::begin(kSecrets), std::end(kSecrets), key) != std::end(kSecrets);
}

/// "normal 0 0 0 slave 268435456 67108864 60": class, hard limit, soft limit, seconds.
void write_buffer_limits(std::string_view text, Output& out) {
  for (Fields fields(text); !fields.empty();) {
    const auto name = fields.next();
    if (const auto hard = go_float(fields.next())) out(kBufferLimit, {name, "hard"}, *hard);
    if (const auto soft = go_float(fields.next())) out(kBufferLimit, {name, "soft"}, *soft);
    if (const auto seconds = go_float(fields.next())) out(kBufferTime, {name, "soft"}, *seconds);
  }
}

void write_rdb_size(const Reply& reply, Output& out) {
  const std::string path =
      std::string(reply.named("dir").text) + "/" + std::string(reply.named("dbfilename").text);
  struct stat status {};
  out(kRdbSize, ::stat(path.c_str(), &status) == 0 ? static_cast<std::int64_t>(status.st_size) : 0);
}

}  // namespace

std::span<const MetricInfo> config_metrics() { return kMetrics; }

Result<std::optional<std::int64_t>> write_config(const Reply& reply, const Options& options, Output& out) {
  std::optional<std::int64_t> databases;
  const auto items = reply.array();
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    const auto key = items[i]->text;
    const auto value = items[i + 1]->text;
    if (key == "databases") {
      const auto count = parse<std::int64_t>(value);
      if (!count) return fail(Code::kInvalid, "the setting databases is no number");
      databases = *count;
    }
    if (options.config_metrics && !(options.redact_config && is_secret(key))) {
      out(kKeyValue, {key, value}, 1);
      if (const auto number = go_float(value)) out(kValue, {key}, *number);
    }
    for (const auto& limit : kLimits) {
      if (limit.key != key) continue;
      if (const auto number = go_float(value)) out(limit.metric, *number);
    }
    if (key == "client-output-buffer-limit") write_buffer_limits(value, out);
  }
  if (options.rdb_size && !items.empty()) write_rdb_size(reply, out);
  return databases;
}

}  // namespace exporter::redis
