// SPDX-License-Identifier: Apache-2.0
#pragma once

// The families under the names of the VTS module's own Prometheus page (".../format/prometheus").

#include <span>
#include <string>
#include <string_view>

#include <exporter/metric.hpp>
#include <exporter/sink.hpp>

#include "vts_main.hpp"
#include "vts_zone.hpp"

namespace exporter::nginx_vts {

class ModuleNames {
 public:
  explicit ModuleNames(Sink& sink) : sink_(sink) {}
  void main(const Main& main);
  void server(std::string_view host, const Zone& zone);
  void filter(std::string_view filter, std::string_view name, const Zone& zone);
  void backend(std::string_view upstream, const Zone& zone);
  void cache(std::string_view name, const Zone& zone);

 private:
  Sink& sink_;
  std::string scratch_[2];
};

std::span<const MetricInfo> module_metrics();

/// A label value as the module writes it: bytes that are no UTF-8 become "\xFF". Returns `text` itself where
/// there are none.
std::string_view module_text(std::string_view text, std::string& scratch);

}  // namespace exporter::nginx_vts
