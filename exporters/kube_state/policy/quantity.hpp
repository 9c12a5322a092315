// SPDX-License-Identifier: Apache-2.0
#pragma once

// Kubernetes quantities: "100m", "1.5Gi", "2e3". They are exposed in two ways: rounded up to thousandths, or
// rounded up to whole numbers, where "up" is away from zero.

#include <cstdint>
#include <optional>
#include <string_view>

namespace exporter::kube {

class Quantity {
 public:
  /// Finer than a billionth is rounded up, larger than 2^63-1 is 2^63-1. Nothing where it is no quantity.
  static std::optional<Quantity> parse(std::string_view text);

  /// Rounded up to thousandths where these fit 64 bits, else to whole numbers.
  double thousandths() const;
  /// Rounded up to a whole number.
  std::int64_t whole() const;
  /// The nearest double of the number as it is written.
  double approximate() const;

 private:
  bool negative_ = false;
  std::uint64_t whole_ = 0;       // at most 2^63-1
  std::uint32_t billionths_ = 0;  // 0 with the largest
  double mantissa_ = 0;           // as it is written, without its point
  int two_ = 0, ten_ = 0;         // powers of 2 and of 10 to multiply that with
};

}  // namespace exporter::kube
