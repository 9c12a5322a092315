// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JSON page of nginx's VTS module (".../format/json"), written as metrics while it is walked.

#include <span>
#include <string>
#include <string_view>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

namespace exporter::nginx_vts {

/// Names with their prefix (-metrics.namespace), put together once.
struct Names {
  explicit Names(std::string_view prefix);
  std::string up;
  std::string info, connections, shared_zones;
  std::string server_bytes, server_requests, server_cache, server_msec;
  std::string filter_bytes, filter_requests, filter_msec, filter_response_msec;
  std::string upstream_bytes, upstream_requests, upstream_msec, upstream_response_msec;
  std::string cache_bytes, cache_requests;
};

/// Walks the page once. After an error the sink has a part of it: clear it.
Status write_vts_status(Sink& sink, const Names& names, std::string_view page);
void write_up(Sink& sink, const Names& names, bool up);

/// For --list-metrics, with the usual prefix.
std::span<const MetricInfo> metrics();

}  // namespace exporter::nginx_vts
