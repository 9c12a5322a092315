// SPDX-License-Identifier: Apache-2.0
// A family's samples as a MetricFamily message of io.prometheus.client, with its length in front.
#pragma once

#include <string>
#include <string_view>

#include <exporter/metric.hpp>

namespace exporter::detail {

/// `lines` are the family's samples in the text format, as a Sink wrote them. Buckets, sum and count (or
/// quantiles) of one set of labels become one metric, wherever they stand.
void append_protobuf(std::string_view name, std::string_view help, MetricType type, std::string_view lines,
                     std::string& out);

}  // namespace exporter::detail
