// SPDX-License-Identifier: Apache-2.0
#pragma once

// The HTTP paths of both ports. The main one has /, /metrics, /healthz and /livez, the other one /, /metrics
// and /readyz; the frame adds its own, /-/healthy and so on.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <exporter/page.hpp>
#include <exporter/server.hpp>

#include "auth_filter.hpp"
#include "cluster.hpp"
#include "telemetry.hpp"

namespace exporter::kube {

/// What an Accept header gets of the main /metrics: the best that is offered wins, and where that is
/// protobuf, text.
struct PageType {
  PageFormat format = PageFormat::kText;
  std::string content_type;
};
PageType negotiate_page(std::string_view accept);

class Endpoints {
 public:
  static constexpr unsigned kMain = 0, kTelemetry = 1;  // Request::listener

  explicit Endpoints(std::function<std::shared_ptr<Cluster>()> cluster) : cluster_(std::move(cluster)) {}

  /// `next` answers what isn't answered here: the other port's /metrics is the frame's.
  void handle(const Request& request, Reply reply, const Handler& next);

  const RequestDurations& durations() const { return *durations_; }

 private:
  void metrics(const Request& request, Reply reply, const std::shared_ptr<Cluster>& cluster);
  void livez(Reply reply, Cluster& cluster);

  const std::function<std::shared_ptr<Cluster>()> cluster_;
  std::shared_ptr<RequestDurations> durations_ = std::make_shared<RequestDurations>();
  AuthFilter auth_;
};

}  // namespace exporter::kube
