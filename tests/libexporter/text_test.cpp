// SPDX-License-Identifier: Apache-2.0

// Text, numbers, values and the texts of system errors.

#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/text.hpp>

namespace exporter {
namespace {

using Texts = std::vector<std::string_view>;

Texts lines_of(std::string_view text) {
  Texts found;
  for (const auto line : Lines(text)) found.push_back(line);
  return found;
}

std::string number(double value) {
  char room[32];
  return {room, append_number(room, value)};
}

std::string text_of(Value value) {
  char room[32];
  return {room, value.append(room)};
}

std::string valid(std::string_view text) {
  std::string scratch;
  return std::string(valid_utf8(text, scratch));
}

TEST(Text, Lines) {
  EXPECT_EQ(lines_of(""), Texts{});
  EXPECT_EQ(lines_of("\n"), Texts{""});
  EXPECT_EQ(lines_of("a"), Texts{"a"});
  EXPECT_EQ(lines_of("a\n\nb\n"), (Texts{"a", "", "b"}));
}

TEST(Text, FieldsAndPairs) {
  Fields fields("  cpu0\t12  rest of it \n");
  EXPECT_EQ(fields.next(), "cpu0");
  EXPECT_EQ(fields.skip(1).rest(), "rest of it");
  EXPECT_EQ(Fields("   ").next(), "");
  EXPECT_EQ(split_pair("key : a:b", ':')->value, "a:b");
  EXPECT_FALSE(split_pair("key", ':'));
  std::string_view path = "a/b";
  EXPECT_EQ(take_until(path, '/'), "a");
  EXPECT_EQ(take_until(path, '/'), "b");
  EXPECT_TRUE(path.empty());
}

TEST(Text, ParsesNumbers) {
  EXPECT_EQ(*parse<int>(" +42\n"), 42);
  EXPECT_EQ(*parse<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(*parse<unsigned>("ff", 16), 255U);
  EXPECT_EQ(*parse<double>("+Inf"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*parse<double>("NaN")));
  for (const std::string_view bad : {"", " ", "+", "-", "+-1", "1x", "0x1", "1 2", "99999999999"}) {
    const auto result = parse<int>(bad);
    ASSERT_FALSE(result) << bad;
    EXPECT_EQ(result.error().code, Code::kInvalid);
  }
  EXPECT_FALSE(parse<unsigned>("-1"));
  EXPECT_EQ(parse<int>("a\nb").error().message, "not a number: \"a?b\"");
  EXPECT_LT(parse<int>(std::string(5000, 'x')).error().message.size(), 100U);
}

TEST(Text, WritesNumbers) {
  const struct {
    double value;
    std::string_view text;
  } kCases[] = {
      {0, "0"},
      {-0.0, "-0"},
      {1, "1"},
      {-12, "-12"},
      {0.1, "0.1"},
      {1e6, "1000000"},
      {1.7e9 + 0.25, "1700000000.25"},
      {1e300, "1e+300"},
      {-5e-324, "-5e-324"},
      {std::numeric_limits<double>::quiet_NaN(), "NaN"},
      {std::numeric_limits<double>::infinity(), "+Inf"},
      {-std::numeric_limits<double>::infinity(), "-Inf"},
  };
  for (const auto& c : kCases) EXPECT_EQ(number(c.value), c.text);
  for (const double value :
       {0.1 + 0.2, 1e15, 1e15 + 1, 9007199254740993.0, 1.7976931348623157e308, -2.2250738585072014e-308}) {
    EXPECT_EQ(*parse<double>(number(value)), value);
  }
}

TEST(Text, WritesValues) {
  EXPECT_EQ(text_of(-1), "-1");
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(text_of(true), "1");
  EXPECT_EQ(text_of(0.5), "0.5");
  EXPECT_EQ(type_name(MetricType::kCounter), "counter");
  EXPECT_EQ(type_name(MetricType::kUntyped), "untyped");
}

TEST(Text, RepairsUtf8) {
  const std::string_view kGood[] = {"", "plain ascii text", "gr\xC3\xBC\xC3\x9F", "\xE2\x82\xAC",
                                    "\xF0\x9F\x98\x80"};
  for (const auto text : kGood) {
    std::string scratch = "untouched";
    EXPECT_EQ(valid_utf8(text, scratch).data(), text.data());
    EXPECT_EQ(scratch, "untouched");
  }
  EXPECT_EQ(valid("a\xFF"
                  "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(valid("12345678\xC3"), "12345678\xEF\xBF\xBD");
  EXPECT_EQ(valid("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");                  // overlong
  EXPECT_EQ(valid("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // surrogate
  EXPECT_EQ(valid("\xF4\x90\x80\x80").size(), 12U);                          // above U+10FFFF
}

TEST(Text, SanitizesNames) {
  EXPECT_EQ(sanitize_name("rx-bytes.64 \xC3\xBC"), "rx_bytes_64___");
  EXPECT_EQ(sanitize_name("Plain_9"), "Plain_9");
}

TEST(Result, ErrnoTexts) {
  const struct {
    int number;
    std::string_view text;
  } kCases[] = {
      {ENOENT, "no such file or directory"},
      {EACCES, "permission denied"},
      {EIO, "input/output error"},
      {ENOTCONN, "transport endpoint is not connected"},
      {ESTALE, "stale NFS file handle"},
      {E2BIG, "argument list too long"},
      {99999, "errno 99999"},
  };
  for (const auto& c : kCases) EXPECT_EQ(errno_text(c.number), c.text);
}

TEST(Result, ErrnoErrors) {
  const auto missing = errno_error("open", "/proc/stat", ENOENT);
  EXPECT_EQ(missing.message, "open /proc/stat: no such file or directory");
  EXPECT_EQ(missing.code, Code::kNoData);
  EXPECT_EQ(errno_error("open", "x", EPERM).code, Code::kDenied);
  EXPECT_EQ(errno_error("read", "", EIO).message, "read: input/output error");
  EXPECT_EQ(errno_error("read", "", EIO).code, Code::kUnavailable);
}

}  // namespace
}  // namespace exporter
