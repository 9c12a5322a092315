// SPDX-License-Identifier: Apache-2.0
#pragma once

// The JSON page of nginx's VTS module (".../format/json"), written as metrics while it is walked: under the
// names of the exporter that this one replaces, and under those of the module's own Prometheus page.

#include <memory>
#include <span>
#include <string_view>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

#include "exporter_names.hpp"

namespace exporter::nginx_vts {

/// Which names are written.
struct NameSets {
  bool exporter = true;  ///< nginx_server_requests and the like
  bool module = true;    ///< nginx_vts_server_requests_total and the like
};

/// Walks the page once. After an error the sink has a part of it: clear it.
Status write_vts_status(Sink& sink, const Names& names, NameSets sets, std::string_view page);

}  // namespace exporter::nginx_vts
