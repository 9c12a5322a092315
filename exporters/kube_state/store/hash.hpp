// SPDX-License-Identifier: Apache-2.0
#pragma once

// A fast 64-bit hash for tables and for telling whether a text changed. Not for anything a stranger could
// gain from by making texts collide: what is hashed is written by whoever may write to the API server.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace exporter::kube {

namespace hashing {

constexpr std::uint64_t kFirst = 0x9e3779b97f4a7c15U;
constexpr std::uint64_t kSecond = 0xd6e8feb86659fd93U;
constexpr std::uint64_t kThird = 0xa0761d6478bd642fU;

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

}  // namespace hashing

inline std::uint64_t hash(std::string_view text, std::uint64_t seed = 0) {
  using namespace hashing;
  const char* at = text.data();
  auto left = text.size();
  std::uint64_t state = seed ^ kFirst;
  std::uint64_t other = seed ^ kThird;
  for (; left > 32; left -= 32, at += 32) {
    state = mix(load<std::uint64_t>(at) ^ kSecond, load<std::uint64_t>(at + 8) ^ state);
    other = mix(load<std::uint64_t>(at + 16) ^ kFirst, load<std::uint64_t>(at + 24) ^ other);
  }
  state ^= other;
  for (; left > 16; left -= 16, at += 16) {
    state = mix(load<std::uint64_t>(at) ^ kSecond, load<std::uint64_t>(at + 8) ^ state);
  }
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (left >= 8) {
    a = load<std::uint64_t>(at);
    b = load<std::uint64_t>(at + left - 8);
  } else if (left >= 4) {
    a = load<std::uint32_t>(at);
    b = load<std::uint32_t>(at + left - 4);
  } else if (left > 0) {
    a = static_cast<unsigned char>(at[0]) |
        static_cast<std::uint64_t>(static_cast<unsigned char>(at[left / 2])) << 8 |
        static_cast<std::uint64_t>(static_cast<unsigned char>(at[left - 1])) << 16;
  }
  return mix(kThird ^ text.size(), mix(a ^ kSecond, b ^ state));
}

}  // namespace exporter::kube
