// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which build this is.

#include <memory>
#include <string>
#include <string_view>

#include <exporter/collector.hpp>

namespace exporter::detail {

std::string_view version();
std::string_view revision();
std::string_view compiler();
std::string_view architecture();

/// What --version prints: six lines, as the originals do.
std::string version_text(std::string_view program);

/// <program>_build_info, with the label names that dashboards expect.
std::unique_ptr<Collector> make_build_info(std::string_view program);

}  // namespace exporter::detail
