// SPDX-License-Identifier: Apache-2.0
// The JSON reader: what it takes, what it refuses and what it leaves.

#include <exporter/json.hpp>

#include <gtest/gtest.h>

namespace exporter {
namespace {

bool valid(std::string_view text) {
  JsonReader json(text);
  json.skip();
  return json.finish().has_value();
}

TEST(Json, WalksAndSkips) {
  JsonReader json(
      R"( {"a": [1, 2.5, null, {"x": 9}], "skipped": {"b": [[], {}, "c", true, null]}, "A\u0042": -3, "s": "t\n\ud83d\ude00"} )");
  double sum = 0;
  std::int64_t integer = 0;
  std::string text;
  json.object([&](std::string_view key) {
    if (key == "a") {
      json.array([&] {
        if (json.kind() != JsonReader::Kind::kObject) sum += json.number();
      });
    } else if (same_key(key, "ab")) {
      integer = json.integer();
    } else if (key == "s") {
      text = json.string();
    }
  });
  ASSERT_TRUE(json.finish()) << json.finish().error().message;
  EXPECT_EQ(sum, 3.5);
  EXPECT_EQ(integer, -3);
  EXPECT_EQ(text, "t\n\xf0\x9f\x98\x80");
}

TEST(Json, KeysLastUntilTheObjectEnds) {
  JsonReader json(R"({"o\u0041": {"i\u0042": {"x\u0043": 1}}})");
  json.object([&](std::string_view outer) {
    json.object([&](std::string_view inner) {
      json.object([&](std::string_view last) {
        EXPECT_EQ(outer, "oA");
        EXPECT_EQ(inner, "iB");
        EXPECT_EQ(last, "xC");
      });
      EXPECT_EQ(inner, "iB");
    });
    EXPECT_EQ(outer, "oA");
  });
  EXPECT_TRUE(json.finish());
}

TEST(Json, NullIsNothing) {
  JsonReader json("[null, null, null, null, null, null]");
  json.array([&] {
    EXPECT_EQ(json.number(), 0);
    EXPECT_TRUE(json.good());
  });
  JsonReader object("null");
  object.object([](std::string_view) { FAIL(); });
  EXPECT_TRUE(object.finish());
}

TEST(Json, Grammar) {
  for (const auto* text :
       {"0", "-0", "1e5", "1.5E-3", "\"\"", "[]", "{}", "[1,2]", " true ", "\"\\u00e9\\ud800\""}) {
    EXPECT_TRUE(valid(text)) << text;
  }
  for (const auto* text :
       {"",     " ",          "01",      "1.",    ".5",    "+1", "-",       "1e",        "[1,]",
        "[,1]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "[1 2]", "\"", "\"\\x\"", "\"\\u12\"", "\"\t\"",
        "tru",  "nul",        "1 1",     "[",     "{",     "]",  "NaN",     "'a'",       "{\"a\":}"}) {
    EXPECT_FALSE(valid(text)) << text;
  }
  EXPECT_TRUE(valid(std::string(64, '[') + std::string(64, ']')));
  EXPECT_FALSE(valid(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(valid(std::string(1000000, '[')));
}

TEST(Json, NumbersOfTheRightKind) {
  EXPECT_EQ(JsonReader("18446744073709551615").unsigned_integer(), 18446744073709551615U);
  for (const auto* text : {"-1", "1.5", "1e3", "18446744073709551616", "\"1\"", "{}"}) {
    JsonReader json(text);
    json.unsigned_integer();
    EXPECT_FALSE(json.finish()) << text;
  }
  JsonReader huge("1e999");
  huge.number();
  EXPECT_FALSE(huge.finish());
}

TEST(Json, TheFirstMistakeIsTold) {
  JsonReader json("{\"a\": \"x\", \"b\": }");
  json.object([&](std::string_view) { json.number(); });
  EXPECT_EQ(json.finish().error().message, "malformed JSON at byte 6: expected a number");
}

}  // namespace
}  // namespace exporter
