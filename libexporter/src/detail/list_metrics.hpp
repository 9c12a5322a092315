// SPDX-License-Identifier: Apache-2.0
#pragma once

// What --list-metrics prints.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/metric.hpp>

namespace exporter::detail {

struct MetricGroup {
  std::string_view collector;
  bool on;
  std::span<const MetricInfo> metrics;
};

/// Tab-separated, with a head line: collector, on or off, name, type, labels, help.
std::string list_metrics(const std::vector<MetricGroup>& groups);

}  // namespace exporter::detail
