// SPDX-License-Identifier: Apache-2.0
// The parts of a scrape that look at keys, and those that only some servers have.
#pragma once

#include <functional>
#include <initializer_list>
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

  Status check_keys(const KeyChoice& keys);
  Status count_keys(const KeyChoice& keys);
  Status check_streams(const KeyChoice& keys);
  Status key_groups();
  Status scripts();
  Status tile38();
  Status modules();
  Status search_indexes();

  /// Asks one thing, whose answer `replies` then has. An answer that is an error is one.
  Status ask(std::initializer_list<std::string_view> words, Replies& replies) const;
  Status select(std::string_view database);

  /// Calls `page` with keys, some at a time, while `client` is the server that has them.
  using Page = std::function<Status(std::span<const std::string_view> keys)>;
  Status scan(const KeyPattern& pattern, std::string_view type, const Page& page);
  Status one(std::string_view key, const Page& page);
  Status scan_server(const KeyPattern& pattern, std::string_view type, const Page& page);

  /// All keys of some type ("": any) that patterns match, and the single ones, each once. What fails does not
  /// hold up the others; the last error is returned.
  using LabelledPage =
      std::function<Status(std::string_view database, std::span<const std::string_view> keys)>;
  Status each_key(std::span<const KeyPattern> patterns, std::span<const KeyPattern> single,
                  std::string_view type, const LabelledPage& page);
};

}  // namespace exporter::redis
