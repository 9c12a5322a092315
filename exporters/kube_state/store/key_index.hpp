// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds objects by the hash of their keys: only their numbers are kept, so that it takes 4 bytes an object
// and some air. Open addressing.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace exporter::kube {

class KeyIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;

  /// The number for which `equal` is true, or kNone.
  template <class Equal>
  std::uint32_t find(std::uint64_t hashed, Equal&& equal) const {
    if (slots_.empty()) return kNone;
    for (auto slot = first(hashed);; slot = after(slot)) {
      const auto number = slots_[slot];
      if (number == kNone) return kNone;
      if (number != kDead && equal(number)) return number;
    }
  }

  /// Adds a number that is not there. `hash_of` gives the hash of any number that is.
  template <class HashOf>
  void insert(std::uint64_t hashed, std::uint32_t number, HashOf&& hash_of) {
    if ((taken_ + 1) * 8 > slots_.size() * 7) rebuild(hash_of);
    auto slot = first(hashed);
    while (slots_[slot] < kDead) slot = after(slot);
    if (slots_[slot] == kNone) ++taken_;
    slots_[slot] = number;
    ++live_;
  }

  template <class HashOf>
  void erase(std::uint64_t hashed, std::uint32_t number, HashOf&& hash_of) {
    auto slot = first(hashed);
    while (slots_[slot] != number) slot = after(slot);
    slots_[slot] = kDead;
    --live_;
    if (slots_.size() > kSmallest && live_ * 4 < slots_.size()) rebuild(hash_of);
  }

  std::size_t bytes() const { return slots_.capacity() * sizeof(std::uint32_t); }

 private:
  static constexpr std::uint32_t kDead = kNone - 1;
  static constexpr std::size_t kSmallest = 16;

  // Any size will do for the upper bits of a product, and so it can grow by less than twice.
  std::size_t first(std::uint64_t hashed) const {
    return static_cast<std::size_t>((hashed >> 32) * slots_.size() >> 32);
  }
  std::size_t after(std::size_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }

  template <class HashOf>
  void rebuild(HashOf& hash_of) {
    const auto old = std::move(slots_);
    slots_.assign(live_ * 7 / 5 + kSmallest, kNone);
    taken_ = live_;
    for (const auto number : old) {
      if (number >= kDead) continue;
      auto slot = first(hash_of(number));
      while (slots_[slot] != kNone) slot = after(slot);
      slots_[slot] = number;
    }
  }

  std::vector<std::uint32_t> slots_;
  std::size_t live_ = 0;
  std::size_t taken_ = 0;  // live and dead
};

}  // namespace exporter::kube
