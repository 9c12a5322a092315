// SPDX-License-Identifier: Apache-2.0
// Numbers as Go reads and writes them: what the original takes for a number, and how it prints one in a
// label.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include <exporter/metric.hpp>

namespace exporter::redis {

/// What Go's ParseFloat takes: "1.5", "1e3", "inf", "NaN", "0x1p4", "1_000"; no blanks.
std::optional<double> go_float(std::string_view text);

/// A field of INFO: a number, or ok and true (1), err, fail and false (0).
std::optional<Value> info_value(std::string_view text);

/// The text of a number in a label: "1.048576e+06".
class GoNumber {
 public:
  explicit GoNumber(double value);
  // NOLINTNEXTLINE(google-explicit-constructor): it is a label value
  operator std::string_view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 40> text_{};
  std::size_t size_ = 0;
};

}  // namespace exporter::redis
