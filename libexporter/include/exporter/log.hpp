// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log lines on standard error, as logfmt or JSON, in the shape that Prometheus exporters write:
//
//     time=2026-01-02T03:04:05.678Z level=INFO source=app.cpp:42 msg="Listening on" address=[::]:9100
//
//     log::info("Listening on", {{"address", address}});

#include <initializer_list>
#include <source_location>
#include <span>
#include <string_view>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter::log {

enum class Level : unsigned char { kDebug, kInfo, kWarn, kError };
enum class Format : unsigned char { kLogfmt, kJson };

/// Set once at start, before threads are made; the defaults are kInfo and kLogfmt.
EXPORTER_API void configure(Level level, Format format);

struct Field {
  std::string_view key;
  std::string_view value;
};

/// Gives lines to a logger of the application's own, instead of writing them to standard error. It is called
/// on any thread. Set once, before the library is used otherwise; null: standard error.
using Receiver = void (*)(Level level, std::string_view message, std::span<const Field> fields);
EXPORTER_API void send_to(Receiver receiver);

/// "debug", "info", "warn", "error" / "logfmt", "json".
EXPORTER_API Result<Level> parse_level(std::string_view text);
EXPORTER_API Result<Format> parse_format(std::string_view text);

EXPORTER_API bool enabled(Level level);

/// Writes one line with one write(2), so that lines of several threads never mix. Values are quoted and
/// escaped as the format asks; whatever comes from outside stays on its line.
EXPORTER_API void write(Level level, std::string_view message, std::initializer_list<Field> fields,
                        std::source_location where = std::source_location::current());

inline void debug(std::string_view message, std::initializer_list<Field> fields = {},
                  std::source_location where = std::source_location::current()) {
  if (enabled(Level::kDebug)) write(Level::kDebug, message, fields, where);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {},
                 std::source_location where = std::source_location::current()) {
  write(Level::kInfo, message, fields, where);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {},
                 std::source_location where = std::source_location::current()) {
  write(Level::kWarn, message, fields, where);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {},
                  std::source_location where = std::source_location::current()) {
  write(Level::kError, message, fields, where);
}

}  // namespace exporter::log
