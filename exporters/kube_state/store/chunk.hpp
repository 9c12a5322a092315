// SPDX-License-Identifier: Apache-2.0
#pragma once

// Some records beside each other, as pages see them: once a snapshot has a chunk, it doesn't change any more.

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>

#include "store/buffer.hpp"

namespace exporter::kube {

struct Chunk {
  static constexpr std::uint32_t kSlots = 128;
  static constexpr std::uint32_t kFullBytes = 60 << 10;  ///< no more objects come into one that has so many

  std::atomic<std::uint32_t> holders{1};
  std::uint64_t version = 0;            ///< another one after each change, and in no other chunk
  std::array<std::uint64_t, 2> used{};  ///< a bit for each slot
  std::array<std::uint32_t, kSlots> offsets;
  std::uint32_t size = 0;  ///< of the bytes, dead ones included
  Buffer bytes;

  const char* at(std::uint32_t slot) const { return bytes.data() + offsets[slot]; }
  bool has(std::uint32_t slot) const { return (used[slot / 64] >> slot % 64 & 1) != 0; }
  std::uint32_t live() const {
    return static_cast<std::uint32_t>(std::popcount(used[0]) + std::popcount(used[1]));
  }

  /// Calls `each` with every used slot.
  template <class Each>
  void for_each(Each&& each) const {
    for (std::uint32_t word = 0; word < used.size(); ++word) {
      for (auto bits = used[word]; bits != 0; bits &= bits - 1) {
        each(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits)));
      }
    }
  }
};

/// A hold on a chunk. Unlike a shared_ptr it can tell for sure that there is no other one, and that whoever
/// had one has read all that he wanted to.
class ChunkRef {
 public:
  ChunkRef() = default;
  explicit ChunkRef(Chunk* chunk) : chunk_(chunk) {}
  ChunkRef(const ChunkRef& other) : chunk_(other.chunk_) {
    if (chunk_) chunk_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  ChunkRef(ChunkRef&& other) noexcept : chunk_(std::exchange(other.chunk_, nullptr)) {}
  ChunkRef& operator=(ChunkRef other) noexcept {
    std::swap(chunk_, other.chunk_);
    return *this;
  }
  ~ChunkRef() {
    if (chunk_ && chunk_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete chunk_;
  }

  bool only() const { return chunk_->holders.load(std::memory_order_acquire) == 1; }
  Chunk* operator->() const { return chunk_; }
  Chunk& operator*() const { return *chunk_; }
  explicit operator bool() const { return chunk_ != nullptr; }

 private:
  Chunk* chunk_ = nullptr;
};

}  // namespace exporter::kube
