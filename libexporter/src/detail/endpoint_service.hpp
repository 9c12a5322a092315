// SPDX-License-Identifier: Apache-2.0
// What an Endpoint's thread serves with.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <exporter/endpoint.hpp>

#include "detail/metrics_endpoint.hpp"

namespace exporter {

struct Endpoint::Service {
  explicit Service(EndpointOptions chosen) : options(std::move(chosen)) {}

  EndpointOptions options;
  Server server;
  detail::MetricsEndpoint metrics;
  std::vector<std::pair<std::string, Handler>> routes;
  std::function<Handler(Server&, Handler)> protection;  // null: none

  void handle(const Request& request, Reply reply);
};

}  // namespace exporter
