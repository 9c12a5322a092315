// SPDX-License-Identifier: Apache-2.0
// A whole file as a string.
#pragma once

#include <string>

#include <exporter/result.hpp>

namespace exporter::redis {

Result<std::string> read_text_file(const std::string& path);

}  // namespace exporter::redis
