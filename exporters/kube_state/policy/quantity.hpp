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
  double approximate() const { return approximate_; }

 private:
  __extension__ using Wide = __int128;

  Wide billionths_ = 0;
  double approximate_ = 0;
};

}  // namespace exporter::kube
