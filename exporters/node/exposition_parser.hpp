// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the Prometheus text format as other programs write it into files: every type, escapes, quoted names.
// It takes and refuses what Prometheus' own parser takes and refuses, so that a file means the same to both.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>

namespace exporter::node {

class Exposition {
 public:
  struct Point {  // a bucket or a quantile
    double bound;
    double value;
  };
  struct Series {
    std::uint32_t first_label = 0;  // in labels()
    std::uint32_t label_count = 0;
    std::uint32_t line = 0;  // where it first stands
    double value = 0;        // the sum, for a histogram or a summary
    double count = 0;
    std::vector<Point> points;
    bool dropped = false;  // a duplicate
  };
  struct Family {
    std::string_view name;
    std::string_view help;
    bool has_help = false;
    bool has_type = false;
    MetricType type = MetricType::kUntyped;
    std::uint32_t line = 0;      // of the first sample
    std::vector<Series> series;  // sorted by the values of their labels
  };

  /// Parses `text`, and keeps it: names and values point into it. An error says "line 3: what is wrong".
  static Result<Exposition> parse(std::string_view text);

  /// Those with samples, in the order of the text. Labels are sorted by name, and a label that only some
  /// series of a family have is empty on the others. Points are sorted.
  std::vector<Family>& families() { return families_; }
  const std::vector<Family>& families() const { return families_; }
  std::span<const Label> labels(const Series& series) const {
    return {labels_.data() + series.first_label, series.label_count};
  }
  /// The line of the first sample with a timestamp of its own, or 0.
  std::uint32_t timestamp_line() const { return timestamp_line_; }

  Exposition(Exposition&&) = default;
  Exposition& operator=(Exposition&&) = default;

 private:
  Exposition() = default;
  class Parser;
  std::vector<char> text_;  // not a string: a short one would move its characters when it is moved
  std::vector<Label> labels_;
  std::vector<Family> families_;
  std::uint32_t timestamp_line_ = 0;
};

}  // namespace exporter::node
