// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a store and its pages share.

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/blocks.hpp"
#include "store/chunk.hpp"
#include "store/draft.hpp"
#include "store/interner.hpp"
#include "store/key_index.hpp"
#include "store/record.hpp"
#include "store/store.hpp"

namespace exporter::kube {

/// The objects of a store at one moment. Holds their chunks, and the texts they refer to.
class Snapshot {
 public:
  explicit Snapshot(std::shared_ptr<Store::Impl> store);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  Store::Impl& store() const { return *store_; }
  std::span<const ChunkRef> chunks() const { return chunks_; }

 private:
  std::shared_ptr<Store::Impl> store_;
  std::vector<ChunkRef> chunks_;
  std::uint64_t number_ = 0;
};

struct Store::Impl {
  Impl(const Resource& resource, StoreOptions options);

  class Feed;
  /// A chunk's place, and what only the changing thread needs to know of it.
  struct Place {
    ChunkRef chunk;                       ///< none: the place is free
    std::array<std::uint64_t, 2> seen{};  ///< in the list that is under way
    std::uint32_t dead = 0;               ///< bytes
    std::uint16_t feed = 0;
    bool open = false;  ///< stands in its feed's list of those with room
  };

  Layout layout;
  StoreOptions options;
  Interner texts;
  Draft draft;
  KeyIndex index;
  Blocks blocks;  ///< compressed; has a mutex of its own

  /// Guards the places and their chunks' changes, and what is below. Held for one change or for taking a
  /// snapshot, never while a page is rendered.
  mutable std::mutex mutex;
  std::vector<Place> places;
  std::deque<Feed> feeds;
  std::atomic<std::uint64_t> snapshots{0};  ///< taken so far
  std::vector<std::uint64_t> alive;         ///< numbers of those that are held, ascending
  std::uint64_t versions = 0;
  std::size_t index_bytes = 0;

  std::atomic<std::size_t> objects{0};  ///< visible ones
  std::atomic<std::uint64_t> malformed{0};
  std::atomic<std::size_t> unsynced{0};  ///< feeds that were not listed yet

  // The changing thread's.
  std::vector<std::uint32_t> free_places;
  std::vector<std::uint32_t> released;  ///< ids, on the way
  std::string key_scratch;

  std::uint64_t epoch() const { return snapshots.load(std::memory_order_relaxed); }
  void put(Feed& feed, std::string_view record, std::string_view name_space, std::string_view name);
  void erase(std::string_view name_space, std::string_view name);
  std::uint32_t find(std::string_view name_space, std::string_view name, std::uint64_t hashed) const;
  std::uint64_t hash_of(std::uint32_t number);

  void place_new(Feed& feed, std::string_view record, std::uint64_t hashed);
  void replace(std::uint32_t number, std::string_view record);
  void remove(std::uint32_t number);
  Place& place_with_room(Feed& feed, std::uint32_t& index_of);
  void make_own(Place& place, std::size_t extra);
  void write(Place& place, std::uint32_t slot, std::string_view record);
  void compact(Place& place, std::size_t extra);
  void trim(Place& place);
  void release(const char* record);
  void give_up_released();
  void reclaim();
};

}  // namespace exporter::kube
