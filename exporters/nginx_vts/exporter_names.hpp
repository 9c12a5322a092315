// SPDX-License-Identifier: Apache-2.0
#pragma once

// The families under the names of nginx-vts-exporter.

#include <span>
#include <string>
#include <string_view>

#include <exporter/metric.hpp>
#include <exporter/sink.hpp>

#include "vts_main.hpp"
#include "vts_zone.hpp"

namespace exporter::nginx_vts {

/// Names with their prefix (-metrics.namespace), put together once.
struct Names {
  explicit Names(std::string_view prefix);
  std::string up;
  std::string info, connections, shared_zones;
  std::string server_bytes, server_requests, server_cache, server_msec;
  std::string filter_bytes, filter_requests, filter_msec, filter_response_msec;
  std::string upstream_bytes, upstream_requests, upstream_msec, upstream_response_msec;
  std::string upstream_down, upstream_backup, upstream_weight;
  std::string cache_bytes, cache_requests;
};

class ExporterNames {
 public:
  ExporterNames(Sink& sink, const Names& names) : sink_(sink), names_(names) {}
  void main(const Main& main);
  void server(std::string_view host, const Zone& zone);
  void filter(std::string_view filter, std::string_view name, const Zone& zone);
  void backend(std::string_view upstream, const Zone& zone);
  void cache(std::string_view name, const Zone& zone);

 private:
  Sink& sink_;
  const Names& names_;
};

void write_up(Sink& sink, const Names& names, bool up);

/// For --list-metrics, with the usual prefix.
std::span<const MetricInfo> exporter_metrics();

}  // namespace exporter::nginx_vts
