// SPDX-License-Identifier: Apache-2.0
#include "store/buffer.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace exporter::kube {
namespace {

constexpr std::size_t kPage = 4096;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kMapped = ~std::size_t{0};  // the heap, which is watched
#else
constexpr std::size_t kMapped = 4 * kPage;
#endif

void* map(std::size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return pages;
}

}  // namespace

std::size_t Buffer::rounded(std::size_t bytes) {
  if (bytes == 0) return 0;
  if (bytes >= kMapped) return (bytes + kPage - 1) / kPage * kPage;
  return (bytes + 8 + 15) / 16 * 16 - 8;
}

void Buffer::resize(std::size_t bytes) {
  const auto wanted = rounded(bytes);
  if (wanted == capacity_) return;
  const bool was_mapped = capacity_ >= kMapped;
  if (was_mapped && wanted >= kMapped) {
    void* moved = mremap(data_, capacity_, wanted, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<char*>(moved);
  } else if (!was_mapped && wanted > 0 && wanted < kMapped) {
    auto* moved = static_cast<char*>(std::realloc(data_, wanted));
    if (!moved) throw std::bad_alloc();
    data_ = moved;
  } else {
    char* fresh = nullptr;
    if (wanted >= kMapped) {
      fresh = static_cast<char*>(map(wanted));
    } else if (wanted > 0) {
      fresh = static_cast<char*>(std::malloc(wanted));
      if (!fresh) throw std::bad_alloc();
    }
    if (fresh && data_) std::memcpy(fresh, data_, std::min(wanted, capacity_));
    if (was_mapped) {
      munmap(data_, capacity_);
    } else {
      std::free(data_);
    }
    data_ = fresh;
  }
  capacity_ = wanted;
}

}  // namespace exporter::kube
