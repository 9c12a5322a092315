// SPDX-License-Identifier: Apache-2.0

// Metric types and values as text.

#include <exporter/metric.hpp>

#include <charconv>

#include <exporter/text.hpp>

namespace exporter {

namespace {
constexpr std::ptrdiff_t kRoom = 32;  // what callers leave, see the header
}

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::kUntyped:
      return "untyped";
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kSummary:
      return "summary";
    case MetricType::kInfo:
      return "info";
    case MetricType::kStateset:
      return "stateset";
  }
  return "untyped";
}

char* Value::append(char* at) const {
  switch (kind_) {
    case Kind::kSigned:
      return std::to_chars(at, at + kRoom, static_cast<std::int64_t>(unsigned_)).ptr;
    case Kind::kUnsigned:
      return std::to_chars(at, at + kRoom, unsigned_).ptr;
    case Kind::kDouble:
      break;
  }
  return append_number(at, double_);
}

}  // namespace exporter
