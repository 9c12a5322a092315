// SPDX-License-Identifier: Apache-2.0
#include "policy/quantity.hpp"

#include <gtest/gtest.h>

#include <string>

#include "policy/label_names.hpp"

namespace exporter::kube {
namespace {

TEST(Quantity, InThousandths) {
  const struct {
    const char* text;
    double expected;
  } kCases[] = {
      {"0", 0},
      {"1", 1},
      {"100m", 0.1},
      {"1n", 0.001},
      {"-1n", -0.001},
      {"1u", 0.001},
      {"1.23456789", 1.235},
      {"-1.5", -1.5},
      {"2k", 2000},
      {"1.5Gi", 1610612736},
      {"0.5Ki", 512},
      {".5", 0.5},
      {"5.", 5},
      {"+5", 5},
      {"1e3", 1000},
      {"1E3", 1000},
      {"1E", 1e18},
      {"12e-1", 1.2},
      {"1e-12", 0.001},
      {"1Ti", 1099511627776},
      {"8Ei", 9223372036854775807.0},
      {"1e30", 9223372036854775807.0},
      {"9007199254740993", 9.007199254740994e+15},
      {"9223372036854776", 9223372036854776.0},
      {"99999999999999999999999999999999999999999999", 9223372036854775807.0},
      {"0.00000000000000000000000000000000000000000001", 0.001},
  };
  for (const auto& test : kCases) {
    const auto quantity = Quantity::parse(test.text);
    ASSERT_TRUE(quantity) << test.text;
    EXPECT_EQ(quantity->thousandths(), test.expected) << test.text;
  }
}

TEST(Quantity, Whole) {
  const struct {
    const char* text;
    std::int64_t expected;
  } kCases[] = {{"100m", 1},
                {"-1500m", -2},
                {"1500m", 2},
                {"128Mi", 134217728},
                {"1Gi", 1 << 30},
                {"123456789", 123456789},
                {"0", 0},
                {"8Ei", INT64_MAX},
                {"-8Ei", -INT64_MAX},
                {"1n", 1}};
  for (const auto& test : kCases) {
    const auto quantity = Quantity::parse(test.text);
    ASSERT_TRUE(quantity) << test.text;
    EXPECT_EQ(quantity->whole(), test.expected) << test.text;
  }
}

TEST(Quantity, AsWritten) {
  EXPECT_EQ(Quantity::parse("1n")->approximate(), 1e-9);
  EXPECT_EQ(Quantity::parse("50m")->approximate(), 0.05);
  EXPECT_EQ(Quantity::parse("9m")->approximate(), 9 * 0.001);
  EXPECT_EQ(Quantity::parse("-2")->approximate(), -2);
  EXPECT_EQ(Quantity::parse("1Ki")->approximate(), 1024);
}

TEST(Quantity, NoQuantities) {
  for (const char* text :
       {"", "m", ".", "-", "1x", "1mm", "1Kii", "1ki", "1e", "1e+", "1eX", "1 m", "--1", "1.2.3", "0x1"}) {
    EXPECT_FALSE(Quantity::parse(text)) << text;
  }
}

std::string names_of(std::initializer_list<std::string_view> keys) {
  std::vector<Label> entries;
  for (const auto key : keys) entries.push_back({key, ""});
  LabelNames names;
  std::string all;
  for (const auto name : names.make("label", entries)) {
    if (!all.empty()) all += ' ';
    all += name;
  }
  return all;
}

TEST(LabelNames, AreValid) {
  EXPECT_EQ(names_of({"app.kubernetes.io/name"}), "label_app_kubernetes_io_name");
  EXPECT_EQ(names_of({"podIP"}), "label_pod_ip");
  EXPECT_EQ(names_of({"HTTPServer2Go"}), "label_httpserver2_go");
  EXPECT_EQ(names_of({"žluť"}), "label__lu_");
  EXPECT_EQ(names_of({""}), "label_");
}

TEST(LabelNames, ConflictsAreNumbered) {
  EXPECT_EQ(names_of({"a-b", "a.b", "a/b", "a_b", "a_b_conflict1"}),
            "label_a_b_conflict1_conflict1 label_a_b_conflict2 label_a_b_conflict3 label_a_b_conflict4 "
            "label_a_b_conflict1_conflict2");
  EXPECT_EQ(
      names_of({"a-b", "a-b_conflict1", "a.b", "a.b_conflict1"}),
      "label_a_b_conflict2 label_a_b_conflict1_conflict1 label_a_b_conflict3 label_a_b_conflict1_conflict2");
  EXPECT_EQ(
      names_of({"A_B_Conflict1", "a-b", "a-b_conflict1", "a.b"}),
      "label_a_b_conflict1_conflict1 label_a_b_conflict1 label_a_b_conflict1_conflict2 label_a_b_conflict2");
}

}  // namespace
}  // namespace exporter::kube
