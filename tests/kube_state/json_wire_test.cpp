// SPDX-License-Identifier: Apache-2.0
// JSON objects become the wire format that resources read.

#include "api/json_wire.hpp"

#include <gtest/gtest.h>

#include "api/wire.hpp"

namespace exporter::kube {
namespace {

constexpr FieldSchema kInnerFields[] = {{1, "name", FieldKind::kString}, {2, "count", FieldKind::kInteger}};
constexpr MessageSchema kInner{kInnerFields};
constexpr FieldSchema kSourceFields[] = {{1, "hostPath", FieldKind::kMessage, &kInner},
                                         {2, "emptyDir", FieldKind::kPresence}};
constexpr MessageSchema kSource{kSourceFields};
constexpr FieldSchema kFields[] = {
    {1, "text", FieldKind::kString},
    {2, "number", FieldKind::kInteger},
    {3, "flag", FieldKind::kBool},
    {4, "bytes", FieldKind::kBytes},
    {5, "inner", FieldKind::kMessage, &kInner},
    {6, "time", FieldKind::kTime},
    {7, "quantity", FieldKind::kQuantity},
    {8, "either", FieldKind::kIntOrString},
    {9, "strings", FieldKind::kStringMap},
    {10, "quantities", FieldKind::kQuantityMap},
    {11, "data", FieldKind::kBytesMap},
    {12, "inners", FieldKind::kMessageMap, &kInner},
    {13, "there", FieldKind::kPresence},
    {14, "source", FieldKind::kInline, &kSource},
};
constexpr MessageSchema kAll{kFields};

std::string wire_of(std::string_view json) {
  std::string out;
  const auto status = append_wire(json, kAll, out);
  EXPECT_TRUE(status) << json << ": " << status.error().message;
  return out;
}
std::string problem_of(std::string_view json) {
  std::string out;
  const auto status = append_wire(json, kAll, out);
  return status ? "" : status.error().message;
}
std::vector<WireField> fields_of(std::string_view wire) {
  std::vector<WireField> all;
  Message message(wire);
  while (const auto field = message.next()) all.push_back(*field);
  EXPECT_FALSE(message.malformed());
  return all;
}
std::map<std::string, std::string> entries_of(std::string_view wire, std::uint32_t number) {
  std::map<std::string, std::string> all;
  for (const auto& field : fields_of(wire)) {
    if (field.number == number) all[std::string(only(field.bytes, 1).bytes)] = only(field.bytes, 2).bytes;
  }
  return all;
}

TEST(JsonWire, Scalars) {
  const auto wire =
      wire_of(R"({"text":"a\u00e9","number":-5,"flag":true,"bytes":"aGk=","unknown":{"text":[1]}})");
  EXPECT_EQ(only(wire, 1).bytes, "a\xc3\xa9");
  EXPECT_EQ(only(wire, 2).integer(), -5);
  EXPECT_TRUE(only(wire, 3).flag());
  EXPECT_EQ(only(wire, 4).bytes, "hi");
  EXPECT_EQ(fields_of(wire).size(), 4U);
}

TEST(JsonWire, RepeatedFieldsAndMessages) {
  const auto wire = wire_of(R"({"text":["a","b"],"inner":[{"name":"x","count":1},{"name":"y"}]})");
  const auto fields = fields_of(wire);
  ASSERT_EQ(fields.size(), 4U);
  EXPECT_EQ(fields[1].bytes, "b");
  EXPECT_EQ(only(fields[2].bytes, 2).integer(), 1);
  EXPECT_EQ(only(fields[3].bytes, 1).bytes, "y");
}

TEST(JsonWire, OwnFormsOfKubernetes) {
  const auto wire = wire_of(R"({"time":"2026-01-01T00:00:00Z","quantity":"500m","either":"25%","there":{}})");
  EXPECT_EQ(only(only(wire, 6).bytes, 1).integer(), 1767225600);
  EXPECT_EQ(only(only(wire, 7).bytes, 1).bytes, "500m");
  EXPECT_EQ(only(only(wire, 8).bytes, 1).integer(), 1);
  EXPECT_EQ(only(only(wire, 8).bytes, 3).bytes, "25%");
  EXPECT_TRUE(only(wire, 13));
  const auto numbers = wire_of(R"({"quantity":1.5,"either":3})");
  EXPECT_EQ(only(only(numbers, 7).bytes, 1).bytes, "1.5");
  EXPECT_EQ(only(only(numbers, 8).bytes, 1).integer(), 0);
  EXPECT_EQ(only(only(numbers, 8).bytes, 2).integer(), 3);
}

TEST(JsonWire, Maps) {
  const auto wire = wire_of(
      R"({"strings":{"a":"1","b":"2"},"quantities":{"cpu":"2","memory":3},"data":{"k":"aGk="},"inners":{"m":{"name":"n"}}})");
  EXPECT_EQ(entries_of(wire, 9), (std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(only(entries_of(wire, 10)["memory"], 1).bytes, "3");
  EXPECT_EQ(entries_of(wire, 11)["k"], "hi");
  EXPECT_EQ(only(entries_of(wire, 12)["m"], 1).bytes, "n");
}

TEST(JsonWire, FieldsOfAnInlineMessageStandInTheObject) {
  const auto wire = wire_of(R"({"text":"v","hostPath":{"name":"/x"},"emptyDir":{}})");
  const auto source = only(wire, 14).bytes;
  EXPECT_EQ(only(only(source, 1).bytes, 1).bytes, "/x");
  EXPECT_TRUE(only(source, 2));
}

TEST(JsonWire, NullIsAbsent) {
  EXPECT_TRUE(
      fields_of(wire_of(R"({"text":null,"time":null,"inner":null,"strings":null,"there":null})")).empty());
  EXPECT_EQ(entries_of(wire_of(R"({"strings":{"a":null}})"), 9),
            (std::map<std::string, std::string>{{"a", ""}}));
}

TEST(JsonWire, MistakesAreTold) {
  EXPECT_EQ(problem_of("[]"), "expected an object");
  EXPECT_EQ(problem_of(R"({"text":1})"), "malformed JSON at byte 8: expected a string");
  EXPECT_EQ(problem_of(R"({"time":"yesterday"})"), "time: no time");
  EXPECT_EQ(problem_of(R"({"bytes":"!"})"), "bytes: no base64");
  EXPECT_NE(problem_of(R"({"inner":{"count":1.5}})"), "");
  EXPECT_NE(problem_of(R"({"text":"x"} more)"), "");
}

TEST(Rfc3339, Times) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z")->seconds, 0);
  EXPECT_EQ(parse_rfc3339("2026-01-01T01:00:00.25+01:00")->seconds, 1767225600);
  EXPECT_EQ(parse_rfc3339("2026-01-01T01:00:00.25+01:00")->nanos, 250'000'000U);
  EXPECT_EQ(parse_rfc3339("2024-02-29T12:34:56-02:30")->seconds, 1709219096);
  EXPECT_EQ(parse_rfc3339("0001-01-01T00:00:00Z")->seconds, -62135596800);
  for (const auto* text : {"", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z",
                           "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:00.Z",
                           "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

}  // namespace
}  // namespace exporter::kube
