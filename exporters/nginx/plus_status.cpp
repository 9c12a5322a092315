// SPDX-License-Identifier: Apache-2.0
// nginxplus_*: walks the answers of the API along the tables of plus_fields.cpp.

#include "plus_status.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <exporter/json.hpp>
#include <exporter/text.hpp>

namespace exporter::nginx {
namespace {

using Field = PlusField;
using Kind = Field::Kind;

/// The codes that are shown even where nothing was answered with them, as the original does.
constexpr std::array<std::string_view, 40> kCodes = {
    "100", "101", "102", "200", "201", "202", "204", "206", "300", "301", "302", "303", "304", "307",
    "400", "401", "403", "404", "405", "408", "409", "411", "412", "413", "414", "415", "416", "429",
    "444", "494", "495", "496", "497", "499", "500", "501", "502", "503", "504", "507"};

constexpr std::size_t kMostFields = 32;

/// The numbers of one zone, server or worker.
struct Numbers {
  std::array<std::uint64_t, kMostFields> values{};
  std::array<bool, kMostFields> present{};
  std::array<std::uint64_t, kCodes.size()> codes{};

  void add(const Numbers& other, std::span<const Field> fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].kind == Kind::kSum) {
        values[i] += other.values[i];
      } else {
        values[i] = std::max(values[i], other.values[i]);
      }
      present[i] |= other.present[i];
    }
    for (std::size_t i = 0; i < kCodes.size(); ++i) codes[i] += other.codes[i];
  }
};

std::uint64_t state_number(std::string_view state) {
  constexpr std::array<std::string_view, 6> kStates = {"up",      "draining", "down",
                                                       "unavail", "checking", "unhealthy"};
  const auto at = std::find(kStates.begin(), kStates.end(), state);
  return at == kStates.end() ? 0 : static_cast<std::uint64_t>(at - kStates.begin()) + 1;
}

std::uint64_t take(JsonReader& json, Kind kind) {
  if (kind == Kind::kBool) return json.boolean() ? 1 : 0;
  if (kind == Kind::kState) return state_number(json.string());
  return json.unsigned_integer();
}

void take_codes(JsonReader& json, Numbers& numbers) {
  json.object([&](std::string_view code) {
    const auto known = std::lower_bound(kCodes.begin(), kCodes.end(), code);
    if (known != kCodes.end() && *known == code) {
      numbers.codes[static_cast<std::size_t>(known - kCodes.begin())] = json.unsigned_integer();
    } else {
      (void)json.unsigned_integer();  // a number all the same
    }
  });
}

/// Takes the member `key` where a field wants it.
void take_member(JsonReader& json, std::string_view key, std::span<const Field> fields, bool codes,
                 Numbers& numbers) {
  const auto wants = [&](const Field& field) { return same_key(key, field.outer); };
  const auto first = std::find_if(fields.begin(), fields.end(), wants);
  if (first == fields.end()) return;
  if (first->inner.empty()) {
    const auto i = static_cast<std::size_t>(first - fields.begin());
    numbers.values[i] = take(json, first->kind);
    numbers.present[i] = true;
    return;
  }
  const bool there = json.kind() == JsonReader::Kind::kObject;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (wants(fields[i])) numbers.present[i] = there;
  }
  json.object([&](std::string_view inner) {
    if (codes && same_key(inner, "codes")) return take_codes(json, numbers);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (wants(fields[i]) && same_key(inner, fields[i].inner)) {
        numbers.values[i] = take(json, fields[i].kind);
        return;
      }
    }
  });
}

bool worth_showing(std::span<const Field> fields, std::size_t index, const Numbers& numbers) {
  const auto& field = fields[index];
  if (field.name.empty()) return false;
  if (field.shown == Field::Shown::kAlways) return true;
  if (field.shown == Field::Shown::kThere) return numbers.present[index];
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].outer == field.outer && numbers.values[i] != 0) return true;
  }
  return false;
}

constexpr std::size_t kMostLabels = 3;

class Writer {
 public:
  Writer(Sink& sink, const PlusSection& section) : sink_(sink), section_(section) {}

  /// `values` belong to the first labels of the section.
  void write(std::span<const Field> fields, std::span<const std::string_view> values,
             const Numbers& numbers) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& field = fields[i];
      if (!worth_showing(fields, i, numbers)) continue;
      sample(field.name, field.help, field.type, field.code, values, numbers.values[i]);
    }
  }
  void write_codes(std::span<const std::string_view> values, const Numbers& numbers) {
    if (section_.codes.empty()) return;
    const auto write_one = [&](std::string_view code, std::uint64_t number) {
      sample(section_.codes, kPlusCodesHelp, MetricType::kCounter, code, values, number);
    };
    for (std::size_t i = 0; i < kCodes.size(); ++i) write_one(kCodes[i], numbers.codes[i]);
  }

 private:
  void sample(std::string_view name, std::string_view help, MetricType type, std::string_view code,
              std::span<const std::string_view> values, std::uint64_t number) {
    std::array<Label, kMostLabels> labels;
    std::size_t count = 0;
    if (!code.empty()) labels[count++] = {"code", code};
    for (std::size_t i = 0; i < values.size(); ++i) labels[count++] = {section_.labels[i], values[i]};
    sink_.sample(name, help, type, std::span(labels).first(count), number);
  }

  Sink& sink_;
  const PlusSection& section_;
};

class Walk {
 public:
  Walk(Sink& sink, const PlusSection& section, std::string_view text)
      : section_(section), writer_(sink, section), json_(text) {}

  Status run() {
    switch (section_.shape) {
      case PlusSection::Shape::kSingle:
        single(section_.fields);
        break;
      case PlusSection::Shape::kZones:
        zones();
        break;
      case PlusSection::Shape::kUpstreams:
        json_.object([&](std::string_view name) { upstream(name); });
        break;
      case PlusSection::Shape::kWorkers:
        json_.array([&] { worker(); });
        break;
      case PlusSection::Shape::kZoneSync:
        zone_sync();
        break;
    }
    return json_.finish();
  }

 private:
  void single(std::span<const Field> fields) {
    Numbers numbers;
    json_.object([&](std::string_view key) { take_member(json_, key, fields, false, numbers); });
    if (json_.good()) writer_.write(fields, {}, numbers);
  }

  void zones() {
    json_.object([&](std::string_view zone) {
      Numbers numbers;
      json_.object([&](std::string_view key) {
        take_member(json_, key, section_.fields, !section_.codes.empty(), numbers);
      });
      writer_.write(section_.fields, {&zone, 1}, numbers);
      writer_.write_codes({&zone, 1}, numbers);
    });
  }

  void peer() {
    Peer peer;
    json_.object([&](std::string_view key) {
      if (same_key(key, "server")) {
        peer.server = json_.string();
      } else {
        take_member(json_, key, section_.fields, !section_.codes.empty(), peer.numbers);
      }
    });
    const auto known = std::find_if(peers_.begin(), peers_.end(),
                                    [&](const Peer& other) { return other.server == peer.server; });
    if (known == peers_.end()) {
      peers_.push_back(std::move(peer));
    } else {
      known->numbers.add(peer.numbers, section_.fields);
    }
  }

  void upstream(std::string_view name) {
    Numbers numbers;
    peers_.clear();
    json_.object([&](std::string_view key) {
      if (same_key(key, "peers")) {
        json_.array([&] { peer(); });
      } else {
        take_member(json_, key, section_.group, false, numbers);
      }
    });
    writer_.write(section_.group, {&name, 1}, numbers);
    for (const auto& peer : peers_) {
      const std::string_view labels[] = {name, peer.server};
      writer_.write(section_.fields, labels, peer.numbers);
      writer_.write_codes(labels, peer.numbers);
    }
  }

  void worker() {
    Numbers numbers;
    std::int64_t pid = 0;
    json_.object([&](std::string_view key) {
      if (same_key(key, "pid")) {
        pid = json_.integer();
      } else if (same_key(key, "http")) {
        json_.object([&](std::string_view inner) {
          if (same_key(inner, "requests")) take_member(json_, inner, section_.fields, false, numbers);
        });
      } else if (same_key(key, "connections")) {
        take_member(json_, key, section_.fields, false, numbers);
      }
    });
    const Digits id_text(workers_++), pid_text(pid);  // as the original has it, the place in the list
    const std::string_view labels[] = {id_text, pid_text};
    writer_.write(section_.fields, labels, numbers);
  }

  void zone_sync() {
    Numbers status;
    json_.object([&](std::string_view key) {
      if (same_key(key, "zones")) {
        zones();
      } else if (same_key(key, "status")) {
        json_.object(
            [&](std::string_view inner) { take_member(json_, inner, section_.group, false, status); });
      }
    });
    writer_.write(section_.group, {}, status);
  }

  struct Peer {
    std::string server{};
    Numbers numbers{};
  };
  const PlusSection& section_;
  Writer writer_;
  JsonReader json_;
  std::vector<Peer> peers_;
  unsigned workers_ = 0;
};

}  // namespace

Status write_plus_section(Sink& sink, const PlusSection& section, std::string_view json) {
  return Walk(sink, section, json).run();
}

bool PlusList::has(std::string_view path) const {
  if (path == "stream/server_zones") return server_zones;
  if (path == "stream/upstreams") return upstreams;
  if (path == "stream/limit_conns") return limit_conns;
  // As the original has it: a cluster's state is only asked for together with the limits.
  return path == "stream/zone_sync" && zone_sync && limit_conns;
}

Result<PlusList> parse_plus_list(std::string_view text) {
  PlusList list;
  JsonReader json(text);
  json.array([&] {
    const auto name = json.string();
    list.stream |= name == "stream";
    list.server_zones |= name == "server_zones";
    list.upstreams |= name == "upstreams";
    list.limit_conns |= name == "limit_conns";
    list.zone_sync |= name == "zone_sync";
  });
  if (auto status = json.finish(); !status) return fail(status);
  return list;
}

Result<std::uint64_t> newest_plus_version(std::string_view text, std::uint64_t most) {
  std::uint64_t newest = 0;
  JsonReader json(text);
  json.array([&] {
    const auto version = json.unsigned_integer();
    if (version <= most) newest = std::max(newest, version);
  });
  if (auto status = json.finish(); !status) return fail(status);
  return newest;
}

}  // namespace exporter::nginx
