// SPDX-License-Identifier: Apache-2.0
// prometheus-cpp's instruments and Collectables as collectors.

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <exporter/endpoint.hpp>
#include <exporter/instruments.hpp>
#include <exporter/log.hpp>
#include <exporter/page.hpp>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <gtest/gtest.h>

#include "libexporter/http_client.hpp"

namespace {

using exporter::instruments;
using exporter::PageFormat;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// A Collectable of the application's own.
struct Fixed final : prometheus::Collectable {
  explicit Fixed(std::vector<MetricFamily> given) : families(std::move(given)) {}
  std::vector<MetricFamily> Collect() const override { return families; }
  std::vector<MetricFamily> families;
};

exporter::Status collect(exporter::Sink& sink, std::shared_ptr<prometheus::Collectable> source) {
  return instruments(std::move(source))->collect(sink, exporter::Scrape(exporter::Scrape::Clock::now()));
}

std::string page_of(std::shared_ptr<prometheus::Collectable> source, PageFormat format = PageFormat::kText) {
  exporter::Sink sink;
  const auto status = collect(sink, std::move(source));
  EXPECT_TRUE(status) << status.error().message;
  const exporter::Sink* const sinks[] = {&sink};
  std::string text;
  EXPECT_EQ(exporter::PageBuilder().build(sinks, format, text).dropped, 0U);
  return text;
}

std::string error_of(std::vector<MetricFamily> families) {
  exporter::Sink sink;
  const auto status = collect(sink, std::make_shared<Fixed>(std::move(families)));
  return status ? "" : status.error().message;
}

TEST(Instruments, ServesARegistry) {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& requests = prometheus::BuildCounter()
                       .Name("requests_total")
                       .Help("Requests.")
                       .Labels({{"app", "shop"}})
                       .Register(*registry);
  requests.Add({{"code", "200"}}).Increment(3);
  prometheus::BuildGauge().Name("queue").Help("").Register(*registry).Add({}).Set(-7);
  auto& seconds = prometheus::BuildHistogram().Name("seconds").Help("Time.").Register(*registry).Add(
      {{"path", "/a\"b\\c\n"}}, prometheus::Histogram::BucketBoundaries{0.1, 1, 10});
  for (const double value : {0.05, 0.5, 0.6, 100.0}) seconds.Observe(value);
  prometheus::BuildSummary()
      .Name("sizes")
      .Help("Sizes.")
      .Register(*registry)
      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.05}})
      .Observe(8);

  EXPECT_EQ(page_of(registry),
            "# HELP queue \n"
            "# TYPE queue gauge\n"
            "queue -7\n"
            "# HELP requests_total Requests.\n"
            "# TYPE requests_total counter\n"
            "requests_total{app=\"shop\",code=\"200\"} 3\n"
            "# HELP seconds Time.\n"
            "# TYPE seconds histogram\n"
            "seconds_bucket{path=\"/a\\\"b\\\\c\\n\",le=\"0.1\"} 1\n"
            "seconds_bucket{path=\"/a\\\"b\\\\c\\n\",le=\"1\"} 3\n"
            "seconds_bucket{path=\"/a\\\"b\\\\c\\n\",le=\"10\"} 3\n"
            "seconds_bucket{path=\"/a\\\"b\\\\c\\n\",le=\"+Inf\"} 4\n"
            "seconds_sum{path=\"/a\\\"b\\\\c\\n\"} 101.15\n"
            "seconds_count{path=\"/a\\\"b\\\\c\\n\"} 4\n"
            "# HELP sizes Sizes.\n"
            "# TYPE sizes summary\n"
            "sizes{quantile=\"0.5\"} 8\n"
            "sizes_sum 8\n"
            "sizes_count 1\n");
}

TEST(Instruments, ServesAllSeriesOfAFamily) {
  auto registry = std::make_shared<prometheus::Registry>();
  auto& family = prometheus::BuildCounter().Name("requests_total").Help("").Register(*registry);
  for (int i = 0; i < 100; ++i) family.Add({{"path", std::to_string(i)}}).Increment(i);
  const auto page = page_of(registry);  // in whatever order the registry has them
  for (int i = 0; i < 100; ++i) {
    const auto number = std::to_string(i);
    EXPECT_NE(page.find("requests_total{path=\"" + number + "\"} " + number + "\n"), std::string::npos);
  }
}

TEST(Instruments, AlsoAsOpenMetrics) {
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(*registry).Add({}).Increment();
  EXPECT_EQ(page_of(registry, PageFormat::kOpenMetrics),
            "# HELP requests Requests.\n# TYPE requests counter\nrequests_total 1\n# EOF\n");
}

TEST(Instruments, ServesAnyCollectable) {
  ClientMetric odd;
  odd.untyped.value = 0.1 + 0.2;
  odd.timestamp_ms = 1700000000000;  // left out: a sample is of the time of its scrape
  ClientMetric whole;
  whole.histogram.sample_count = 9007199254740993;  // no double has it
  whole.histogram.sample_sum = std::nan("");
  whole.histogram.bucket = {{9007199254740993, std::numeric_limits<double>::infinity()}};
  const std::vector<MetricFamily> families = {{"odd", "Two\nlines.", MetricType::Untyped, {odd}},
                                              {"whole", "W.", MetricType::Histogram, {whole}},
                                              {"empty", "Nothing.", MetricType::Gauge, {}}};
  EXPECT_EQ(page_of(std::make_shared<Fixed>(families)),
            "# HELP odd Two\\nlines.\n# TYPE odd untyped\nodd 0.30000000000000004\n"
            "# HELP whole W.\n# TYPE whole histogram\n"
            "whole_bucket{le=\"+Inf\"} 9007199254740993\nwhole_sum NaN\nwhole_count 9007199254740993\n");
}

TEST(Instruments, RefusesNamesThatWouldBreakThePage) {
  EXPECT_EQ(error_of({{"a b", "", MetricType::Gauge, {ClientMetric{}}}}),
            "'a b' is no name for a metric; use letters, digits, '_' and ':'");
  ClientMetric bad;
  bad.label = {{"le gal", "x"}};
  EXPECT_EQ(error_of({{"fine:name", "", MetricType::Gauge, {bad}}}),
            "fine:name: 'le gal' is no name for a label; use letters, digits and '_'");
  EXPECT_EQ(error_of({{"", "", MetricType::Gauge, {}}}),
            "'' is no name for a metric; use letters, digits, '_' and ':'");
}

TEST(Instruments, LeavesOutWhatIsNotAskedFor) {
  exporter::Sink sink;
  sink.set_filter([](const void*, std::string_view name) { return name == "wanted"; }, nullptr);
  ASSERT_TRUE(collect(sink, std::make_shared<Fixed>(std::vector<MetricFamily>{
                                {"wanted", "", MetricType::Gauge, {ClientMetric{}}},
                                {"other", "", MetricType::Gauge, {ClientMetric{}}}})));
  EXPECT_EQ(sink.samples(), 1U);
}

TEST(Instruments, BesideACollectorAndOneThatThrows) {
  struct Throws final : prometheus::Collectable {
    std::vector<MetricFamily> Collect() const override { throw std::runtime_error("broken"); }
  };
  exporter::log::send_to(
      [](exporter::log::Level, std::string_view, std::span<const exporter::log::Field>) {});
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter().Name("requests_total").Help("").Register(*registry).Add({}).Increment(2);
  exporter::Endpoint endpoint(
      {.listen = {"127.0.0.1:0"}, .process_metrics = false, .collector_metrics = "scrape"});
  endpoint.add("throws", instruments(std::make_shared<Throws>()));
  endpoint.add("registry", instruments(registry));
  endpoint.add(
      "own", exporter::collector_from([](exporter::Sink& sink, const exporter::Scrape&) -> exporter::Status {
        sink(exporter::gauge("own", "Own."), 1);
        return {};
      }));
  ASSERT_TRUE(endpoint.start());
  exporter_test::Client client(endpoint.addresses().at(0));
  const auto page = client.get("/metrics").body;
  EXPECT_NE(page.find("\nrequests_total 2\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\nown 1\n"), std::string::npos) << page;
  EXPECT_NE(page.find("scrape_success{collector=\"throws\"} 0\n"), std::string::npos) << page;
  EXPECT_NE(page.find("scrape_success{collector=\"registry\"} 1\n"), std::string::npos) << page;
  EXPECT_TRUE(endpoint.stop());
  exporter::log::send_to(nullptr);
}

}  // namespace
