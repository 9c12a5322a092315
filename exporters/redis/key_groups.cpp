// SPDX-License-Identifier: Apache-2.0
// Groups keys by the captures of Lua patterns. The server does the matching, one SCAN page a call, so that no
// call holds it up for longer than a page takes.

#include <algorithm>
#include <string>
#include <unordered_map>

#include <exporter/text.hpp>

#include "keys.hpp"

namespace exporter::redis {
namespace {

constexpr auto kCount = gauge("redis_key_group_count", "Keys of a group.", "db", "key_group");
constexpr auto kMemory =
    gauge("redis_key_group_memory_usage_bytes", "Memory that the keys of a group take.", "db", "key_group");
constexpr auto kDistinct = gauge("redis_number_of_distinct_key_groups",
                                 "Groups of a database before the smallest became one.", "db");
constexpr auto kDuration =
    gauge("redis_last_key_groups_scrape_duration_milliseconds", "Time that grouping keys took.");
constexpr MetricInfo kMetrics[] = {kCount, kMemory, kDistinct, kDuration};

constexpr std::string_view kScript = R"lua(
local page = redis.call('SCAN', ARGV[1], 'COUNT', ARGV[2])
local counts, sizes = {}, {}
for _, key in ipairs(page[2]) do
  local group = 'unclassified'
  for i = 3, #ARGV do
    local found = {string.find(key, ARGV[i])}
    if found[1] then
      group = table.concat(found, '', 3)
      break
    end
  end
  counts[group] = (counts[group] or 0) + 1
  sizes[group] = (sizes[group] or 0) + (redis.call('MEMORY', 'USAGE', key) or 0)
end
local result = {page[1]}
for group, count in pairs(counts) do
  result[#result + 1] = group
  result[#result + 1] = count
  result[#result + 1] = sizes[group]
end
return result
)lua";

struct Group {
  long long keys = 0, bytes = 0;
};
using Groups = std::unordered_map<std::string, Group>;

void write_groups(const Groups& groups, const std::string& database, long most, Output& out) {
  std::vector<Groups::const_pointer> largest;
  largest.reserve(groups.size());
  for (const auto& group : groups) largest.push_back(&group);
  std::sort(largest.begin(), largest.end(), [](const auto* a, const auto* b) {
    return a->second.bytes != b->second.bytes ? a->second.bytes > b->second.bytes : a->first < b->first;
  });
  Group overflow;
  for (std::size_t i = 0; i < largest.size(); ++i) {
    const auto& [name, group] = *largest[i];
    if (static_cast<long>(i) >= most) {
      overflow.keys += group.keys;
      overflow.bytes += group.bytes;
      continue;
    }
    out(kCount, {database, name}, group.keys);
    out(kMemory, {database, name}, group.bytes);
  }
  if (static_cast<long>(largest.size()) > most) {
    out(kCount, {database, "overflow"}, overflow.keys);
    out(kMemory, {database, "overflow"}, overflow.bytes);
  }
  out(kDistinct, {database}, groups.size());
}

}  // namespace

std::span<const MetricInfo> key_group_metrics() { return kMetrics; }

Status KeyScrape::key_groups() {
  if (options.key_groups.empty()) {
    out(kDuration, 0);
    return {};
  }
  const auto began = std::chrono::steady_clock::now();
  const auto batch = std::to_string(options.batch_size);
  Status result;
  Commands commands;
  Replies replies;
  for (std::int64_t number = 0; number < databases && result; ++number) {
    const auto database = std::to_string(number);
    Groups groups;
    std::string cursor = "0";
    result = select(database);
    while (result) {
      std::vector<std::string_view> words = {"EVAL", kScript, "0", cursor, batch};
      words.insert(words.end(), options.key_groups.begin(), options.key_groups.end());
      commands.clear();
      commands.add(words);
      result = client->ask(commands, replies, deadline);
      if (!result) break;
      if (replies[0].failed()) {
        result = fail(Code::kUnavailable, std::string(replies[0].text));
        break;
      }
      const auto items = replies[0].array();
      for (std::size_t i = 1; i + 2 < items.size(); i += 3) {
        auto& group = groups[std::string(items[i]->text)];
        group.keys += items[i + 1]->integer;
        group.bytes += items[i + 2]->integer;
      }
      cursor = replies[0].at(0).text;
      if (cursor == "0" || !parse<std::uint64_t>(cursor)) break;
    }
    if (result) write_groups(groups, "db" + database, options.max_key_groups, out);
  }
  const auto took = std::chrono::steady_clock::now() - began;
  out(kDuration, std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
  return result;
}

}  // namespace exporter::redis
