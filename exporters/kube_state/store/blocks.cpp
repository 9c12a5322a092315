// SPDX-License-Identifier: Apache-2.0
#include "store/blocks.hpp"

#include <atomic>
#include <new>
#include <utility>

#include <zlib.h>

namespace exporter::kube {
namespace {

constexpr std::size_t kMostBytes = std::size_t{128} << 20;  // of all stores together
std::atomic<std::size_t> all_bytes{0};

}  // namespace

struct Deflater::Stream {
  z_stream z{};
};

Deflater::Deflater() : stream_(std::make_unique<Stream>()) {
  constexpr int kLevel = 1;
  constexpr int kRaw = -15;
  if (deflateInit2(&stream_->z, kLevel, Z_DEFLATED, kRaw, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

Deflater::~Deflater() { deflateEnd(&stream_->z); }

std::shared_ptr<const Block> Deflater::compress(std::string_view text, std::uint64_t hash) {
  auto& z = stream_->z;
  deflateReset(&z);
  scratch_.resize(deflateBound(&z, text.size()) + 16);  // and the flush
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(scratch_.data());
  z.avail_out = static_cast<uInt>(scratch_.size());
  deflate(&z, Z_FULL_FLUSH);
  auto block = std::make_shared<Block>();
  block->bytes.assign(scratch_, 0, scratch_.size() - z.avail_out);
  block->text_hash = hash;
  block->text_size = text.size();
  block->crc =
      static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  return block;
}

Blocks::~Blocks() { add_bytes(-static_cast<std::ptrdiff_t>(bytes_)); }

std::size_t Blocks::size_of(const Entry& entry) {
  constexpr std::size_t kAround = 160;  // the map's node, the block's head, what malloc adds
  return entry.block ? entry.block->bytes.capacity() + kAround : 0;
}

void Blocks::add_bytes(std::ptrdiff_t bytes) {
  bytes_ += static_cast<std::size_t>(bytes);
  all_bytes.fetch_add(static_cast<std::size_t>(bytes), std::memory_order_relaxed);
}

Blocks::Entry Blocks::find(std::uint64_t step) {
  const std::lock_guard lock(mutex_);
  used_ = std::chrono::steady_clock::now();
  const auto found = entries_.find(step);
  if (found == entries_.end()) return {};
  found->second.page = page_;
  return found->second.entry;
}

void Blocks::keep(std::uint64_t step, Entry entry) {
  const std::lock_guard lock(mutex_);
  auto& kept = entries_[step];
  add_bytes(-static_cast<std::ptrdiff_t>(size_of(kept.entry)));
  const auto size = size_of(entry);
  if (all_bytes.load(std::memory_order_relaxed) + size > kMostBytes) {
    entries_.erase(step);
    return;
  }
  kept = {std::move(entry), page_};
  add_bytes(static_cast<std::ptrdiff_t>(size));
}

void Blocks::page_ends() {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->second.page + 2 < page_) {
      add_bytes(-static_cast<std::ptrdiff_t>(size_of(at->second.entry)));
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
  ++page_;
}

void Blocks::drop_idle(std::chrono::steady_clock::duration idle) {
  const std::lock_guard lock(mutex_);
  if (entries_.empty() || std::chrono::steady_clock::now() - used_ < idle) return;
  entries_ = {};
  add_bytes(-static_cast<std::ptrdiff_t>(bytes_));
}

std::size_t Blocks::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace exporter::kube
