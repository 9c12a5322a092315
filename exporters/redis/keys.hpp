// SPDX-License-Identifier: Apache-2.0
// The parts of a scrape that look at keys, and those that only some servers have.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "cluster.hpp"
#include "info.hpp"
#include "instance.hpp"

namespace exporter::redis {

struct KeyScrape {
  Client* client;
  const Options& options;
  Output& out;
  Deadline deadline;
  std::int64_t databases;
  ClusterClients* cluster = nullptr;  // where keys are spread over several servers
  bool selected = false;              // another database than the address names

  /// Everything that the flags ask for. An error (of a script) means that the server counts as down.
  Status run(const KeyChoice& keys, const InfoFacts& facts);

  Status check_keys(std::span<const KeyPattern> patterns, std::span<const KeyPattern> single);
  Status count_keys(std::span<const KeyPattern> patterns);
  Status check_streams(std::span<const KeyPattern> patterns, std::span<const KeyPattern> single);
  Status key_groups();
  Status scripts();
  Status tile38();
  Status modules();
  Status search_indexes();

  Status select(std::string_view database);
  /// Calls `page` with the keys that match, a page at a time.
  using Page = std::function<Status(std::span<const std::string_view> keys)>;
  Status scan(const KeyPattern& pattern, std::string_view type, const Page& page);
  /// Calls `page` with one key, on the server that has it.
  Status one(std::string_view key, const Page& page);
  Status scan_server(const KeyPattern& pattern, std::string_view type, const Page& page);
};

}  // namespace exporter::redis
