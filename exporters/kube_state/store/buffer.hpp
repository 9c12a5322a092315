// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes of a chunk. Large ones are pages of their own rather than the heap's, so that what is given up goes
// back to the system at once, however the heap looks, and growing moves no bytes.

#include <cstddef>
#include <utility>

namespace exporter::kube {

class Buffer {
 public:
  Buffer() = default;
  /// Of at least that many bytes, rounded up to what is allocated for them anyway.
  explicit Buffer(std::size_t bytes) { resize(bytes); }
  ~Buffer() { resize(0); }
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }

  /// Keeps what fits of the content. 0 frees it.
  void resize(std::size_t bytes);
  /// The capacity that resize() would round to.
  static std::size_t rounded(std::size_t bytes);

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }

 private:
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
};

}  // namespace exporter::kube
