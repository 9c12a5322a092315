// SPDX-License-Identifier: Apache-2.0
// Which keys a scrape has seen: SCAN may give a key twice, and patterns overlap.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace exporter::redis {

/// Keeps 64 bits of each key, so that 100,000 of them take a megabyte or two.
class KeySet {
 public:
  /// False where the key was there already.
  bool add(std::string_view database, std::string_view key);

 private:
  bool put(std::uint64_t hash);
  std::vector<std::uint64_t> slots_;  // open addressing; 0 is a free one
  std::size_t count_ = 0;
};

}  // namespace exporter::redis
