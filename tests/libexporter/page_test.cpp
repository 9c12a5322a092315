// SPDX-License-Identifier: Apache-2.0
// Sinks and the pages made of them.

#include <memory>

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

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
            "# HELP app_seconds_total Time, by \"mode\"\\nand cpu.\n# TYPE "
            "app_seconds_total counter\n"
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
            "# HELP app_old A counter with an old name.\n# TYPE app_old "
            "unknown\napp_old 1\n"
            "# HELP app_raw Raw.\n# TYPE app_raw unknown\napp_raw 1\n"
            "# HELP app_seconds Time, by \\\"mode\\\"\\nand cpu.\n# TYPE "
            "app_seconds counter\n"
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
            "app_latency_bucket{le=\"0.5\"} 3\napp_latency_sum "
            "1.25\napp_latency_count 3\n");
}

struct Negotiation {
  const char* accept;
  PageFormat format;
};

TEST(Negotiate, PicksByQualityThenByOrder) {
  constexpr auto kDelimited =
      "application/"
      "vnd.google.protobuf;proto=io.prometheus.client."
      "MetricFamily;encoding=delimited";
  for (const auto& [accept, format] : std::initializer_list<Negotiation>{
           {"", PageFormat::kText},
           {"*/*", PageFormat::kText},
           {"text/plain", PageFormat::kText},
           {"application/openmetrics-text", PageFormat::kOpenMetrics},
           {"application/openmetrics-text;version=1.0.0,application/"
            "openmetrics-text;version=0.0.1;q=0.75,"
            "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            PageFormat::kOpenMetrics},
           {"application/openmetrics-text;q=0.2, text/plain;q=0.5", PageFormat::kText},
           {"text/plain, application/openmetrics-text", PageFormat::kText},
           {"application/openmetrics-text;version=2.0.0, text/plain;q=0.1", PageFormat::kText},
           {"application/openmetrics-text;q=0", PageFormat::kText},
           {"application/openmetrics-text;q=abc,", PageFormat::kText},
           {kDelimited, PageFormat::kProtobuf},
           {"application/vnd.google.protobuf; "
            "proto=\"io.prometheus.client.MetricFamily\"; "
            "encoding=delimited;"
            "q=0.8, text/plain;q=0.7",
            PageFormat::kProtobuf},
           {"application/vnd.google.protobuf;encoding=text", PageFormat::kText},
           {"application/"
            "vnd.google.protobuf;proto=other.Message;encoding=delimited",
            PageFormat::kText}}) {
    EXPECT_EQ(negotiate_format(accept), format) << accept;
  }
}

TEST(Negotiate, Encodings) {
  EXPECT_EQ(negotiate_encoding("deflate, gzip;q=0.5"), Encoding::kGzip);
  EXPECT_EQ(negotiate_encoding("*"), Encoding::kGzip);
  EXPECT_EQ(negotiate_encoding("gzip;q=0"), Encoding::kIdentity);
  EXPECT_EQ(negotiate_encoding(""), Encoding::kIdentity);
  EXPECT_EQ(negotiate_encoding("br, zstd"), Encoding::kZstd);
  EXPECT_EQ(negotiate_encoding("gzip, zstd"), Encoding::kGzip);
  EXPECT_EQ(negotiate_encoding("gzip;q=0.5, zstd"), Encoding::kZstd);
  EXPECT_EQ(negotiate_encoding("zstd;q=0, identity"), Encoding::kIdentity);
}

TEST(Page, ALimitCutsAndSaysWhat) {
  Sink sink;
  sink.set_limit(3);
  for (int round = 0; round < 2; ++round) {
    sink.clear();
    for (int i = 0; i < 5; ++i) sink(kSeconds, {Digits(i), "user"}, i);
    sink(kLoad, 1);
    EXPECT_EQ(sink.samples(), 3U);
    EXPECT_EQ(sink.cut(), 3U);
    EXPECT_EQ(sink.describe_cut(), "app_seconds_total (2), app_load (1)");
    EXPECT_EQ(testing::parse_exposition(page_of({&sink})).samples.size(), 3U);
  }
}

std::string unzstd(const std::string& compressed) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(),
                                                                          ZSTD_freeDStream);
  std::string text(4 << 20, 0);
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  ZSTD_outBuffer out{text.data(), text.size(), 0};
  EXPECT_EQ(ZSTD_decompressStream(stream.get(), &out, &in), 0U);
  EXPECT_EQ(in.pos, in.size) << "more than one frame";
  text.resize(out.pos);
  return text;
}

TEST(Compressor, ZstdReadsBack) {
  Compressor compressor;
  std::string out;
  for (const std::size_t size : {0U, 10U, 3000000U}) {
    std::string text;
    while (text.size() < size) text += "app_seconds_total{cpu=\"" + std::to_string(text.size()) + "\"} 1\n";
    compressor.compress(Encoding::kZstd, text, out);
    EXPECT_EQ(unzstd(out), text) << size;
  }
}

/// gzip's text, by zlib: the pages' other compressor is libdeflate.
std::string gunzip(const std::string& compressed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string text(4 << 20, 0);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0U) << "more than one member";
  text.resize(stream.total_out);
  inflateEnd(&stream);
  return text;
}

std::string decoded(const std::string& body, Encoding encoding) {
  if (encoding == Encoding::kIdentity) return body;
  return encoding == Encoding::kGzip ? gunzip(body) : unzstd(body);
}

TEST(PageMaker, MakesTheSamePageWholeAndInParts) {
  for (const int count : {0, 1, 100, 15000}) {  // the last makes a page that is compressed as it is built
    Sink first;
    Sink second;
    for (int i = 0; i < count; ++i) {
      first(kSeconds, {std::to_string(i), "user"}, i);
      first(kLoad, i);  // again and again the same series
      second(kSeconds, {std::to_string(i), i % 2 ? "idle" : "user"}, i);
    }
    const Sink* const sinks[] = {&first, &second};
    for (const auto format : {PageFormat::kText, PageFormat::kOpenMetrics, PageFormat::kProtobuf}) {
      if (count > 1000 && format != PageFormat::kText) continue;  // they take the same road
      std::string expected;
      const auto plain = PageBuilder().build(sinks, format, expected);
      PageMaker maker;
      for (const auto encoding : {Encoding::kGzip, Encoding::kZstd, Encoding::kIdentity}) {
        PageBuilder::Outcome outcome;
        EXPECT_TRUE(decoded(maker.make(sinks, format, encoding, outcome), encoding) == expected) << count;
        EXPECT_EQ(outcome.dropped, plain.dropped);
        EXPECT_EQ(outcome.series, plain.series);
        EXPECT_TRUE(decoded(maker.again(sinks, format, Encoding::kGzip), Encoding::kGzip) == expected);
        EXPECT_TRUE(maker.again(sinks, format, Encoding::kIdentity) == expected);
      }
    }
    EXPECT_EQ(testing::parse_exposition(page_of({&first, &second})).samples.size(),
              static_cast<std::size_t>(count + count / 2 + (count > 0 ? 1 : 0)));
  }
}

}  // namespace
}  // namespace exporter
