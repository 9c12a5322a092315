// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which of several exporters an object belongs to, by its uid: the same answer as the original's, so that
// shards of both may stand side by side.

#include <atomic>
#include <cstdint>
#include <string_view>

namespace exporter::kube {

struct Shard {
  std::uint32_t ordinal = 0;
  std::uint32_t total = 1;

  bool takes(std::string_view uid) const { return total <= 1 || of(uid, total) == ordinal; }
  bool operator==(const Shard&) const = default;

  /// The shard of an object: FNV-1a of its uid's text, then jump consistent hashing.
  static constexpr std::uint32_t of(std::string_view uid, std::uint32_t total) {
    std::uint64_t key = 14695981039346656037U;
    for (const char c : uid) {
      key ^= static_cast<unsigned char>(c);
      key *= 1099511628211U;
    }
    std::int64_t bucket = -1;
    for (std::int64_t next = 0; next < static_cast<std::int64_t>(total);) {
      bucket = next;
      key = key * 2862933555777941757U + 1;
      next = static_cast<std::int64_t>(
          static_cast<double>(bucket + 1) *
          (static_cast<double>(std::int64_t{1} << 31) / static_cast<double>((key >> 33) + 1)));
    }
    return static_cast<std::uint32_t>(bucket);
  }
};

/// Which shard this process is. Of a StatefulSet it may change while it runs; everything is listed again
/// then.
class ShardChoice {
 public:
  explicit ShardChoice(Shard shard = {}) : shard_(shard) {}
  Shard get() const { return shard_.load(std::memory_order_relaxed); }
  void set(Shard shard) { shard_.store(shard, std::memory_order_relaxed); }

 private:
  std::atomic<Shard> shard_;
};

}  // namespace exporter::kube
