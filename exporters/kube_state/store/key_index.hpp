// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finds objects by the hash of their keys. Open addressing; of a key there is no more than half of its hash,
// and the number that the object is known by.

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
    const auto wanted = half(hashed);
    for (auto at = first(wanted);; at = after(at)) {
      const auto& slot = slots_[at];
      if (slot.number == kNone) return kNone;
      if (slot.number != kDead && slot.half == wanted && equal(slot.number)) return slot.number;
    }
  }

  /// Adds a number that is not there.
  void insert(std::uint64_t hashed, std::uint32_t number) {
    if ((taken_ + 1) * 8 > slots_.size() * 7) rebuild();
    auto at = first(half(hashed));
    while (slots_[at].number < kDead) at = after(at);
    if (slots_[at].number == kNone) ++taken_;
    slots_[at] = {half(hashed), number};
    ++live_;
  }

  /// Removes a number that is there.
  void erase(std::uint64_t hashed, std::uint32_t number) {
    auto at = first(half(hashed));
    while (slots_[at].number != number) at = after(at);
    slots_[at].number = kDead;
    --live_;
    if (slots_.size() > kSmallest && live_ * 4 < slots_.size()) rebuild();
  }

  std::size_t bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  static constexpr std::uint32_t kDead = kNone - 1;
  static constexpr std::size_t kSmallest = 16;

  struct Slot {
    std::uint32_t half = 0;
    std::uint32_t number = kNone;
  };

  static std::uint32_t half(std::uint64_t hashed) { return static_cast<std::uint32_t>(hashed >> 32); }
  // Any size will do for the upper bits of a product, and so it can grow by less than twice.
  std::size_t first(std::uint32_t half) const {
    return static_cast<std::size_t>(std::uint64_t{half} * slots_.size() >> 32);
  }
  std::size_t after(std::size_t at) const { return at + 1 == slots_.size() ? 0 : at + 1; }

  void rebuild() {
    const auto old = std::move(slots_);
    slots_.assign(live_ * 7 / 5 + kSmallest, Slot{});
    taken_ = live_;
    for (const auto& slot : old) {
      if (slot.number >= kDead) continue;
      auto at = first(slot.half);
      while (slots_[at].number != kNone) at = after(at);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  std::size_t live_ = 0;
  std::size_t taken_ = 0;  // live and dead
};

}  // namespace exporter::kube
