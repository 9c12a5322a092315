// SPDX-License-Identifier: Apache-2.0
// A hash table of hashes.

#include "key_set.hpp"

#include <functional>

namespace exporter::redis {

bool KeySet::add(std::string_view database, std::string_view key) {
  constexpr std::size_t kFirstSlots = 1024;
  if (count_ * 4 >= slots_.size() * 3) {
    const auto old = std::move(slots_);
    slots_.assign(old.empty() ? kFirstSlots : old.size() * 2, 0);
    for (const auto hash : old) {
      if (hash != 0) put(hash);
    }
  }
  const std::hash<std::string_view> hash;
  const std::uint64_t mixed = hash(key) ^ (hash(database) * 31);
  if (!put(mixed == 0 ? 1 : mixed)) return false;
  ++count_;
  return true;
}

bool KeySet::put(std::uint64_t hash) {
  const auto mask = slots_.size() - 1;
  auto slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (slots_[slot] == hash) return false;
  }
  slots_[slot] = hash;
  return true;
}

}  // namespace exporter::redis
