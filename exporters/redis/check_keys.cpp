// SPDX-License-Identifier: Apache-2.0
// Size, memory and value of single keys, and how many keys there are of a pattern.

#include <string>

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
// What is larger is not fetched: no string of that size is a label, and no HyperLogLog is as large.
constexpr long long kMostText = 65536;
constexpr long long kMostLog = 20480;

struct SizeCommand {
  std::string_view type, command;
};
constexpr SizeCommand kSizes[] = {{"list", "LLEN"}, {"set", "SCARD"},   {"zset", "ZCARD"},
                                  {"hash", "HLEN"}, {"stream", "XLEN"}, {"array", "ARCOUNT"}};

/// Writes what is known of keys, a page in two round trips, and a family at a time: their samples then stand
/// together in the sink.
class KeyPages {
 public:
  explicit KeyPages(KeyScrape& scrape)
      : scrape_(scrape), most_text_(scrape.options.key_values ? kMostText : kMostLog) {}

  Status write(std::string_view database, std::span<const std::string_view> keys) {
    database_ = database;
    if (auto status = ask_types(keys); !status) return status;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const auto& memory = types_[2 * i + 1];
      if (memory.kind == Reply::Kind::kInteger) scrape_.out(kMemory, {database_, keys[i]}, memory.integer);
    }
    clear();
    for (std::size_t i = 0; i < keys.size(); ++i) add_question(keys[i], types_[2 * i], types_[2 * i + 1]);
    if (auto status = ask(); !status) return status;
    write_lengths();
    // What is asked next depends on these answers: the text of a string whose memory was not told, and
    // the cardinality of a HyperLogLog, which is a string for TYPE.
    if (auto status = write_texts(); !status) return status;
    return write_logs();
  }

 private:
  enum class Answer : unsigned char { kElements, kBytes, kString };
  struct Question {
    std::string_view key;
    Answer answer;
  };
  struct Log {
    std::string_view key;
    std::size_t length;
  };

  Status ask_types(std::span<const std::string_view> keys) {
    commands_.clear();
    for (const auto key : keys) {
      commands_.add({"TYPE", key});
      commands_.add({"MEMORY", "USAGE", key});
    }
    return scrape_.client->ask(commands_, types_, scrape_.deadline);
  }

  void clear() {
    commands_.clear();
    questions_.clear();
  }
  Status ask() {
    if (commands_.count() == 0) return {};
    return scrape_.client->ask(commands_, answers_, scrape_.deadline);
  }

  void add_question(std::string_view key, const Reply& type, const Reply& memory) {
    if (type.text == "none") {
      scrape_.out(kSize, {database_, key}, 0);
    } else if (type.text == "string") {
      // A string's memory is never less than its length: a small one is fetched without asking for that.
      const bool small = memory.kind == Reply::Kind::kInteger && memory.integer <= most_text_;
      commands_.add({small ? "GET" : "STRLEN", key});
      questions_.push_back({key, small ? Answer::kString : Answer::kBytes});
    } else {
      for (const auto& size : kSizes) {
        if (size.type != type.text) continue;
        commands_.add({size.command, key});
        questions_.push_back({key, Answer::kElements});
      }
    }
  }

  void write_lengths() {
    for (std::size_t i = 0; i < questions_.size(); ++i) {
      const auto& question = questions_[i];
      const auto& answer = answers_[i];
      if (question.answer != Answer::kString) {
        if (answer.kind == Reply::Kind::kInteger)
          scrape_.out(kSize, {database_, question.key}, answer.integer);
      } else if (answer.is_text() && !answer.text.starts_with(kLogHeader)) {
        scrape_.out(kSize, {database_, question.key}, answer.text.size());
      }
    }
  }

  Status write_texts() {
    logs_.clear();
    std::vector<std::string_view> unknown;
    for (std::size_t i = 0; i < questions_.size(); ++i) {
      const auto& [key, kind] = questions_[i];
      if (kind == Answer::kString) {
        write_text(key, answers_[i]);
      } else if (kind == Answer::kBytes && answers_[i].integer <= most_text_) {
        unknown.push_back(key);
      }
    }
    if (unknown.empty()) return {};
    clear();
    for (const auto key : unknown) commands_.add({"GET", key});
    if (auto status = ask(); !status) return status;
    for (std::size_t i = 0; i < unknown.size(); ++i) write_text(unknown[i], answers_[i]);
    return {};
  }

  void write_text(std::string_view key, const Reply& answer) {
    const auto text = answer.is_text() ? answer.text : std::string_view();
    if (text.starts_with(kLogHeader)) logs_.push_back({key, text.size()});
    if (!scrape_.options.key_values || text.empty()) return;
    if (const auto number = go_float(text)) {
      scrape_.out(kValue, {database_, key}, *number);
    } else {
      scrape_.out(kText, {database_, key, text}, 1);
    }
  }

  /// A string that starts as a HyperLogLog does may still be none.
  Status write_logs() {
    if (logs_.empty()) return {};
    clear();
    for (const auto& log : logs_) commands_.add({"PFCOUNT", log.key});
    if (auto status = ask(); !status) return status;
    for (std::size_t i = 0; i < logs_.size(); ++i) {
      const bool counted = answers_[i].kind == Reply::Kind::kInteger;
      scrape_.out(kSize, {database_, logs_[i].key},
                  counted ? Value(answers_[i].integer) : Value(logs_[i].length));
    }
    return {};
  }

  KeyScrape& scrape_;
  const long long most_text_;
  std::string_view database_;
  Commands commands_;
  Replies types_, answers_;
  std::vector<Question> questions_;
  std::vector<Log> logs_;
};

}  // namespace

std::span<const MetricInfo> key_metrics() { return kMetrics; }

Status KeyScrape::check_keys(const KeyChoice& keys) {
  KeyPages pages(*this);
  return each_key(keys.check_keys, keys.check_single_keys, {},
                  [&](std::string_view database, std::span<const std::string_view> page) {
                    return pages.write(database, page);
                  });
}

Status KeyScrape::count_keys(const KeyChoice& keys) {
  Status result;
  for (const auto& pattern : keys.count_keys) {
    auto status = select(pattern.database);
    std::size_t count = 0;
    if (status) {
      status = scan(pattern, {}, [&](std::span<const std::string_view> page) {
        count += page.size();
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
