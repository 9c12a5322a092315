// SPDX-License-Identifier: Apache-2.0
#pragma once

// Describes metric families. One whose name and labels are fixed is a constant beside the code that fills it;
// the compiler then checks that each sample has as many label values as the family has labels:
//
//     constexpr auto kSeconds = counter("node_cpu_seconds_total", "Time spent per mode.", "cpu", "mode");
//     ...
//     auto seconds = sink.family(kSeconds);
//     seconds({cpu, "user"}, user);
//
// A family whose name is only known at run time is made the same way on the spot; the sink copies what it
// keeps:
//
//     sink.family(untyped(name, "Field of /proc/vmstat."))(value);

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <exporter/export.hpp>

namespace exporter {

enum class MetricType : std::uint8_t { kUntyped, kCounter, kGauge, kHistogram, kSummary, kInfo, kStateset };

/// "counter", "gauge", ... as the text format spells it.
EXPORTER_API std::string_view type_name(MetricType type);

template <std::size_t N>
struct Metric {
  std::string_view name;
  std::string_view help;
  MetricType type = MetricType::kUntyped;
  std::array<std::string_view, N> labels{};
};

template <class... L>
constexpr Metric<sizeof...(L)> counter(std::string_view name, std::string_view help, L... labels) {
  return {name, help, MetricType::kCounter, {std::string_view(labels)...}};
}
template <class... L>
constexpr Metric<sizeof...(L)> gauge(std::string_view name, std::string_view help, L... labels) {
  return {name, help, MetricType::kGauge, {std::string_view(labels)...}};
}
template <class... L>
constexpr Metric<sizeof...(L)> untyped(std::string_view name, std::string_view help, L... labels) {
  return {name, help, MetricType::kUntyped, {std::string_view(labels)...}};
}

/// The description of a family without its arity: what `--list-metrics` and the documentation are made of.
/// The name may be a pattern ("node_vmstat_*") where the names are only known at run time. It refers to the
/// constant it was made from, which must outlive it.
struct MetricInfo {
  std::string_view name;
  std::string_view help;
  MetricType type = MetricType::kUntyped;
  std::span<const std::string_view> labels;

  constexpr MetricInfo() = default;
  template <std::size_t N>
  // NOLINTNEXTLINE(google-explicit-constructor): lists of them are written as lists of constants
  constexpr MetricInfo(const Metric<N>& metric)
      : name(metric.name), help(metric.help), type(metric.type), labels(metric.labels) {}
};

/// The value of a sample. Integers stay integers until they are text.
class EXPORTER_API Value {
 public:
  enum class Kind : std::uint8_t { kSigned, kUnsigned, kDouble };

  // NOLINTBEGIN(google-explicit-constructor): a number is a value
  template <std::integral T>
  constexpr Value(T number)
      : kind_(std::is_signed_v<T> ? Kind::kSigned : Kind::kUnsigned),
        unsigned_(static_cast<std::uint64_t>(number)) {}
  constexpr Value(double number) : kind_(Kind::kDouble), double_(number) {}
  constexpr Value(float number) : kind_(Kind::kDouble), double_(number) {}
  // NOLINTEND(google-explicit-constructor)

  /// Appends the number's text; needs 32 bytes of room. Returns the end.
  char* append(char* at) const;

  Kind kind() const { return kind_; }
  /// Of kSigned; of kUnsigned its bits.
  std::int64_t integer() const { return static_cast<std::int64_t>(unsigned_); }
  /// Of kDouble.
  double real() const { return double_; }

 private:
  Kind kind_;
  union {
    std::uint64_t unsigned_;
    double double_;
  };
};

/// Whether scrapers take this as a label's name: letters, digits and '_', with no digit in front.
[[nodiscard]] constexpr bool is_label_name(std::string_view name, bool colons = false) {
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9') && !(c == ':' && colons)) return false;
  }
  return true;
}

/// The same for a family's name, which may have ':' in it, too.
[[nodiscard]] constexpr bool is_metric_name(std::string_view name) { return is_label_name(name, true); }

/// A label of a sample whose labels are only known at run time.
struct Label {
  std::string_view name;
  std::string_view value;
};

}  // namespace exporter
