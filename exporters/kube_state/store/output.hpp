// SPDX-License-Identifier: Apache-2.0
#pragma once

// Appends to a string with little more than the copy itself.

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace exporter::kube {

class Output {
 public:
  /// Behind what `text` has already; it grows to `room` bytes more at once.
  explicit Output(std::string& text, std::size_t room = 0) : text_(text) { grow_from(text.size(), room); }
  ~Output() { finish(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  std::size_t size() const { return static_cast<std::size_t>(at_ - text_.data()); }
  /// What was written, from an offset on; good until the next call that writes.
  std::string_view since(std::size_t offset) const { return {text_.data() + offset, size() - offset}; }
  void cut(std::size_t size) { at_ = text_.data() + size; }

  /// Makes room for so many bytes and returns where they go; claim() says how many were written.
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]] {
      grow_from(size(), bytes);
    }
    return at_;
  }
  void claim(char* end) { at_ = end; }

  [[gnu::always_inline]] void add(std::string_view text) {
    char* to = room(text.size());
    at_ = to + text.size();
    copy(to, text.data(), text.size());
  }
  void add(char c) {
    *room(1) = c;
    ++at_;
  }
  void add_hex(const char* bytes, std::size_t count) {
    char* to = room(2 * count);
    for (std::size_t i = 0; i < count; ++i, to += 2) put_hex(to, bytes[i]);
    at_ = to;
  }
  void add_uuid(const char* bytes) {
    char* to = room(36);
    for (int i = 0; i < 16; ++i) {
      put_hex(to, bytes[i]);
      to += 2;
      if (i == 3 || i == 5 || i == 7 || i == 9) *to++ = '-';
    }
    at_ = to;
  }
  void add_address(const char* bytes) {
    char* to = room(16);
    for (int i = 0; i < 4; ++i) {
      const unsigned value = static_cast<unsigned char>(bytes[i]);
      if (value >= 100) *to++ = static_cast<char>('0' + value / 100);
      if (value >= 10) *to++ = static_cast<char>('0' + value / 10 % 10);
      *to++ = static_cast<char>('0' + value % 10);
      *to++ = '.';
    }
    at_ = to - 1;
  }
  void add_unsigned(std::uint64_t value) {
    char* to = room(20);
    at_ = std::to_chars(to, to + 20, value).ptr;
  }

 private:
  static constexpr auto kHex = [] {
    std::array<char, 512> table{};
    for (unsigned i = 0; i < 256; ++i) {
      table[2 * i] = "0123456789abcdef"[i >> 4];
      table[2 * i + 1] = "0123456789abcdef"[i & 15];
    }
    return table;
  }();
  static void put_hex(char* to, char byte) {
    std::memcpy(to, kHex.data() + 2 * static_cast<unsigned char>(byte), 2);
  }
  // Most pieces are short: two moves that overlap are cheaper than a call.
  [[gnu::always_inline]] static void copy(char* to, const char* from, std::size_t size) {
    if (size > 32) {
      std::memcpy(to, from, size);
    } else if (size >= 16) {
      std::array<char, 16> a;
      std::array<char, 16> b;
      std::memcpy(a.data(), from, 16);
      std::memcpy(b.data(), from + size - 16, 16);
      std::memcpy(to, a.data(), 16);
      std::memcpy(to + size - 16, b.data(), 16);
    } else if (size >= 8) {
      std::uint64_t a;
      std::uint64_t b;
      std::memcpy(&a, from, 8);
      std::memcpy(&b, from + size - 8, 8);
      std::memcpy(to, &a, 8);
      std::memcpy(to + size - 8, &b, 8);
    } else if (size >= 4) {
      std::uint32_t a;
      std::uint32_t b;
      std::memcpy(&a, from, 4);
      std::memcpy(&b, from + size - 4, 4);
      std::memcpy(to, &a, 4);
      std::memcpy(to + size - 4, &b, 4);
    } else {
      for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
    }
  }

  void grow_from(std::size_t used, std::size_t more) {
    const auto wanted = std::max(used + more, used + used / 2);
    text_.resize_and_overwrite(wanted, [](char*, std::size_t size) { return size; });
    at_ = text_.data() + used;
    end_ = text_.data() + wanted;
  }
  void finish() {
    const auto used = size();
    text_.resize(used);
  }

  std::string& text_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace exporter::kube
