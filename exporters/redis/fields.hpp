// SPDX-License-Identifier: Apache-2.0
// The fields of INFO whose family has the field's value as its only sample.
#pragma once

#include <span>
#include <string_view>

#include <exporter/metric.hpp>

namespace exporter::redis {

struct Field {
  std::string_view name;
  Metric<0> metric;
};

std::span<const Field> info_fields();
std::span<const Field> module_fields();

/// Null where the field has no family.
const Field* find_info_field(std::string_view name);
const Field* find_module_field(std::string_view name);

}  // namespace exporter::redis
