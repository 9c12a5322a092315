// SPDX-License-Identifier: Apache-2.0
// Sinks and the pages made of them.

#include <gtest/gtest.h>

#include <exporter/page.hpp>

#include "exposition.hpp"

namespace exporter {
namespace {

constexpr auto kLoad = gauge("app_load", "Load.");
constexpr auto kSeconds = counter("app_seconds_total", "Time, by \"mode\"\nand cpu.", "cpu", "mode");
constexpr auto kOld = counter("app_old", "A counter with an old name.");

std::string page_of(std::initializer_list<const Sink*> sinks, PageFormat format = PageFormat::kText,
                    PageBuilder::Outcome* outcome = nullptr) {
  std::string page;
  const std::vector<const Sink*> list(sinks);
  const auto result = PageBuilder().build(list, format, page);
  if (outcome) *outcome = result;
  return page;
}

TEST(Page, PutsMixedSamplesTogetherAndSortsFamilies) {
  Sink sink;
  auto seconds = sink.family(kSeconds);
  seconds({"0", "user"}, 1.5);
  sink(kLoad, 2);
  seconds({"0", "idle"}, std::uint64_t{18446744073709551615U});
  EXPECT_EQ(page_of({&sink}),
            "# HELP app_load Load.\n# TYPE app_load gauge\napp_load 2\n"
            "# HELP app_seconds_total Time, by \"mode\"\\nand cpu.\n# TYPE app_seconds_total counter\n"
            "app_seconds_total{cpu=\"0\",mode=\"user\"} 1.5\n"
            "app_seconds_total{cpu=\"0\",mode=\"idle\"} 18446744073709551615\n");
}

TEST(Page, EscapesLabelValuesAndRepairsUtf8) {
  Sink sink;
  sink(kSeconds, {"a\\b\"c\nd", "\xff"}, 1);
  const auto page = page_of({&sink});
  EXPECT_NE(page.find("{cpu=\"a\\\\b\\\"c\\nd\",mode=\"\xef\xbf\xbd\"} 1\n"), std::string::npos) << page;
}

TEST(Page, MergesSinksAndDropsDuplicatesAndOtherTypes) {
  Sink first;
  Sink second;
  first(kSeconds, {"0", "user"}, 1);
  second(kSeconds, {"0", "user"}, 2);
  second(kSeconds, {"1", "user"}, 3);
  first(kLoad, 1);
  second(counter("app_load", "Of another type."), 7);
  PageBuilder::Outcome outcome;
  const auto parsed = testing::parse_exposition(page_of({&first, &second}, PageFormat::kText, &outcome));
  EXPECT_TRUE(parsed.problems.empty());
  EXPECT_EQ(parsed.samples, (std::map<std::string, double>{{"app_seconds_total{cpu=\"0\",mode=\"user\"}", 1},
                                                           {"app_seconds_total{cpu=\"1\",mode=\"user\"}", 3},
                                                           {"app_load", 1}}));
  EXPECT_EQ(outcome.dropped, 2U);
  EXPECT_EQ(outcome.series, 3U);
  EXPECT_FALSE(outcome.first_problem.empty());
}

TEST(Page, OpenMetricsNamesCountersWithoutTheirSuffix) {
  Sink sink;
  sink(kSeconds, {"0", "user"}, 1);
  sink(kOld, 1);
  sink(untyped("app_raw", "Raw."), 1);
  EXPECT_EQ(page_of({&sink}, PageFormat::kOpenMetrics),
            "# HELP app_old A counter with an old name.\n# TYPE app_old unknown\napp_old 1\n"
            "# HELP app_raw Raw.\n# TYPE app_raw unknown\napp_raw 1\n"
            "# HELP app_seconds Time, by \\\"mode\\\"\\nand cpu.\n# TYPE app_seconds counter\n"
            "app_seconds_total{cpu=\"0\",mode=\"user\"} 1\n# EOF\n");
}

TEST(Page, FamiliesWithoutSamplesAreLeftOut) {
  Sink sink;
  sink.family(kSeconds);
  EXPECT_EQ(page_of({&sink}), "");
}

TEST(Page, ClearedSinksStartAgain) {
  Sink sink;
  for (int round = 0; round < 3; ++round) {
    sink.clear();
    for (int i = 0; i < 1000; ++i) sink(kSeconds, {Digits(i), "user"}, i + round);
    const auto parsed = testing::parse_exposition(page_of({&sink}));
    EXPECT_EQ(parsed.samples.size(), 1000U);
    EXPECT_EQ(parsed.samples.at("app_seconds_total{cpu=\"999\",mode=\"user\"}"), 999 + round);
  }
}

TEST(Page, FilteredFamiliesCostNothing) {
  Sink sink;
  sink.set_filter([](const void*, std::string_view name) { return name != "app_load"; }, nullptr);
  EXPECT_FALSE(sink.family(kLoad));
  EXPECT_FALSE(sink.wants("app_load"));
  sink(kLoad, 1);
  sink(kOld, 1);
  EXPECT_EQ(testing::parse_exposition(page_of({&sink})).samples.size(), 1U);
}

TEST(Page, RunTimeLabelsAndSuffixes) {
  Sink sink;
  const Label labels[] = {{"le", "0.5"}};
  sink.sample("app_latency", "Latency.", MetricType::kHistogram, labels, 3, "_bucket");
  sink.sample("app_latency", "Latency.", MetricType::kHistogram, {}, 1.25, "_sum");
  sink.sample("app_latency", "Latency.", MetricType::kHistogram, {}, 3, "_count");
  EXPECT_EQ(page_of({&sink}),
            "# HELP app_latency Latency.\n# TYPE app_latency histogram\n"
            "app_latency_bucket{le=\"0.5\"} 3\napp_latency_sum 1.25\napp_latency_count 3\n");
}

struct Negotiation {
  const char* accept;
  PageFormat format;
};

TEST(Negotiate, PicksByQuality) {
  for (const auto& [accept, format] : std::initializer_list<Negotiation>{
           {"", PageFormat::kText},
           {"*/*", PageFormat::kText},
           {"text/plain", PageFormat::kText},
           {"application/openmetrics-text", PageFormat::kOpenMetrics},
           {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            PageFormat::kOpenMetrics},
           {"application/openmetrics-text;q=0.2, text/plain;q=0.5", PageFormat::kText},
           {"application/openmetrics-text;q=0", PageFormat::kText},
           {"application/openmetrics-text;q=abc,", PageFormat::kText}}) {
    EXPECT_EQ(negotiate_format(accept), format) << accept;
  }
}

TEST(Negotiate, Gzip) {
  EXPECT_TRUE(accepts_gzip("deflate, gzip;q=0.5"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("br, zstd"));
}

}  // namespace
}  // namespace exporter
