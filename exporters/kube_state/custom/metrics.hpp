// SPDX-License-Identifier: Apache-2.0
#pragma once

// The samples of a custom resource's metric.

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "custom/config.hpp"

namespace exporter::kube {

/// One sample's labels, sorted by name, and its value; the labels are good during the call.
using CustomSample =
    std::function<void(std::span<const std::pair<std::string, std::string>> labels, double value)>;
/// One line for the log.
using CustomProblem = std::function<void(const std::string& what)>;

/// Of samples with the same labels the first one counts.
void read_custom_metric(const CustomMetric& metric, const Json& object, const CustomSample& sample,
                        const CustomProblem& problem);

}  // namespace exporter::kube
