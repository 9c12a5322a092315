// SPDX-License-Identifier: Apache-2.0
#pragma once

// What each collector's file says of itself; collectors.cpp has the table of all of them.

#include <memory>
#include <span>
#include <string_view>

#include <exporter/collector.hpp>
#include <exporter/flags.hpp>
#include <exporter/metric.hpp>

#include "host.hpp"

namespace exporter::node {

struct CollectorSpec {
  std::string_view description;         ///< for --help and the documentation: what it exposes and from where
  std::span<const MetricInfo> metrics;  ///< all families it can expose
  std::unique_ptr<Collector> (*make)(Host&,
                                     Flags&);  ///< declares its flags; they are read in start() and collect()
  bool keep_partial = false;                   ///< after an error, what it had written is served
};

/// For CollectorSpec::make.
template <class T>
std::unique_ptr<Collector> make(Host& host, Flags& flags) {
  return std::make_unique<T>(host, flags);
}

}  // namespace exporter::node
