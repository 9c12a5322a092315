// SPDX-License-Identifier: Apache-2.0
#pragma once

// One log line as text, apart from the clock and the file descriptor, so that tests can read it.

#include <ctime>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include <exporter/log.hpp>

namespace exporter::log {

/// The line with its '\n'.
std::string format_line(Format format, Level level, const timespec& time, std::string_view message,
                        std::span<const Field> fields, const std::source_location& where);

/// A string of JSON, with its quotes.
void append_json(std::string& out, std::string_view text);

}  // namespace exporter::log
