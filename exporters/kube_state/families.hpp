// SPDX-License-Identifier: Apache-2.0
#pragma once

// Describes the families of all resources for --list-metrics.

#include <deque>
#include <vector>

#include <exporter/app.hpp>
#include <exporter/metric.hpp>

namespace exporter::kube {

class FamilyList {
 public:
  explicit FamilyList(App& app);

 private:
  struct Resource {
    std::vector<std::vector<std::string_view>> labels;
    std::vector<MetricInfo> families;
  };
  std::deque<Resource> resources_;
};

}  // namespace exporter::kube
