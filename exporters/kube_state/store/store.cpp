// SPDX-License-Identifier: Apache-2.0
#include "store/store.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "store/hash.hpp"
#include "store/store_impl.hpp"

namespace exporter::kube {
namespace {

constexpr std::uint32_t kSlots = Chunk::kSlots;

std::uint64_t key_hash(std::string_view name_space, std::string_view name) {
  return hash(name, hash(name_space));
}

/// Whether a name's token is that name.
struct Equals : codec::Ignore {
  Equals(const Interner& interner, std::string_view name) : texts(interner), wanted(name) {}
  void literal(std::string_view text) { equal = text == wanted; }
  void prefixed(std::uint32_t prefix, std::string_view rest) {
    const auto front = texts.text(prefix);
    equal =
        wanted.size() == front.size() + rest.size() && wanted.starts_with(front) && wanted.ends_with(rest);
  }
  const Interner& texts;
  std::string_view wanted;
  bool equal = false;
};

/// A name's text.
struct Spell : codec::Ignore {
  Spell(const Interner& interner, std::string& out) : texts(interner), to(out) {}
  void literal(std::string_view text) { to.assign(text); }
  void prefixed(std::uint32_t prefix, std::string_view rest) {
    to.assign(texts.text(prefix));
    to.append(rest);
  }
  const Interner& texts;
  std::string& to;
};

Layout layout_of(const Resource& resource, const std::vector<bool>& wanted) {
  Layout layout;
  layout.resource = &resource;
  for (std::size_t f = 0; f < resource.families.size(); ++f) {
    const auto& family = resource.families[f];
    const auto labels = std::find(family.labels.begin(), family.labels.end(), "") - family.labels.begin();
    layout.families.push_back({.wanted = wanted.empty() || (f < wanted.size() && wanted[f]),
                               .shared = family.shared,
                               .labels = static_cast<std::uint8_t>(labels)});
  }
  return layout;
}

}  // namespace

class Store::Impl::Feed final : public Source {
 public:
  Feed(Impl& store, std::uint16_t index) : number(index), store_(store) {}

  void list_begins() override {
    for (auto& place : store_.places) {
      if (place.chunk && place.feed == number) place.seen = {};
    }
  }

  void object(std::string_view wire) override {
    put_with([&](Emit& emit) { return store_.layout.resource->read(wire, emit); });
  }
  void put(const Reader& reader) override { put_with(reader); }

  void deleted(std::string_view wire) override {
    erase_with([&](Emit& emit) { return store_.layout.resource->read(wire, emit); });
  }
  void erase(const Reader& reader) override { erase_with(reader); }

  void list_ends() override {
    const std::lock_guard lock(store_.mutex);
    for (std::uint32_t p = 0; p < store_.places.size(); ++p) {
      const auto& place = store_.places[p];
      if (!place.chunk || place.feed != number) continue;
      auto gone = place.chunk->used;
      for (std::uint32_t word = 0; word < gone.size(); ++word) gone[word] &= ~place.seen[word];
      for (std::uint32_t word = 0; word < gone.size(); ++word) {
        for (; gone[word] != 0; gone[word] &= gone[word] - 1) {
          store_.remove(p * kSlots + word * 64 + static_cast<std::uint32_t>(std::countr_zero(gone[word])));
        }
      }
    }
    if (!synced) {
      synced = true;
      store_.objects += objects;
      --store_.unsynced;
    }
    for (auto& place : store_.places) {
      if (place.chunk && place.feed == number) store_.trim(place);
    }
    store_.give_up_released();
    store_.reclaim();
  }

  void list_fails() override {}

  const std::uint16_t number;
  bool synced = false;
  std::size_t objects = 0;
  std::vector<std::uint32_t> open;  ///< places whose chunks have room

 private:
  template <class Read>
  void put_with(Read&& read) {
    auto& draft = store_.draft;
    draft.begin(Draft::Keep::kAll);
    Emit emit(draft);
    if (!read(emit) || !draft.identified()) {
      store_.malformed.fetch_add(1, std::memory_order_relaxed);
      draft.drop(store_.epoch());
    } else if (draft.foreign()) {
      // An object under the same key may have been ours before it was made anew.
      draft.drop(store_.epoch());
      store_.erase(draft.name_space(), draft.name());
    } else {
      store_.put(*this, draft.finish(), draft.name_space(), draft.name());
    }
  }

  template <class Read>
  void erase_with(Read&& read) {
    auto& draft = store_.draft;
    draft.begin(Draft::Keep::kIdentity);
    Emit emit(draft);
    (void)read(emit);
    if (draft.identified()) {
      store_.erase(draft.name_space(), draft.name());
    } else {
      store_.malformed.fetch_add(1, std::memory_order_relaxed);
    }
  }

  Impl& store_;
};

Store::Impl::Impl(const Resource& resource, StoreOptions with)
    : layout(layout_of(resource, with.wanted)), options(std::move(with)), draft(layout, options, texts) {}

std::uint64_t Store::Impl::hash_of(std::uint32_t number) {
  const auto identity = record::identity(record::head(places[number / kSlots].chunk->at(number % kSlots)));
  codec::visit(identity.name, Spell(texts, key_scratch));
  return key_hash(texts.text(identity.name_space), key_scratch);
}

std::uint32_t Store::Impl::find(std::string_view name_space, std::string_view name,
                                std::uint64_t hashed) const {
  const auto space = texts.find(name_space);
  if (!space) return KeyIndex::kNone;
  return index.find(hashed, [&](std::uint32_t number) {
    const auto identity = record::identity(record::head(places[number / kSlots].chunk->at(number % kSlots)));
    if (identity.name_space != *space) return false;
    Equals equals(texts, name);
    codec::visit(identity.name, equals);
    return equals.equal;
  });
}

void Store::Impl::put(Feed& feed, std::string_view record, std::string_view name_space,
                      std::string_view name) {
  const auto hashed = key_hash(name_space, name);
  const auto number = find(name_space, name, hashed);
  if (number == KeyIndex::kNone) {
    const std::lock_guard lock(mutex);
    place_new(feed, record, hashed);
    reclaim();
    return;
  }
  auto& place = places[number / kSlots];
  const auto slot = number % kSlots;
  place.seen[slot / 64] |= std::uint64_t{1} << slot % 64;
  if (record::whole(place.chunk->at(slot)) == record) {
    draft.drop(epoch());
    return;
  }
  const std::lock_guard lock(mutex);
  replace(number, record);
  give_up_released();
  reclaim();
}

void Store::Impl::erase(std::string_view name_space, std::string_view name) {
  const auto number = find(name_space, name, key_hash(name_space, name));
  const std::lock_guard lock(mutex);
  if (number != KeyIndex::kNone) remove(number);
  give_up_released();
  reclaim();
}

void Store::Impl::place_new(Feed& feed, std::string_view record, std::uint64_t hashed) {
  std::uint32_t at = 0;
  auto& place = place_with_room(feed, at);
  make_own(place, record.size());
  const auto& taken = place.chunk->used;
  const auto slot =
      static_cast<std::uint32_t>(~taken[0] != 0 ? std::countr_one(taken[0]) : 64 + std::countr_one(taken[1]));
  write(place, slot, record);
  auto& chunk = *place.chunk;
  chunk.used[slot / 64] |= std::uint64_t{1} << slot % 64;
  place.seen[slot / 64] |= std::uint64_t{1} << slot % 64;
  index.insert(hashed, at * kSlots + slot);
  index_bytes = index.bytes();
  ++feed.objects;
  if (feed.synced) ++objects;
  if (chunk.live() == kSlots || chunk.size - place.dead >= Chunk::kFullBytes) {
    place.open = false;
    feed.open.pop_back();
    trim(place);
  }
}

void Store::Impl::replace(std::uint32_t number, std::string_view record) {
  auto& place = places[number / kSlots];
  make_own(place, record.size());
  const auto slot = number % kSlots;
  const auto old = record::whole(place.chunk->at(slot));
  release(old.data());
  if (record.size() <= old.size()) {
    auto& chunk = *place.chunk;
    std::memcpy(chunk.bytes.data() + chunk.offsets[slot], record.data(), record.size());
    place.dead += static_cast<std::uint32_t>(old.size() - record.size());
    chunk.version = ++versions;
  } else {
    place.chunk->used[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
    place.dead += static_cast<std::uint32_t>(old.size());
    write(place, slot, record);
    place.chunk->used[slot / 64] |= std::uint64_t{1} << slot % 64;
  }
}

void Store::Impl::remove(std::uint32_t number) {
  constexpr std::uint32_t kRoomAgain = kSlots * 3 / 4;
  auto& place = places[number / kSlots];
  auto& feed = feeds[place.feed];
  const auto slot = number % kSlots;
  index.erase(hash_of(number), number);
  index_bytes = index.bytes();
  make_own(place, 0);
  auto& chunk = *place.chunk;
  const auto old = record::whole(chunk.at(slot));
  release(old.data());
  chunk.used[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  place.dead += static_cast<std::uint32_t>(old.size());
  chunk.version = ++versions;
  --feed.objects;
  if (feed.synced) --objects;
  const auto live = chunk.live();
  if (live == 0) {
    if (place.open) std::erase(feed.open, number / kSlots);
    place = {};
    free_places.push_back(number / kSlots);
    return;
  }
  if (!place.open && live <= kRoomAgain && chunk.size - place.dead < Chunk::kFullBytes * 3 / 4) {
    place.open = true;
    feed.open.insert(feed.open.begin(), number / kSlots);
  }
  if (place.dead > chunk.size / 4) compact(place, 0);
}

Store::Impl::Place& Store::Impl::place_with_room(Feed& feed, std::uint32_t& at) {
  if (feed.open.empty()) {
    if (free_places.empty()) {
      free_places.push_back(static_cast<std::uint32_t>(places.size()));
      places.emplace_back();
    }
    const auto fresh = free_places.back();
    free_places.pop_back();
    places[fresh].chunk = ChunkRef(new Chunk);
    places[fresh].feed = feed.number;
    places[fresh].open = true;
    feed.open.push_back(fresh);
  }
  at = feed.open.back();
  return places[at];
}

/// Makes sure that no page sees what is done to the chunk next.
void Store::Impl::make_own(Place& place, std::size_t extra) {
  if (!place.chunk.only()) compact(place, extra);
}

void Store::Impl::write(Place& place, std::uint32_t slot, std::string_view record) {
  auto& chunk = *place.chunk;
  if (chunk.size + record.size() > chunk.bytes.capacity()) {
    const auto live = chunk.size - place.dead;
    if (place.dead > 0) {
      compact(place, record.size() + live / 16);
      return write(place, slot, record);
    }
    // A chunk that is filled grows by halves and is trimmed in the end; one that is full has to do with less.
    chunk.bytes.resize(chunk.size + record.size() + (place.open ? live / 2 : live / 16));
  }
  chunk.offsets[slot] = chunk.size;
  std::memcpy(chunk.bytes.data() + chunk.size, record.data(), record.size());
  chunk.size += static_cast<std::uint32_t>(record.size());
  chunk.version = ++versions;
}

/// Copies the live records to a chunk of their own, with some room behind them.
void Store::Impl::compact(Place& place, std::size_t extra) {
  const auto& old = *place.chunk;
  auto fresh = ChunkRef(new Chunk);
  fresh->version = ++versions;
  fresh->used = old.used;
  fresh->bytes = Buffer(old.size - place.dead + extra);
  old.for_each([&](std::uint32_t slot) {
    const auto bytes = record::whole(old.at(slot));
    fresh->offsets[slot] = fresh->size;
    std::memcpy(fresh->bytes.data() + fresh->size, bytes.data(), bytes.size());
    fresh->size += static_cast<std::uint32_t>(bytes.size());
  });
  place.chunk = std::move(fresh);
  place.dead = 0;
}

/// Gives back what a chunk has more than it needs for the time being.
void Store::Impl::trim(Place& place) {
  auto& chunk = *place.chunk;
  const auto wanted = Buffer::rounded(chunk.size + chunk.size / 64);
  if (wanted >= chunk.bytes.capacity()) return;
  if (place.chunk.only()) chunk.bytes.resize(wanted);
}

void Store::Impl::release(const char* record) {
  record::walk(record, layout, texts, [this](std::uint32_t id) { released.push_back(id); });
}

void Store::Impl::give_up_released() {
  for (const auto id : released) texts.release(id, epoch());
  released.clear();
}

void Store::Impl::reclaim() {
  if (texts.has_given_up()) {
    texts.reclaim(alive.empty() ? std::numeric_limits<std::uint64_t>::max() : alive.front(), epoch());
  }
}

Snapshot::Snapshot(std::shared_ptr<Store::Impl> store) : store_(std::move(store)) {
  const std::lock_guard lock(store_->mutex);
  number_ = ++store_->snapshots;
  store_->alive.push_back(number_);
  chunks_.reserve(store_->places.size());
  for (const auto& place : store_->places) {
    if (place.chunk && store_->feeds[place.feed].synced) chunks_.push_back(place.chunk);
  }
}

Snapshot::~Snapshot() {
  chunks_.clear();
  const std::lock_guard lock(store_->mutex);
  std::erase(store_->alive, number_);
}

Store::Store(const Resource& resource, StoreOptions options)
    : impl_(std::make_shared<Impl>(resource, std::move(options))) {}

Store::~Store() = default;

Source& Store::source() {
  const std::lock_guard lock(impl_->mutex);
  ++impl_->unsynced;
  return impl_->feeds.emplace_back(*impl_, static_cast<std::uint16_t>(impl_->feeds.size()));
}

const Resource& Store::resource() const { return *impl_->layout.resource; }
bool Store::synced() const { return impl_->unsynced == 0; }
std::size_t Store::objects() const { return impl_->objects; }
std::uint64_t Store::malformed() const { return impl_->malformed; }

StoreMemory Store::memory() const {
  StoreMemory memory;
  const std::lock_guard lock(impl_->mutex);
  for (const auto& feed : impl_->feeds) memory.objects += feed.objects;
  for (const auto& place : impl_->places) {
    if (!place.chunk) continue;
    memory.records += place.chunk->size - place.dead;
    memory.slack += place.chunk->bytes.capacity() - place.chunk->size + place.dead;
    memory.chunks += sizeof(Chunk);
  }
  memory.chunks += impl_->places.capacity() * sizeof(Impl::Place);
  memory.index = impl_->index_bytes;
  memory.strings = impl_->texts.bytes();
  memory.string_count = impl_->texts.count();
  memory.compressed = impl_->blocks.bytes();
  return memory;
}

std::string to_string(const StoreMemory& memory, std::string_view resource) {
  std::string text(resource);
  const auto add = [&](std::string_view label, std::size_t bytes) {
    char number[64];
    std::snprintf(number, sizeof number, "%.1f ",
                  memory.objects ? static_cast<double>(bytes) / static_cast<double>(memory.objects) : 0.0);
    text += number;
    text += label;
  };
  text += ": " + std::to_string(memory.objects) + " objects, " + std::to_string(memory.total()) +
          " bytes; each: ";
  add("in all = ", memory.total());
  add("record + ", memory.records);
  add("slack + ", memory.slack);
  add("chunks + ", memory.chunks);
  add("index + ", memory.index);
  add("strings (" + std::to_string(memory.string_count) + ") + ", memory.strings);
  add("compressed", memory.compressed);
  return text;
}

}  // namespace exporter::kube
