// SPDX-License-Identifier: Apache-2.0
// Writes MetricFamily messages. Field numbers are those of io/prometheus/client/metrics.proto.

#include "detail/protobuf_page.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include <exporter/text.hpp>

namespace exporter::detail {
namespace {

namespace family_field {
constexpr unsigned kName = 1, kHelp = 2, kType = 3, kMetric = 4;
}
namespace metric_field {
constexpr unsigned kLabel = 1, kGauge = 2, kCounter = 3, kSummary = 4, kUntyped = 5, kHistogram = 7;
}
constexpr unsigned kLabelName = 1, kLabelValue = 2;
constexpr unsigned kValue = 1;                               // of Gauge, Counter and Untyped
constexpr unsigned kCount = 1, kSum = 2, kPart = 3;          // of Summary and Histogram
constexpr unsigned kPartKey = 1, kPartValue = 2;             // Quantile{quantile, value}
constexpr unsigned kBucketCount = 1, kBucketUpperBound = 2;  // Bucket{cumulative_count, upper_bound}

void append_varint(std::uint64_t value, std::string& out) {
  for (; value > 0x7f; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void append_number(unsigned field, std::uint64_t value, std::string& out) {
  append_varint(field << 3, out);
  append_varint(value, out);
}
void append_double(unsigned field, double value, std::string& out) {
  append_varint(field << 3 | 1, out);
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8) out += static_cast<char>(bits);
}
void append_bytes(unsigned field, std::string_view bytes, std::string& out) {
  append_varint(field << 3 | 2, out);
  append_varint(bytes.size(), out);
  out += bytes;
}

std::uint64_t wire_type(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return 0;
    case MetricType::kSummary:
      return 2;
    case MetricType::kUntyped:
      return 3;
    case MetricType::kHistogram:
      return 4;
    default:
      return 1;  // a gauge, and what is a gauge in the text format too: info and stateset
  }
}

unsigned value_field(MetricType type) {
  if (type == MetricType::kCounter) return metric_field::kCounter;
  return type == MetricType::kUntyped ? metric_field::kUntyped : metric_field::kGauge;
}

/// One line taken apart: `name{labels} value`.
struct Sample {
  std::string_view name;
  std::string_view labels;
  std::string_view value;
};

Sample take_apart(std::string_view line) {
  Sample sample;
  const auto blank = line.rfind(' ');
  sample.value = line.substr(blank + 1);
  const auto head = line.substr(0, blank);
  const auto brace = head.find('{');
  sample.name = head.substr(0, brace);
  if (brace != std::string_view::npos) sample.labels = head.substr(brace + 1, head.size() - brace - 2);
  return sample;
}

class FamilyWriter {
 public:
  FamilyWriter(std::string_view name, MetricType type) : name_(name), type_(type) {}

  /// Metric messages of all lines, one behind the other.
  void write(std::string_view lines, std::string& out) {
    const bool grouped = type_ == MetricType::kHistogram || type_ == MetricType::kSummary;
    for (const auto line : Lines(lines)) {
      const auto sample = take_apart(line);
      if (grouped) {
        add_part(sample);
      } else {
        write_single(sample, out);
      }
    }
    for (auto& group : groups_) write_group(group, out);
  }

 private:
  struct Group {
    std::string labels;  // LabelPair fields: what tells one metric of the family from another
    std::string parts;   // Bucket or Quantile fields
    double sum = 0;
    std::uint64_t count = 0;
  };

  static constexpr std::uint64_t as_count(double value) {
    return value >= 0 && value < 0x1p64 ? static_cast<std::uint64_t>(value) : 0;
  }

  /// Appends the labels as fields of a Metric, but for the one named `apart`, whose value is returned.
  std::string_view append_labels(std::string_view labels, std::string_view apart, std::string& out) {
    std::string_view found;
    while (!labels.empty()) {
      const auto equals = labels.find("=\"");
      if (equals == std::string_view::npos) break;
      const auto name = labels.substr(0, equals);
      std::size_t end = equals + 2;
      unescaped_.clear();
      for (; end < labels.size() && labels[end] != '"'; ++end) {
        if (labels[end] == '\\' && end + 1 < labels.size()) {
          ++end;
          unescaped_ += labels[end] == 'n' ? '\n' : labels[end];
        } else {
          unescaped_ += labels[end];
        }
      }
      if (!apart.empty() && name == apart) {
        found = labels.substr(equals + 2, end - equals - 2);  // a number: nothing in it is escaped
      } else {
        pair_.clear();
        append_bytes(kLabelName, name, pair_);
        append_bytes(kLabelValue, unescaped_, pair_);
        append_bytes(metric_field::kLabel, pair_, out);
      }
      labels.remove_prefix(std::min(labels.size(), end + 2));  // the quote and the comma
    }
    return found;
  }

  void write_single(const Sample& sample, std::string& out) {
    metric_.clear();
    append_labels(sample.labels, "", metric_);
    inner_.clear();
    append_double(kValue, parse<double>(sample.value).value_or(0), inner_);
    append_bytes(value_field(type_), inner_, metric_);
    append_bytes(family_field::kMetric, metric_, out);
  }

  void add_part(const Sample& sample) {
    const bool histogram = type_ == MetricType::kHistogram;
    const double value = parse<double>(sample.value).value_or(0);
    metric_.clear();
    const auto key = append_labels(sample.labels, histogram ? "le" : "quantile", metric_);
    auto& group = group_of(metric_);
    const auto suffix = sample.name.substr(std::min(name_.size(), sample.name.size()));
    if (suffix == "_sum") {
      group.sum = value;
    } else if (suffix == "_count") {
      group.count = as_count(value);
    } else {
      const double bound = parse<double>(key).value_or(0);
      inner_.clear();
      if (histogram) {
        append_number(kBucketCount, as_count(value), inner_);
        append_double(kBucketUpperBound, bound, inner_);
      } else {
        append_double(kPartKey, bound, inner_);
        append_double(kPartValue, value, inner_);
      }
      append_bytes(kPart, inner_, group.parts);
    }
  }

  Group& group_of(std::string_view labels) {
    if (!groups_.empty() && groups_.back().labels == labels) return groups_.back();
    const auto [at, added] = known_.try_emplace(std::string(labels), groups_.size());
    if (added) groups_.push_back({.labels = at->first, .parts = {}});
    return groups_[at->second];
  }

  void write_group(const Group& group, std::string& out) {
    inner_.clear();
    append_number(kCount, group.count, inner_);
    append_double(kSum, group.sum, inner_);
    inner_ += group.parts;
    metric_ = group.labels;
    append_bytes(type_ == MetricType::kHistogram ? metric_field::kHistogram : metric_field::kSummary, inner_,
                 metric_);
    append_bytes(family_field::kMetric, metric_, out);
  }

  std::string_view name_;
  MetricType type_;
  std::vector<Group> groups_;
  std::unordered_map<std::string, std::size_t> known_;  // labels to index in groups_
  std::string metric_;
  std::string inner_;
  std::string pair_;
  std::string unescaped_;
};

}  // namespace

void append_protobuf(std::string_view name, std::string_view help, MetricType type, std::string_view lines,
                     std::string& out) {
  std::string family;
  append_bytes(family_field::kName, name, family);
  append_bytes(family_field::kHelp, help, family);
  append_number(family_field::kType, wire_type(type), family);
  FamilyWriter(name, type).write(lines, family);
  append_varint(family.size(), out);
  out += family;
}

}  // namespace exporter::detail
