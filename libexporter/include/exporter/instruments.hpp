// SPDX-License-Identifier: Apache-2.0
#pragma once

// prometheus-cpp's instruments beside collectors: a Registry, or any other Collectable, is one more
// collector. Link exporter::instruments.
//
//     auto registry = std::make_shared<prometheus::Registry>();
//     auto& requests =
//     prometheus::BuildCounter().Name("requests_total").Help("Requests.").Register(*registry);
//     app.add("requests", {}, exporter::instruments(registry));
//
// This header is compiled with the prometheus-cpp that the application has, of any version from 1.0 on; the
// library itself contains none of it. What Collect() returns is written out as it is, without another copy.
// Timestamps are left out: a sample is of the time of its scrape.

#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <exporter/collector.hpp>
#include <exporter/text.hpp>

namespace exporter {

namespace detail {

class Instruments final : public Collector {
 public:
  explicit Instruments(std::shared_ptr<prometheus::Collectable> source) : source_(std::move(source)) {}

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto& family : source_->Collect()) {
      if (!is_metric_name(family.name)) {
        return fail(Code::kInvalid,
                    "'" + family.name + "' is no name for a metric; use letters, digits, '_' and ':'");
      }
      if (!sink.wants(family.name)) continue;
      for (const auto& metric : family.metric) {
        if (auto status = read_labels(family, metric); !status) return status;
        write(sink, family, metric);
      }
    }
    return {};
  }

 private:
  using Family = prometheus::MetricFamily;
  using Metric = prometheus::ClientMetric;

  Status read_labels(const Family& family, const Metric& metric) {
    labels_.clear();
    for (const auto& label : metric.label) {
      if (!is_label_name(label.name)) {
        return fail(Code::kInvalid, family.name + ": '" + label.name +
                                        "' is no name for a label; use letters, digits and '_'");
      }
      labels_.push_back({label.name, label.value});
    }
    return {};
  }

  void write(Sink& sink, const Family& family, const Metric& metric) {
    using Type = prometheus::MetricType;
    switch (family.type) {
      case Type::Counter:
        return sink.sample(family.name, family.help, MetricType::kCounter, labels_, metric.counter.value);
      case Type::Gauge:
        return sink.sample(family.name, family.help, MetricType::kGauge, labels_, metric.gauge.value);
      case Type::Summary:
        return write_summary(sink, family, metric);
      case Type::Histogram:
        return write_histogram(sink, family, metric);
      case Type::Untyped:
        return sink.sample(family.name, family.help, MetricType::kUntyped, labels_, metric.untyped.value);
      default:
        return write_info(sink, family, metric);
    }
  }

  /// Versions before 1.1 have no Info.
  template <class M>
  void write_info(Sink& sink, const Family& family, const M& metric) {
    if constexpr (requires { metric.info.value; }) {
      std::string name = family.name;
      if (!name.ends_with("_info")) name += "_info";
      sink.sample(name, family.help, MetricType::kInfo, labels_, metric.info.value);
    }
  }

  void write_summary(Sink& sink, const Family& family, const Metric& metric) {
    const auto& summary = metric.summary;
    for (const auto& quantile : summary.quantile) {
      write_with(sink, family, MetricType::kSummary, "quantile", quantile.quantile, quantile.value, {});
    }
    sink.sample(family.name, family.help, MetricType::kSummary, labels_, summary.sample_sum, "_sum");
    sink.sample(family.name, family.help, MetricType::kSummary, labels_, summary.sample_count, "_count");
  }

  void write_histogram(Sink& sink, const Family& family, const Metric& metric) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const auto& histogram = metric.histogram;
    double last = -kInfinity;
    for (const auto& bucket : histogram.bucket) {
      last = bucket.upper_bound;
      write_with(sink, family, MetricType::kHistogram, "le", last, bucket.cumulative_count, "_bucket");
    }
    if (last != kInfinity) {
      write_with(sink, family, MetricType::kHistogram, "le", kInfinity, histogram.sample_count, "_bucket");
    }
    sink.sample(family.name, family.help, MetricType::kHistogram, labels_, histogram.sample_sum, "_sum");
    sink.sample(family.name, family.help, MetricType::kHistogram, labels_, histogram.sample_count, "_count");
  }

  /// A sample with one label more, whose value is a number.
  void write_with(Sink& sink, const Family& family, MetricType type, std::string_view label, double number,
                  Value value, std::string_view suffix) {
    char text[32];
    const char* const end = append_number(text, number);
    labels_.push_back({label, {text, static_cast<std::size_t>(end - text)}});
    sink.sample(family.name, family.help, type, labels_, value, suffix);
    labels_.pop_back();
  }

  std::shared_ptr<prometheus::Collectable> source_;
  std::vector<Label> labels_;  // of the metric that is written, kept for its memory
};

}  // namespace detail

/// A collector of all that `source` has: a prometheus::Registry, or a Collectable of your own. What its
/// Collect() throws, and a name that no scraper would take, are errors of this collector alone.
[[nodiscard]] inline std::unique_ptr<Collector> instruments(std::shared_ptr<prometheus::Collectable> source) {
  return std::make_unique<detail::Instruments>(std::move(source));
}

}  // namespace exporter
