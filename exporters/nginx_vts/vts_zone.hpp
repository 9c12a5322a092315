// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the VTS page says of one host, filter, backend or cache zone.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/json.hpp>

namespace exporter::nginx_vts {

inline constexpr std::array<std::string_view, 5> kClasses = {"1xx", "2xx", "3xx", "4xx", "5xx"};
inline constexpr std::array<std::string_view, 8> kCacheStates = {
    "bypass", "expired", "hit", "miss", "revalidated", "scarce", "stale", "updating"};

/// The upper ends of a histogram, in milliseconds, and how many requests each has below it.
struct Buckets {
  std::vector<std::uint64_t> ends{};
  std::vector<std::uint64_t> counts{};
};

struct Zone {
  std::string server{};  ///< of a backend: its address
  std::uint64_t requests = 0, in = 0, out = 0;
  std::uint64_t request_msec = 0, response_msec = 0;          ///< averages
  std::uint64_t request_msec_sum = 0, response_msec_sum = 0;  ///< sums
  std::array<std::uint64_t, kClasses.size()> classes{};
  std::array<std::uint64_t, kCacheStates.size()> cache{};
  std::vector<std::pair<std::string, std::uint64_t>> codes{};  ///< where the module measures them
  Buckets request_buckets{}, response_buckets{};
  std::uint64_t max_size = 0, used_size = 0;  ///< of a cache zone
  std::uint64_t weight = 0;                   ///< of a backend
  bool down = false, backup = false;

  /// Forgets everything and keeps the memory.
  void clear();
  /// The module keeps one set of numbers for all backends of an upstream that have one address, and lists it
  /// with each of them.
  void merge_same_backend(const Zone& other);
  /// False for a backend that nothing was asked of yet: the module has no numbers for it.
  bool counted() const { return requests > 0 || !request_buckets.ends.empty(); }
};

/// Takes the value at which `json` stands.
void read_zone(JsonReader& json, Zone& zone);

/// Takes a number into the place that its key has among `names`.
template <std::size_t N>
void take_named(JsonReader& json, std::string_view key, const std::array<std::string_view, N>& names,
                std::array<std::uint64_t, N>& values) {
  for (std::size_t i = 0; i < N; ++i) {
    if (same_key(key, names[i])) values[i] = json.unsigned_integer();
  }
}

}  // namespace exporter::nginx_vts
