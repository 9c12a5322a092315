// SPDX-License-Identifier: Apache-2.0

// Matchers, their memory and their errors.

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include <exporter/regex.hpp>

namespace exporter {
namespace {

TEST(Regex, Matches) {
  const auto anywhere = Matcher::make("--x", "eth[0-9]");
  ASSERT_TRUE(anywhere);
  for (int round = 0; round < 2; ++round) {  // the second answer is the remembered one
    EXPECT_TRUE(anywhere->matches("veth12"));
    EXPECT_FALSE(anywhere->matches("lo"));
    EXPECT_FALSE(anywhere->matches(""));
  }
  EXPECT_FALSE(anywhere->pattern_empty());
  const auto whole = Matcher::make_anchored("--x", "eth[0-9]|lo");
  EXPECT_TRUE(whole->matches("eth1"));
  EXPECT_TRUE(whole->matches("lo"));
  EXPECT_FALSE(whole->matches("veth1"));
  EXPECT_FALSE(whole->matches("loop"));
}

TEST(Regex, EmptyPatterns) {
  const Matcher nothing;
  EXPECT_TRUE(nothing.pattern_empty());
  EXPECT_FALSE(nothing.matches("a"));
  const auto everything = Matcher::make("--x", "");
  EXPECT_TRUE(everything->pattern_empty());
  EXPECT_TRUE(everything->matches("a"));
  const auto empty = Matcher::make_anchored("--x", "");
  EXPECT_TRUE(empty->matches(""));
  EXPECT_FALSE(empty->matches("a"));
}

TEST(Regex, ForgetsAndStaysRight) {
  const auto odd = Matcher::make("--x", "[13579]$");
  for (int i = 0; i < 10000; ++i) EXPECT_EQ(odd->matches(std::to_string(i)), i % 2 == 1);
  EXPECT_TRUE(odd->matches(std::string(5000, 'x') + "1"));
}

TEST(Regex, ErrorsNameTheSettingInGosWords) {
  const struct {
    std::string_view pattern;
    std::string_view message;
  } kCases[] = {
      {"[a", "--f: error parsing regexp: missing closing ]: `[a`"},
      {"(a", "--f: error parsing regexp: missing closing ): `(a`"},
      {"a)", "--f: error parsing regexp: unexpected ): `a)`"},
      {"*", "--f: error parsing regexp: missing argument to repetition operator: `*`"},
      {"(?=x)", "--f: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
      {"a**", "--f: error parsing regexp: invalid nested repetition operator: `**`"},
      {"\\", "--f: error parsing regexp: trailing backslash at end of expression: `\\`"},
      {"[z-a]", "--f: error parsing regexp: invalid character class range: `z-a`"},
      {"a{5000}", "--f: error parsing regexp: invalid repeat count: `{5000}`"},
  };
  for (const auto& c : kCases) {
    const auto made = Matcher::make("--f", c.pattern);
    ASSERT_FALSE(made) << c.pattern;
    EXPECT_EQ(made.error().message, c.message);
    EXPECT_EQ(made.error().code, Code::kInvalid);
  }
}

TEST(Regex, Filters) {
  const NameFilter all;
  EXPECT_TRUE(all.passes("x"));
  auto filter = NameFilter::make("--in", "^eth", "--ex", "9$");
  ASSERT_TRUE(filter);
  const NameFilter moved = std::move(*filter);
  EXPECT_TRUE(moved.passes("eth0"));
  EXPECT_FALSE(moved.passes("eth9"));
  EXPECT_FALSE(moved.passes("lo"));
  EXPECT_TRUE(NameFilter::make("--in", "", "--ex", "9$")->passes("lo"));
  EXPECT_TRUE(NameFilter::make("--in", "", "--ex", "(").error().message.starts_with("--ex: "));
  EXPECT_TRUE(NameFilter::make("--in", "[", "--ex", "").error().message.starts_with("--in: "));
}

}  // namespace
}  // namespace exporter
