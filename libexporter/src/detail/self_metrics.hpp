// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an exporter says of itself: process_* from /proc/self, and promhttp_* about its metrics handler.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include <exporter/collector.hpp>

namespace exporter::detail {

std::unique_ptr<Collector> make_process_collector();
std::span<const MetricInfo> process_metrics();

/// Counts of the metrics handler, kept by the App.
struct HandlerCounts {
  std::atomic<std::uint64_t> ok{0}, failed{0}, refused{0};  // 200, 500, 503
  std::atomic<std::int64_t> in_flight{0};
  std::function<std::uint64_t()> gathering_errors;
};

std::unique_ptr<Collector> make_handler_collector(const HandlerCounts& counts);
std::span<const MetricInfo> handler_metrics();

}  // namespace exporter::detail
