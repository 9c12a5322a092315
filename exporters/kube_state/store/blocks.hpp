// SPDX-License-Identifier: Apache-2.0
#pragma once

// Compressed parts of a store's page, kept for as long as what they were made of stays the same: a page with
// gzip then costs copying.
//
// A block is a run of deflate that ends on a byte's border and refers to nothing before it, so that blocks
// can be put behind each other in one gzip member. It covers some steps of the page, a step being one family
// of one chunk. It is good as it is while the versions of its chunks are the same; if they aren't, the text
// is rendered, and the block is still good if that has the same hash.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace exporter::kube {

struct Block {
  std::string bytes;
  std::uint64_t text_hash = 0;
  std::uint64_t text_size = 0;
  std::uint32_t crc = 0;
};

/// Compresses texts to blocks. About 260 kB; reused.
class Deflater {
 public:
  Deflater();
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  std::shared_ptr<const Block> compress(std::string_view text, std::uint64_t hash);

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
  std::string scratch_;
};

class Blocks {
 public:
  struct Entry {
    std::uint32_t steps = 0;     ///< that the block covers, from the one it is found by
    std::uint64_t versions = 0;  ///< a hash of what stood in front, and of the chunks' versions
    std::shared_ptr<const Block> block{};
  };

  Blocks() = default;
  ~Blocks();
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  /// What begins with a step; without a block if there is nothing.
  Entry find(std::uint64_t step);
  /// Drops it instead if all stores' blocks take too much already.
  void keep(std::uint64_t step, Entry entry);
  /// Forgets what no page has found or kept since the one before the last: steps that blocks don't begin with
  /// any more.
  void page_ends();
  /// Frees all if no page came for so long.
  void drop_idle(std::chrono::steady_clock::duration idle);
  std::size_t bytes() const;

 private:
  struct Kept {
    Entry entry;
    std::uint64_t page = 0;  // the last one that it was good for
  };
  static std::size_t size_of(const Entry& entry);
  void add_bytes(std::ptrdiff_t bytes);

  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, Kept> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t page_ = 2;
  std::chrono::steady_clock::time_point used_{};
};

}  // namespace exporter::kube
