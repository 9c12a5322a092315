// SPDX-License-Identifier: Apache-2.0
#include "store/interner.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "store/hash.hpp"

namespace exporter::kube {
namespace {

// What malloc takes for a block of that size: its head, and the rounding.
std::ptrdiff_t allocated(std::size_t size) {
  return static_cast<std::ptrdiff_t>(size + 8 <= 24 ? 32 : (size + 8 + 15) / 16 * 16);
}

const char* copy_of(std::string_view text) {
  auto* copy = static_cast<char*>(std::malloc(text.empty() ? 1 : text.size()));
  if (!copy) throw std::bad_alloc();
  if (!text.empty()) std::memcpy(copy, text.data(), text.size());
  return copy;
}

}  // namespace

Interner::~Interner() {
  for (std::uint32_t id = 0; id < size_; ++id) std::free(const_cast<char*>(entry(id).text));
  for (auto* block : blocks_) delete[] block;
}

std::size_t Interner::slot_of(std::string_view text, std::uint64_t hashed) const {
  const auto mask = slots_.size() - 1;
  auto slot = static_cast<std::size_t>(hashed) & mask;
  for (; slots_[slot] != kNone; slot = (slot + 1) & mask) {
    const auto& found = entry(slots_[slot]);
    if (std::string_view(found.text, found.size) == text) break;
  }
  return slot;
}

std::optional<Interner::Id> Interner::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const auto id = slots_[slot_of(text, hash(text))];
  if (id == kNone) return std::nullopt;
  return id;
}

Interner::Id Interner::acquire(std::string_view text) {
  if ((count() + 1) * 4 > slots_.size() * 3) rehash(slots_.empty() ? 64 : slots_.size() * 2);
  const auto slot = slot_of(text, hash(text));
  if (const auto id = slots_[slot]; id != kNone) {
    auto& known = entry(id);
    if (known.holders == 0) known.revived = 1;
    ++known.holders;
    return id;
  }
  Id id = free_;
  if (id != kNone) {
    free_ = entry(id).size;
  } else {
    id = size_;
    const auto place = id + kFirstBlock;
    const auto block = static_cast<unsigned>(std::bit_width(place / kFirstBlock)) - 1;
    if (!blocks_[block]) {
      blocks_[block] = new Entry[kFirstBlock << block];
      add_bytes(static_cast<std::ptrdiff_t>(sizeof(Entry) * (kFirstBlock << block)));
    }
    ++size_;
  }
  auto& fresh = entry(id);
  fresh = Entry{.text = copy_of(text), .size = static_cast<std::uint32_t>(text.size()), .holders = 1};
  slots_[slot] = id;
  count_.store(count() + 1, std::memory_order_relaxed);
  add_bytes(allocated(text.size()));
  return id;
}

void Interner::release(Id id, std::uint64_t epoch) {
  auto& released = entry(id);
  if (--released.holders > 0 || released.queued) return;
  released.queued = 1;
  given_up_.push_back({epoch, id});
}

void Interner::reclaim(std::uint64_t oldest, std::uint64_t epoch) {
  bool removed = false;
  while (!given_up_.empty() && given_up_.front().epoch < oldest) {
    const auto id = given_up_.front().id;
    given_up_.pop_front();
    auto& waiting = entry(id);
    if (waiting.holders > 0) {
      waiting.queued = waiting.revived = 0;
    } else if (waiting.revived) {  // and was given up again, nobody knows when
      waiting.revived = 0;
      given_up_.push_back({epoch, id});
    } else {
      remove(id);
      removed = true;
    }
  }
  if (removed && slots_.size() > 1024 && count() * 8 < slots_.size()) rehash(slots_.size() / 4);
}

void Interner::remove(Id id) {
  auto& gone = entry(id);
  const auto mask = slots_.size() - 1;
  auto hole = slot_of({gone.text, gone.size}, hash({gone.text, gone.size}));
  // Texts behind the hole that would have been put into it move up, so that no search ends too early.
  for (auto next = (hole + 1) & mask; slots_[next] != kNone; next = (next + 1) & mask) {
    const auto wish = static_cast<std::size_t>(hash(text(slots_[next]))) & mask;
    if (((next - wish) & mask) >= ((next - hole) & mask)) {
      slots_[hole] = slots_[next];
      hole = next;
    }
  }
  slots_[hole] = kNone;
  add_bytes(-allocated(gone.size));
  std::free(const_cast<char*>(gone.text));
  gone = Entry{.text = nullptr, .size = free_};
  free_ = id;
  count_.store(count() - 1, std::memory_order_relaxed);
}

void Interner::rehash(std::size_t slots) {
  add_bytes((static_cast<std::ptrdiff_t>(slots) - static_cast<std::ptrdiff_t>(slots_.size())) *
            static_cast<std::ptrdiff_t>(sizeof(Id)));
  const auto old = std::exchange(slots_, std::vector<Id>(slots, kNone));
  const auto mask = slots - 1;
  for (const auto id : old) {
    if (id == kNone) continue;
    auto slot = static_cast<std::size_t>(hash(text(id))) & mask;
    while (slots_[slot] != kNone) slot = (slot + 1) & mask;
    slots_[slot] = id;
  }
}

}  // namespace exporter::kube
