// SPDX-License-Identifier: Apache-2.0
// Reads one zone of the VTS page.

#include "vts_zone.hpp"

#include <algorithm>

namespace exporter::nginx_vts {
namespace {

/// Responses by class of status and by cache status stand in one object.
void read_responses(JsonReader& json, Zone& zone) {
  json.object([&](std::string_view name) {
    if (!name.empty() && name[0] <= '9') return take_named(json, name, kClasses, zone.classes);
    take_named(json, name, kCacheStates, zone.cache);
  });
}

void read_buckets(JsonReader& json, Buckets& buckets) {
  json.object([&](std::string_view key) {
    const bool ends = same_key(key, "msecs");
    if (!ends && !same_key(key, "counters")) return;
    json.array([&] { (ends ? buckets.ends : buckets.counts).push_back(json.unsigned_integer()); });
  });
  buckets.counts.resize(buckets.ends.size());
}

void read_codes(JsonReader& json, Zone& zone) {
  json.object([&](std::string_view code) { zone.codes.emplace_back(code, json.unsigned_integer()); });
}

struct NumberKey {
  std::string_view key;
  std::uint64_t Zone::*field;
};
constexpr NumberKey kNumbers[] = {
    {"requestCounter", &Zone::requests},
    {"inBytes", &Zone::in},
    {"outBytes", &Zone::out},
    {"requestMsecCounter", &Zone::request_msec_sum},
    {"requestMsec", &Zone::request_msec},
    {"responseMsecCounter", &Zone::response_msec_sum},
    {"responseMsec", &Zone::response_msec},
    {"maxSize", &Zone::max_size},
    {"usedSize", &Zone::used_size},
    {"weight", &Zone::weight},
};

}  // namespace

void Zone::clear() {
  codes.clear();
  for (auto* buckets : {&request_buckets, &response_buckets}) {
    buckets->ends.clear();
    buckets->counts.clear();
  }
  Zone empty{.codes = std::move(codes),
             .request_buckets = std::move(request_buckets),
             .response_buckets = std::move(response_buckets)};
  *this = std::move(empty);
}

void Zone::merge_same_backend(const Zone& other) {
  weight += other.weight;
  down &= other.down;
  backup &= other.backup;
}

void read_zone(JsonReader& json, Zone& zone) {
  json.object([&](std::string_view key) {
    for (const auto& number : kNumbers) {
      if (same_key(key, number.key)) {
        zone.*number.field = json.unsigned_integer();
        return;
      }
    }
    if (same_key(key, "responses")) {
      read_responses(json, zone);
    } else if (same_key(key, "server")) {
      zone.server = json.string();
    } else if (same_key(key, "statusCodes")) {
      read_codes(json, zone);
    } else if (same_key(key, "requestBuckets")) {
      read_buckets(json, zone.request_buckets);
    } else if (same_key(key, "responseBuckets")) {
      read_buckets(json, zone.response_buckets);
    } else if (same_key(key, "down")) {
      zone.down = json.boolean();
    } else if (same_key(key, "backup")) {
      zone.backup = json.boolean();
    }
  });
}

}  // namespace exporter::nginx_vts
