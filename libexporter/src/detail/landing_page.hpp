// SPDX-License-Identifier: Apache-2.0
#pragma once

// The page at "/": what runs here, and how each collector does.

#include <string>
#include <string_view>
#include <vector>

#include <exporter/runner.hpp>

namespace exporter::detail {

std::string landing_page(std::string_view title, std::string_view description, std::string_view metrics_path,
                         const std::vector<Runner::Health>& collectors);

/// Text as it may stand in HTML, in attributes too.
std::string escape_html(std::string_view text);

}  // namespace exporter::detail
