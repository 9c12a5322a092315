// SPDX-License-Identifier: Apache-2.0
// Texts stay while somebody may need them, and no longer.

#include "store/interner.hpp"

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "store/key_index.hpp"

namespace exporter::kube {
namespace {

constexpr std::uint64_t kNobody = ~std::uint64_t{0};

TEST(Interner, GivesEachTextOneNumber) {
  Interner texts;
  const auto a = texts.acquire("a");
  const auto empty = texts.acquire("");
  EXPECT_NE(a, empty);
  EXPECT_EQ(texts.acquire("a"), a);
  EXPECT_EQ(texts.text(a), "a");
  EXPECT_EQ(texts.text(empty), "");
  EXPECT_EQ(texts.find("a"), a);
  EXPECT_EQ(texts.find("b"), std::nullopt);
  EXPECT_EQ(texts.count(), 2U);
  texts.release(a, 0);
  texts.reclaim(kNobody, 0);
  EXPECT_EQ(texts.find("a"), a) << "it is held once more";
  texts.release(a, 0);
  texts.reclaim(kNobody, 0);
  EXPECT_EQ(texts.find("a"), std::nullopt);
  EXPECT_EQ(texts.acquire("c"), a) << "numbers are used again";
}

TEST(Interner, WaitsForSnapshots) {
  Interner texts;
  const auto id = texts.acquire("text");
  texts.release(id, 5);
  texts.reclaim(5, 5);
  EXPECT_EQ(texts.text(id), "text") << "snapshot 5 may refer to it";
  // It comes back, and is given up again when snapshot 8 has been taken.
  EXPECT_EQ(texts.acquire("text"), id);
  texts.release(id, 8);
  texts.reclaim(8, 8);
  EXPECT_EQ(texts.text(id), "text") << "snapshot 8 may refer to it";
  texts.reclaim(9, 9);
  EXPECT_EQ(texts.count(), 0U);
}

TEST(Interner, StandsChurn) {
  Interner texts;
  std::mt19937 random(3);
  std::map<std::string, std::pair<Interner::Id, int>> model;
  std::size_t most = 0;
  for (int step = 0; step < 30'000; ++step) {
    const auto text = std::string(random() % 30, 'x') + std::to_string(random() % 3000);
    if (random() % 2 == 0) {
      const auto id = texts.acquire(text);
      auto& [known, holders] = model.try_emplace(text, id, 0).first->second;
      ASSERT_EQ(known, id);
      ++holders;
    } else if (const auto at = model.lower_bound(text); at != model.end()) {
      texts.release(at->second.first, 0);
      if (--at->second.second == 0) {
        model.erase(at);
        texts.reclaim(kNobody, 0);
      }
    }
    ASSERT_EQ(texts.count(), model.size());
    most = std::max(most, texts.bytes());
  }
  for (const auto& [text, known] : model) {
    ASSERT_EQ(texts.text(known.first), text);
    for (int i = 0; i < known.second; ++i) texts.release(known.first, 0);
  }
  texts.reclaim(kNobody, 0);
  EXPECT_EQ(texts.count(), 0U);
  EXPECT_LT(texts.bytes(), most * 2 / 3);
}

TEST(KeyIndex, FindsWhatItHas) {
  KeyIndex index;
  std::mt19937 random(4);
  std::map<std::uint32_t, std::uint64_t> hashes;  // by number; half of them collide
  std::uint32_t next = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool grow = step % 8'000 < 5'000;
    if (hashes.empty() || random() % 10 < (grow ? 7 : 3)) {
      const auto hashed = (random() % 2 == 0 ? random() % 500 : random()) * 0x9e3779b97f4a7c15U;
      index.insert(hashed, next);
      hashes[next++] = hashed;
    } else {
      auto at = hashes.lower_bound(random() % next);
      if (at == hashes.end()) at = hashes.begin();
      const auto number = at->first;
      ASSERT_EQ(index.find(at->second, [&](std::uint32_t other) { return other == number; }), number);
      index.erase(at->second, number);
      ASSERT_EQ(index.find(at->second, [&](std::uint32_t other) { return other == number; }),
                KeyIndex::kNone);
      hashes.erase(number);
    }
  }
  for (const auto& [number, hashed] : hashes) {
    ASSERT_EQ(index.find(hashed, [&, wanted = number](std::uint32_t other) { return other == wanted; }),
              number);
  }
  EXPECT_LT(index.bytes(), hashes.size() * 40);
}

}  // namespace
}  // namespace exporter::kube
