// SPDX-License-Identifier: Apache-2.0
#pragma once

// Texts that many objects have in common, each kept once and known by a small number. They are counted, and
// given up when nobody has them any more.
//
// One thread changes the table. Others may read the texts of numbers that they learnt of by a snapshot,
// without a lock: a text never moves, and is only freed once no snapshot is older than its giving up.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace exporter::kube {

class Interner {
 public:
  using Id = std::uint32_t;

  Interner() = default;
  ~Interner();
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  /// The text's number, which is held once more from now on.
  Id acquire(std::string_view text);
  std::optional<Id> find(std::string_view text) const;
  /// Gives up one hold. With the last the text is freed by some reclaim().
  void release(Id id, std::uint64_t epoch);
  /// Frees what was given up in epochs before `oldest`; it is `epoch` now.
  void reclaim(std::uint64_t oldest, std::uint64_t epoch);
  bool has_given_up() const { return !given_up_.empty(); }

  std::string_view text(Id id) const {
    const auto& found = entry(id);
    return {found.text, found.size};
  }

  /// Live texts, and all bytes the table takes. Any thread.
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    const char* text = nullptr;  // null: the number is free, `size` the next free one's
    std::uint32_t size = 0;
    std::uint32_t holders : 30 = 0;
    std::uint32_t queued : 1 = 0;   // stands in given_up_
    std::uint32_t revived : 1 = 0;  // and was held again since
  };
  struct GivenUp {
    std::uint64_t epoch;
    Id id;
  };
  static constexpr std::uint32_t kFirstBlock = 64;  // each block is twice as large as the one before
  static constexpr std::uint32_t kNone = 0xffffffff;

  const Entry& entry(Id id) const {
    const auto place = id + kFirstBlock;
    const auto block = static_cast<unsigned>(std::bit_width(place / kFirstBlock)) - 1;
    return blocks_[block][place - (kFirstBlock << block)];
  }
  Entry& entry(Id id) { return const_cast<Entry&>(std::as_const(*this).entry(id)); }
  std::size_t slot_of(std::string_view text, std::uint64_t hashed) const;
  void rehash(std::size_t slots);
  void remove(Id id);
  void add_bytes(std::ptrdiff_t bytes) {
    bytes_.store(bytes_.load(std::memory_order_relaxed) + static_cast<std::size_t>(bytes),
                 std::memory_order_relaxed);
  }

  std::array<Entry*, 26> blocks_{};
  std::uint32_t size_ = 0;  // numbers ever given
  Id free_ = kNone;
  std::vector<Id> slots_;  // open addressing, linear; a power of two
  std::deque<GivenUp> given_up_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace exporter::kube
