// SPDX-License-Identifier: Apache-2.0
// What scrapes of keys share: choosing the database, SCAN, and the order of parts.

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "key_set.hpp"
#include "keys.hpp"

namespace exporter::redis {
namespace {

void optional_part(std::string_view what, const Status& status) {
  if (!status) log::warn("A part of the scrape failed", {{"part", what}, {"err", status.error().message}});
}

}  // namespace

Status KeyScrape::ask(std::initializer_list<std::string_view> words, Replies& replies) const {
  Commands commands;
  commands.add(words);
  if (auto status = client->ask(commands, replies, deadline); !status) return status;
  if (replies[0].failed()) return fail(Code::kUnavailable, std::string(replies[0].text));
  return {};
}

Status KeyScrape::select(std::string_view database) {
  Replies replies;
  if (auto status = ask({"SELECT", database}, replies); !status)
    return fail(status.error().code, "SELECT " + std::string(database) + ": " + status.error().message);
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

Status KeyScrape::each_key(std::span<const KeyPattern> patterns, std::span<const KeyPattern> single,
                           std::string_view type, const LabelledPage& page) {
  KeySet seen;
  std::vector<std::string_view> fresh;
  const auto look = [&](const KeyPattern& pattern, bool glob) -> Status {
    if (auto status = select(pattern.database); !status) return status;
    const auto label = "db" + pattern.database;
    const auto write = [&](std::span<const std::string_view> keys) -> Status {
      fresh.clear();
      for (const auto key : keys) {
        if (seen.add(label, key)) fresh.push_back(key);
      }
      return fresh.empty() ? Status{} : page(label, fresh);
    };
    return glob ? scan(pattern, type, write) : one(pattern.pattern, write);
  };
  Status result;
  for (const auto& pattern : patterns) {
    if (auto status = look(pattern, pattern.is_glob()); !status) result = status;
  }
  for (const auto& pattern : single) {
    if (auto status = look(pattern, false); !status) result = status;
  }
  return result;
}

Status KeyScrape::run(const KeyChoice& keys, const InfoFacts& facts) {
  const bool look_at_keys = !options.skip_keys_on_master || facts.role == "slave";
  const struct {
    std::string_view name;
    bool wanted;
    Status (KeyScrape::*part)(const KeyChoice&);
  } key_parts[] = {
      {"check-keys", !keys.check_keys.empty() || !keys.check_single_keys.empty(), &KeyScrape::check_keys},
      {"count-keys", !keys.count_keys.empty(), &KeyScrape::count_keys},
      {"check-streams", !keys.check_streams.empty() || !keys.check_single_streams.empty(),
       &KeyScrape::check_streams}};
  for (const auto& [name, wanted, part] : key_parts) {
    if (wanted && look_at_keys) optional_part(name, (this->*part)(keys));
  }
  const struct {
    std::string_view name;
    bool wanted;
    Status (KeyScrape::*part)();
  } parts[] = {{"check-key-groups", true, &KeyScrape::key_groups},
               {"SERVER EXT", options.tile38, &KeyScrape::tile38},
               {"INFO MODULES", options.modules, &KeyScrape::modules},
               {"FT.INFO", options.search_indexes, &KeyScrape::search_indexes}};
  for (const auto& [name, wanted, part] : parts) {
    if (wanted) optional_part(name, (this->*part)());
  }
  const auto status = scripts();
  // The connection is kept: the next scrape starts in the database that the address names.
  if (selected)
    optional_part("SELECT", select(client->address().database.empty() ? "0" : client->address().database));
  return status;
}

}  // namespace exporter::redis
