// SPDX-License-Identifier: Apache-2.0

// Durations: what Go takes and prints, and what it refuses.

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

#include <exporter/flags.hpp>

namespace exporter {
namespace {

using std::chrono::nanoseconds;

TEST(Duration, Parses) {
  const struct {
    std::string_view text;
    std::int64_t count;
  } kCases[] = {
      {"0", 0},
      {"-0", 0},
      {"+0", 0},
      {"0s", 0},
      {"5s", 5'000'000'000},
      {"+5s", 5'000'000'000},
      {"-1.5h", -5'400'000'000'000},
      {"1h15m30.918s", 4'530'918'000'000},
      {"1m30s", 90'000'000'000},
      {"250ms", 250'000'000},
      {"3.46608s", 3'466'080'000},
      {"10us", 10'000},
      {"10\xC2\xB5s", 10'000},
      {"10\xCE\xBCs", 10'000},
      {"7ns", 7},
      {"0.9ns", 0},
      {".5s", 500'000'000},
      {"5.s", 5'000'000'000},
      {"1s1s", 2'000'000'000},
      {"0.3333333333333333333h", 1'200'000'000'000},
      {"0.100000000000000000000h", 360'000'000'000},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808ns", std::numeric_limits<std::int64_t>::min()},
  };
  for (const auto& c : kCases) {
    const auto parsed = parse_duration(c.text);
    ASSERT_TRUE(parsed) << c.text << ": " << parsed.error().message;
    EXPECT_EQ(parsed->count(), c.count) << c.text;
  }
}

TEST(Duration, Refuses) {
  const struct {
    std::string_view text;
    std::string_view message;
  } kCases[] = {
      {"", "invalid duration \"\""},
      {"-", "invalid duration \"-\""},
      {".", "invalid duration \".\""},
      {".s", "invalid duration \".s\""},
      {"s", "invalid duration \"s\""},
      {"--5s", "invalid duration \"--5s\""},
      {" 5s", "invalid duration \" 5s\""},
      {"5", "missing unit in duration \"5\""},
      {"1.5", "missing unit in duration \"1.5\""},
      {"1h5", "missing unit in duration \"1h5\""},
      {"1d", "unknown unit \"d\" in duration \"1d\""},
      {"5 s", "unknown unit \" s\" in duration \"5 s\""},
      {"9223372036854775808ns", "invalid duration \"9223372036854775808ns\""},
      {"99999999999999999999s", "invalid duration \"99999999999999999999s\""},
      {"3000000h", "invalid duration \"3000000h\""},
      {"9223372036854775807ns1ns", "invalid duration \"9223372036854775807ns1ns\""},
  };
  for (const auto& c : kCases) {
    const auto parsed = parse_duration(c.text);
    ASSERT_FALSE(parsed) << c.text;
    EXPECT_EQ(parsed.error().message, c.message);
    EXPECT_EQ(parsed.error().code, Code::kInvalid);
  }
}

TEST(Duration, Formats) {
  const struct {
    std::int64_t count;
    std::string_view text;
  } kCases[] = {
      {0, "0s"},
      {1, "1ns"},
      {1'100, "1.1\xC2\xB5s"},
      {2'200'000, "2.2ms"},
      {250'000'000, "250ms"},
      {1'500'000'000, "1.5s"},
      {60'000'000'000, "1m0s"},
      {90'000'000'000, "1m30s"},
      {3'600'000'000'000, "1h0m0s"},
      {3'600'000'000'001, "1h0m0.000000001s"},
      {-1'500'000'000, "-1.5s"},
      {std::numeric_limits<std::int64_t>::max(), "2562047h47m16.854775807s"},
      {std::numeric_limits<std::int64_t>::min(), "-2562047h47m16.854775808s"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(format_duration(nanoseconds(c.count)), c.text);
    EXPECT_EQ(parse_duration(c.text)->count(), c.count);
  }
}

}  // namespace
}  // namespace exporter
