// SPDX-License-Identifier: Apache-2.0
#pragma once

// The table of all collectors of the node exporter.

#include <span>
#include <string_view>

#include "collector_spec.hpp"

namespace exporter::node {

struct CollectorEntry {
  std::string_view name;
  bool on;  ///< without any flag
  const CollectorSpec* spec;
};

/// Sorted by name.
std::span<const CollectorEntry> collectors();

}  // namespace exporter::node
