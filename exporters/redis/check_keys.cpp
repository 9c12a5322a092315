// SPDX-License-Identifier: Apache-2.0
// Size, memory and value of single keys, and how many keys there are of a pattern.

#include <string>
#include <unordered_set>

#include "keys.hpp"
#include "number.hpp"

namespace exporter::redis {
namespace {

constexpr auto kSize = gauge("redis_key_size", "Elements of a key, or bytes of a string.", "db", "key");
constexpr auto kMemory = gauge("redis_key_memory_usage_bytes", "Memory that a key takes.", "db", "key");
constexpr auto kValue = gauge("redis_key_value", "Value of a string that is a number.", "db", "key");
constexpr auto kText =
    gauge("redis_key_value_as_string", "Value of any other string; always 1.", "db", "key", "val");
constexpr auto kCount = gauge("redis_keys_count", "Keys that match a pattern.", "db", "key");
constexpr MetricInfo kMetrics[] = {kSize, kMemory, kValue, kText, kCount};

constexpr std::string_view kLogHeader = "HYLL";  // what a HyperLogLog starts with
constexpr std::string_view kValueEnd = "65535";  // longer strings are no label values

struct SizeCommand {
  std::string_view type, command;
};
constexpr SizeCommand kSizes[] = {{"list", "LLEN"}, {"set", "SCARD"},   {"zset", "ZCARD"},
                                  {"hash", "HLEN"}, {"stream", "XLEN"}, {"array", "ARCOUNT"}};

/// Writes what is known of the keys of one page, in three round trips for all of them.
class KeyPage {
 public:
  KeyPage(KeyScrape& scrape, std::string_view database) : scrape_(scrape), database_(database) {}

  Status write(std::span<const std::string_view> keys) {
    if (auto status = ask_types(keys); !status) return status;
    commands_.clear();
    logs_.clear();
    for (std::size_t i = 0; i < keys.size(); ++i) add_size(types_[2 * i].text, keys[i]);
    if (commands_.count() > 0) {
      if (auto status = scrape_.client->ask(commands_, sizes_, scrape_.deadline); !status) return status;
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < keys.size(); ++i)
      write_key(keys[i], types_[2 * i].text, types_[2 * i + 1], at);
    return write_logs();
  }

 private:
  Status ask_types(std::span<const std::string_view> keys) {
    commands_.clear();
    for (const auto key : keys) {
      commands_.add({"TYPE", key});
      commands_.add({"MEMORY", "USAGE", key});
    }
    return scrape_.client->ask(commands_, types_, scrape_.deadline);
  }

  void add_size(std::string_view type, std::string_view key) {
    if (type == "string") {
      commands_.add({"STRLEN", key});
      commands_.add({"GETRANGE", key, "0", scrape_.options.key_values ? kValueEnd : "3"});
    }
    for (const auto& size : kSizes) {
      if (size.type == type) commands_.add({size.command, key});
    }
  }

  void write_key(std::string_view key, std::string_view type, const Reply& memory, std::size_t& at) {
    if (memory.kind == Reply::Kind::kInteger) scrape_.out(kMemory, {database_, key}, memory.integer);
    if (type == "none") {
      scrape_.out(kSize, {database_, key}, 0);
    } else if (type == "string") {
      const auto& length = sizes_[at++];
      const auto& value = sizes_[at++];
      if (value.text.starts_with(kLogHeader)) {
        logs_.push_back({key, length.integer});
      } else if (length.kind == Reply::Kind::kInteger) {
        scrape_.out(kSize, {database_, key}, length.integer);
      }
      write_value(key, value.text, length.integer);
    } else {
      for (const auto& size : kSizes) {
        if (size.type != type) continue;
        const auto& reply = sizes_[at++];
        if (reply.kind == Reply::Kind::kInteger) scrape_.out(kSize, {database_, key}, reply.integer);
      }
    }
  }

  void write_value(std::string_view key, std::string_view value, long long length) {
    if (!scrape_.options.key_values || value.empty() || static_cast<long long>(value.size()) != length)
      return;
    if (const auto number = go_float(value)) {
      scrape_.out(kValue, {database_, key}, *number);
    } else {
      scrape_.out(kText, {database_, key, value}, 1);
    }
  }

  /// A string that starts as a HyperLogLog does may still be none.
  Status write_logs() {
    if (logs_.empty()) return {};
    commands_.clear();
    for (const auto& log : logs_) commands_.add({"PFCOUNT", log.key});
    if (auto status = scrape_.client->ask(commands_, sizes_, scrape_.deadline); !status) return status;
    for (std::size_t i = 0; i < logs_.size(); ++i) {
      const bool counted = sizes_[i].kind == Reply::Kind::kInteger;
      scrape_.out(kSize, {database_, logs_[i].key}, counted ? sizes_[i].integer : logs_[i].length);
    }
    return {};
  }

  struct Log {
    std::string_view key;
    long long length;
  };
  KeyScrape& scrape_;
  std::string_view database_;
  Commands commands_;
  Replies types_, sizes_;
  std::vector<Log> logs_;
};

}  // namespace

std::span<const MetricInfo> key_metrics() { return kMetrics; }

Status KeyScrape::check_keys(std::span<const KeyPattern> patterns, std::span<const KeyPattern> single) {
  std::unordered_set<std::uint64_t> seen;  // SCAN repeats keys, and patterns overlap
  const auto look = [&](const KeyPattern& pattern, bool glob) -> Status {
    if (auto status = select(pattern.database); !status) return status;
    const auto label = "db" + pattern.database;
    KeyPage page(*this, label);
    const auto write = [&](std::span<const std::string_view> keys) -> Status {
      std::vector<std::string_view> fresh;
      for (const auto key : keys) {
        const auto hash = std::hash<std::string_view>{}(key) ^ (std::hash<std::string_view>{}(label)*31);
        if (seen.insert(hash).second) fresh.push_back(key);
      }
      return fresh.empty() ? Status{} : page.write(fresh);
    };
    if (glob) return scan(pattern, {}, write);
    return one(pattern.pattern, write);
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

Status KeyScrape::count_keys(std::span<const KeyPattern> patterns) {
  Status result;
  for (const auto& pattern : patterns) {
    auto status = select(pattern.database);
    std::size_t count = 0;
    if (status) {
      status = scan(pattern, {}, [&](std::span<const std::string_view> keys) {
        count += keys.size();
        return Status{};
      });
    }
    if (status) {
      out(kCount, {"db" + pattern.database, pattern.pattern}, count);
    } else {
      result = status;
    }
  }
  return result;
}

}  // namespace exporter::redis
