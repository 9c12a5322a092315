// SPDX-License-Identifier: Apache-2.0
// What scrapes of keys share: choosing the database, SCAN, and the order of parts.

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "keys.hpp"

namespace exporter::redis {
namespace {

void optional_part(std::string_view what, const Status& status) {
  if (!status) log::warn("A part of the scrape failed", {{"part", what}, {"err", status.error().message}});
}

}  // namespace

Status KeyScrape::select(std::string_view database) {
  Commands commands;
  Replies replies;
  commands.add({"SELECT", database});
  if (auto status = client->ask(commands, replies, deadline); !status) return status;
  if (replies[0].failed())
    return fail(Code::kInvalid, "SELECT " + std::string(database) + ": " + std::string(replies[0].text));
  selected = true;
  return {};
}

Status KeyScrape::scan(const KeyPattern& pattern, std::string_view type, const Page& page) {
  if (!cluster) return scan_server(pattern, type, page);
  auto* const first = client;
  Status result;
  for (const auto& master : cluster->masters()) {
    client = master.get();
    if (result = scan_server(pattern, type, page); !result) break;
  }
  client = first;
  return result;
}

Status KeyScrape::one(std::string_view key, const Page& page) {
  const std::string_view keys[] = {key};
  if (!cluster) return page(keys);
  Commands commands;
  Replies replies;
  commands.add({"TYPE", key});
  if (auto status = client->ask(commands, replies, deadline); !status) return status;
  if (replies[0].text == "none") return {};
  if (!replies[0].failed()) return page(keys);
  // "MOVED 3999 127.0.0.1:6381"
  Fields moved(replies[0].text);
  auto* const owner = moved.next() == "MOVED" ? cluster->find(moved.skip(1).next()) : nullptr;
  if (!owner) return fail(Code::kUnavailable, std::string(replies[0].text));
  auto* const first = client;
  client = owner;
  commands.clear();
  commands.add({"TYPE", key});
  auto result = client->ask(commands, replies, deadline);
  if (result && replies[0].text != "none") result = page(keys);
  client = first;
  return result;
}

Status KeyScrape::scan_server(const KeyPattern& pattern, std::string_view type, const Page& page) {
  std::string cursor = "0";
  const auto count = std::to_string(options.batch_size);
  Commands commands;
  Replies replies;
  std::vector<std::string_view> keys;
  do {
    commands.clear();
    std::vector<std::string_view> words = {"SCAN", cursor, "MATCH", pattern.pattern, "COUNT", count};
    if (!type.empty()) {
      words.emplace_back("TYPE");
      words.push_back(type);
    }
    commands.add(words);
    if (auto status = client->ask(commands, replies, deadline); !status) return status;
    if (replies[0].failed()) return fail(Code::kUnavailable, "SCAN: " + std::string(replies[0].text));
    keys.clear();
    for (const auto* key : replies[0].at(1).array()) keys.push_back(key->text);
    cursor = replies[0].at(0).text;
    if (!parse<std::uint64_t>(cursor)) return fail(Code::kInvalid, "SCAN: the cursor is no number");
    if (keys.empty()) continue;
    if (auto status = page(keys); !status) return status;
  } while (cursor != "0");
  return {};
}

Status KeyScrape::run(const KeyChoice& keys, const InfoFacts& facts) {
  if (!options.skip_keys_on_master || facts.role == "slave") {
    if (!keys.check_keys.empty() || !keys.check_single_keys.empty())
      optional_part("check-keys", check_keys(keys.check_keys, keys.check_single_keys));
    if (!keys.count_keys.empty()) optional_part("count-keys", count_keys(keys.count_keys));
    if (!keys.check_streams.empty() || !keys.check_single_streams.empty())
      optional_part("check-streams", check_streams(keys.check_streams, keys.check_single_streams));
  }
  optional_part("check-key-groups", key_groups());
  if (options.tile38) optional_part("SERVER EXT", tile38());
  if (options.modules) optional_part("INFO MODULES", modules());
  if (options.search_indexes) optional_part("FT.INFO", search_indexes());
  const auto status = options.scripts.empty() ? Status{} : scripts();
  // The connection is kept: the next scrape starts in the database that the address names.
  if (selected)
    optional_part("SELECT", select(client->address().database.empty() ? "0" : client->address().database));
  return status;
}

}  // namespace exporter::redis
