// SPDX-License-Identifier: Apache-2.0
// XINFO: streams, their groups and consumers.

#include <string>

#include <exporter/text.hpp>

#include "keys.hpp"
#include "number.hpp"

namespace exporter::redis {
namespace {

enum class Kind : unsigned char { kNumber, kId, kFirstId };

constexpr struct {
  std::string_view key;
  Kind kind;
  Metric<2> metric;
} kStream[] = {
    {"length", Kind::kNumber, gauge("redis_stream_length", "Entries of a stream.", "db", "stream")},
    {"radix-tree-keys", Kind::kNumber,
     gauge("redis_stream_radix_tree_keys", "Keys in a stream's radix tree.", "db", "stream")},
    {"radix-tree-nodes", Kind::kNumber,
     gauge("redis_stream_radix_tree_nodes", "Nodes of a stream's radix tree.", "db", "stream")},
    {"groups", Kind::kNumber, gauge("redis_stream_groups", "Consumer groups of a stream.", "db", "stream")},
    {"last-generated-id", Kind::kId,
     gauge("redis_stream_last_generated_id", "Time part of the last id that a stream gave.", "db", "stream")},
    {"max-deleted-entry-id", Kind::kId,
     gauge("redis_stream_max_deleted_entry_id", "Time part of the highest id that was deleted.", "db",
           "stream")},
    {"first-entry", Kind::kFirstId,
     gauge("redis_stream_first_entry_id", "Time part of a stream's first entry's id.", "db", "stream")},
    {"last-entry", Kind::kFirstId,
     gauge("redis_stream_last_entry_id", "Time part of a stream's last entry's id.", "db", "stream")},
    {"entries-added", Kind::kNumber,
     counter("redis_stream_entries_added_total", "Entries that were ever added to a stream.", "db",
             "stream")}};

constexpr struct {
  std::string_view key;
  Kind kind;
  Metric<3> metric;
} kGroup[] = {
    {"consumers", Kind::kNumber,
     gauge("redis_stream_group_consumers", "Consumers of a group.", "db", "stream", "group")},
    {"pending", Kind::kNumber,
     gauge("redis_stream_group_messages_pending",
           "Entries that were delivered to a group and not acknowledged.", "db", "stream", "group")},
    {"last-delivered-id", Kind::kId,
     gauge("redis_stream_group_last_delivered_id", "Time part of the last id delivered to a group.", "db",
           "stream", "group")},
    {"entries-read", Kind::kNumber,
     gauge("redis_stream_group_entries_read", "Entries that a group has read.", "db", "stream", "group")},
    {"lag", Kind::kNumber,
     gauge("redis_stream_group_lag", "Entries that a group has still to read.", "db", "stream", "group")}};

constexpr auto kIdle =
    gauge("redis_stream_group_consumer_idle_seconds", "Time since a consumer's last attempt to read.", "db",
          "stream", "group", "consumer");
constexpr auto kPending = gauge("redis_stream_group_consumer_messages_pending",
                                "Entries that were delivered to a consumer and not acknowledged.", "db",
                                "stream", "group", "consumer");

constexpr MetricInfo kMetrics[] = {
    kStream[0].metric, kStream[1].metric, kStream[2].metric, kStream[3].metric, kStream[4].metric,
    kStream[5].metric, kStream[6].metric, kStream[7].metric, kStream[8].metric, kGroup[0].metric,
    kGroup[1].metric,  kGroup[2].metric,  kGroup[3].metric,  kGroup[4].metric,  kIdle,
    kPending};

/// The milliseconds of "1700000000000-0"; 0 where there is no id.
double id_time(std::string_view id) { return go_float(id.substr(0, id.find('-'))).value_or(0); }

double value_of(const Reply& reply, Kind kind) {
  switch (kind) {
    case Kind::kId:
      return id_time(reply.text);
    case Kind::kFirstId:
      return id_time(reply.at(0).text);
    case Kind::kNumber:
      break;
  }
  return static_cast<double>(reply.integer);
}

}  // namespace

std::span<const MetricInfo> stream_metrics() { return kMetrics; }

Status KeyScrape::check_streams(const KeyChoice& keys) {
  Commands commands;
  Replies streams, consumers;
  const auto write = [&](std::string_view database, std::span<const std::string_view> page) -> Status {
    commands.clear();
    for (const auto key : page) {
      commands.add({"XINFO", "STREAM", key});
      commands.add({"XINFO", "GROUPS", key});
    }
    if (auto status = client->ask(commands, streams, deadline); !status) return status;
    commands.clear();
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (streams[2 * i].failed()) continue;  // gone, or something else than a stream
      for (const auto& field : kStream) {
        out(field.metric, {database, page[i]}, value_of(streams[2 * i].named(field.key), field.kind));
      }
      for (const auto* group : streams[2 * i + 1].array()) {
        const auto name = group->named("name").text;
        for (const auto& field : kGroup) {
          out(field.metric, {database, page[i], name}, value_of(group->named(field.key), field.kind));
        }
        if (options.stream_consumers) commands.add({"XINFO", "CONSUMERS", page[i], name});
      }
    }
    if (commands.count() == 0) return {};
    if (auto status = client->ask(commands, consumers, deadline); !status) return status;
    std::size_t at = 0;
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (streams[2 * i].failed()) continue;
      for (const auto* group : streams[2 * i + 1].array()) {
        const auto group_name = group->named("name").text;
        for (const auto* consumer : consumers[at].array()) {
          const auto name = consumer->named("name").text;
          out(kPending, {database, page[i], group_name, name}, consumer->named("pending").integer);
          out(kIdle, {database, page[i], group_name, name},
              static_cast<double>(consumer->named("idle").integer) / 1e3);
        }
        ++at;
      }
    }
    return {};
  };
  return each_key(keys.check_streams, keys.check_single_streams, "stream", write);
}

}  // namespace exporter::redis
