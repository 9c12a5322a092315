// SPDX-License-Identifier: Apache-2.0
// Passwords: the header, the hashes, and what is remembered of them.

#include <string>

#include <gtest/gtest.h>

#include "detail/password.hpp"

namespace {

using exporter::detail::bcrypt_matches;
using exporter::detail::parse_basic_auth;
using exporter::detail::PasswordCache;

TEST(Password, ReadsTheHeader) {
  const auto both = parse_basic_auth("Basic QWxhZGRpbjpvcGVuOnNlc2FtZQ==");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->user, "Aladdin");
  EXPECT_EQ(both->password, "open:sesame");
  EXPECT_TRUE(parse_basic_auth("bAsIc Og=="));  // nobody, without a password
  for (const auto* bad : {"", "Basic", "Basic ", "Bearer QTpC", "Basic QTpC=", "Basic QTp", "Basic Q!pC",
                          "Basic QUJD", "Basic  QTpC", "Basic =QTp"}) {
    EXPECT_FALSE(parse_basic_auth(bad)) << bad;
  }
}

TEST(Password, MatchesHashes) {
  // A vector that is public since the first bcrypt libraries: "U*U".
  const std::string hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_TRUE(bcrypt_matches(hash, "U*U"));
  EXPECT_FALSE(bcrypt_matches(hash, "U*V"));
  EXPECT_FALSE(bcrypt_matches(hash, ""));
  EXPECT_FALSE(bcrypt_matches(hash, std::string("U*U\0x", 5)));
  auto modern = hash;
  modern[2] = 'y';
  EXPECT_TRUE(bcrypt_matches(modern, "U*U"));
  modern[2] = 'b';
  EXPECT_TRUE(bcrypt_matches(modern, "U*U"));
  EXPECT_FALSE(bcrypt_matches("$2y$05$nonsense", "U*U"));
}

TEST(Password, CacheRemembersAHundred) {
  PasswordCache cache;
  EXPECT_FALSE(cache.find(cache.key("a", "b", "c")));
  cache.add(cache.key("a", "b", "c"), true);
  EXPECT_EQ(cache.find(cache.key("a", "b", "c")), true);
  EXPECT_FALSE(cache.find(cache.key("ab", "", "c")));
  int known = 0;
  for (int i = 0; i < 500; ++i) cache.add(cache.key("u", "h", std::to_string(i)), false);
  for (int i = 0; i < 500; ++i) known += cache.find(cache.key("u", "h", std::to_string(i))) == false ? 1 : 0;
  EXPECT_GE(known, 99);
  EXPECT_LE(known, 100);
}

}  // namespace
