// SPDX-License-Identifier: Apache-2.0
// The page of one request: a probe's own sink, encoded and compressed as the request asks.
#pragma once

#include <chrono>
#include <functional>

#include <exporter/collector.hpp>
#include <exporter/metric_filter.hpp>
#include <exporter/server.hpp>

namespace exporter::detail {

using Probe = std::function<Status(Sink&, const Scrape&)>;

/// Runs the probe on this thread. 200 and the page, or the error as text: 400 for kInvalid, 404 for kNoData,
/// 504 for kTimeout, else 500. `filter` may be null; `max_series` 0 is without limit.
Response run_probe(const Probe& probe, const Request& request, std::chrono::steady_clock::time_point deadline,
                   const MetricFilter* filter = nullptr, std::size_t max_series = 0);

}  // namespace exporter::detail
