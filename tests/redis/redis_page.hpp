// SPDX-License-Identifier: Apache-2.0
// A page of what a part of redis_exporter wrote.
#pragma once

#include <string>

#include <exporter/page.hpp>

#include "output.hpp"

namespace exporter::redis {

/// Calls `write(out)` and returns the page's lines.
template <class F>
std::string page_of(const Options& options, F write) {
  Sink sink;
  Output out(sink, options);
  write(out);
  const Sink* const sinks[] = {&sink};
  std::string text;
  PageBuilder().build(sinks, PageFormat::kText, text);
  return text;
}

inline Options default_options() {
  Options options;
  options.prefix = "redis";
  options.config_command = "CONFIG";
  return options;
}

inline bool has_line(const std::string& page, const std::string& line) {
  return page.starts_with(line + "\n") || page.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace exporter::redis
