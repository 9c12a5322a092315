// SPDX-License-Identifier: Apache-2.0
#pragma once

// The YAML file of --config.

#include <string_view>

#include "options.hpp"

namespace exporter::kube {

/// Puts what the file has over the options. Keys that nobody knows are logged; values of the wrong kind are
/// errors that name the line.
Status apply_config(std::string_view yaml, Options& options);

/// The parts of "a, b,,c", trimmed, without empty ones.
void append_list(std::string_view text, std::vector<std::string>& to);

}  // namespace exporter::kube
