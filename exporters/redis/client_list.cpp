// SPDX-License-Identifier: Apache-2.0
// CLIENT LIST: one line a client, "id=3 addr=127.0.0.1:50000 name=a age=2 ...".

#include <array>
#include <optional>

#include <exporter/text.hpp>

#include "number.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

enum class Meaning : unsigned char { kPlain, kAgo };

struct ClientField {
  std::string_view key;
  Metric<2> metric;
  Meaning meaning = Meaning::kPlain;
  bool always = false;  // 0 where it is missing
};

constexpr ClientField kFields[] = {
    {"age",
     gauge("redis_connected_client_created_at_timestamp", "Unix time at which a client connected.", "id",
           "name"),
     Meaning::kAgo},
    {"idle",
     gauge("redis_connected_client_idle_since_timestamp", "Unix time of a client's last command.", "id",
           "name"),
     Meaning::kAgo},
    {"sub", gauge("redis_connected_client_channel_subscriptions_count",
                  "Channels that a client is subscribed to.", "id", "name")},
    {"psub", gauge("redis_connected_client_pattern_matching_subscriptions_count",
                   "Patterns that a client is subscribed to.", "id", "name")},
    {"ssub", gauge("redis_connected_client_shard_channel_subscriptions_count",
                   "Shard channels that a client is subscribed to.", "id", "name")},
    {"watch",
     gauge("redis_connected_client_shard_channel_watched_keys", "Keys that a client watches.", "id", "name")},
    {"qbuf", gauge("redis_connected_client_query_buffer_length_bytes", "Bytes in a client's query buffer.",
                   "id", "name")},
    {"qbuf-free", gauge("redis_connected_client_query_buffer_free_space_bytes",
                        "Free bytes in a client's query buffer.", "id", "name")},
    {"obl", gauge("redis_connected_client_output_buffer_length_bytes", "Bytes in a client's output buffer.",
                  "id", "name")},
    {"oll", gauge("redis_connected_client_output_list_length", "Replies that wait in a client's output list.",
                  "id", "name")},
    {"omem", gauge("redis_connected_client_output_buffer_memory_usage_bytes",
                   "Memory of a client's output list.", "id", "name")},
    {"tot-mem",
     gauge("redis_connected_client_total_memory_consumed_bytes", "Memory that a client takes in all.", "id",
           "name"),
     Meaning::kPlain, true},
};
constexpr std::string_view kInfoName = "redis_connected_client_info";
constexpr std::string_view kInfoHelp = "A connected client; always 1.";
constexpr auto kInfo =
    gauge(kInfoName, kInfoHelp, "id", "name", "flags", "db", "host", "port", "user", "resp");

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kFields) + 1> all;
  for (std::size_t i = 0; i < std::size(kFields); ++i) all[i] = kFields[i].metric;
  all.back() = kInfo;
  return all;
}();

struct ClientLine {
  std::array<std::optional<std::string_view>, std::size(kFields)> fields;
  std::string_view id, name, flags, db, host, port;
  std::optional<std::string_view> user, resp;
};

void read_pair(std::string_view key, std::string_view value, ClientLine& client) {
  for (std::size_t i = 0; i < std::size(kFields); ++i) {
    if (kFields[i].key == key) client.fields[i] = value;
  }
  if (key == "id") client.id = value;
  if (key == "name") client.name = value;
  if (key == "flags") client.flags = value;
  if (key == "db") client.db = value;
  if (key == "user") client.user = value;
  if (key == "resp") client.resp = value;
  if (key == "addr") {
    const auto colon = value.rfind(':');
    client.host = value.substr(0, colon);  // an IPv6 address keeps its brackets
    if (colon != std::string_view::npos) client.port = value.substr(colon + 1);
  }
}

void write_client(const ClientLine& client, std::int64_t now, const Options& options, Output& out) {
  for (std::size_t i = 0; i < std::size(kFields); ++i) {
    const auto& field = kFields[i];
    const auto value = client.fields[i] ? go_float(*client.fields[i]) : std::nullopt;
    if (value) {
      out(field.metric, {client.id, client.name},
          field.meaning == Meaning::kAgo ? static_cast<double>(now) - *value : *value);
    } else if (field.always) {
      out(field.metric, {client.id, client.name}, 0);
    }
  }
  std::array<Label, 8> labels;
  std::size_t count = 0;
  const auto label = [&](std::string_view name, std::string_view value) { labels[count++] = {name, value}; };
  label("id", client.id);
  label("name", client.name);
  label("flags", client.flags);
  label("db", client.db);
  label("host", client.host);
  if (options.client_port) label("port", client.port);
  if (client.user) label("user", *client.user);
  if (client.resp) label("resp", *client.resp);
  out.sample(kInfoName, kInfoHelp, MetricType::kGauge, std::span(labels).first(count), 1);
}

}  // namespace

std::span<const MetricInfo> client_list_metrics() { return kMetrics; }

void write_client_list(std::string_view text, std::int64_t now, const Options& options, Output& out) {
  for (const auto line : Lines(text)) {
    ClientLine client;
    for (Fields fields(line); !fields.empty();) {
      auto value = fields.next();
      const auto key = take_until(value, '=');
      read_pair(key, value, client);
    }
    if (!client.id.empty()) write_client(client, now, options, out);
  }
}

}  // namespace exporter::redis
