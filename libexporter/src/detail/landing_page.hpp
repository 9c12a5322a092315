// SPDX-License-Identifier: Apache-2.0
#pragma once

// The page at "/": what runs here, how each collector does, and a live view of the metrics. Its sources are
// in src/landing/; they are compressed into the binary, and only what differs between requests is written at
// run time. Every link in it is relative, so that it works behind a proxy's prefix.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/app.hpp>
#include <exporter/runner.hpp>
#include <exporter/server.hpp>

namespace exporter::detail {

/// A form that asks a path with parameters.
struct LandingForm {
  std::string path;
  std::vector<ProbeField> fields;
};

struct LandingPage {
  std::string_view title;
  std::string_view description;
  std::string_view metrics_path;          ///< with the slash in front, as all paths here
  std::string_view query_example{};       ///< what may stand behind the path's "?"
  std::vector<std::string_view> links{};  ///< other paths to show
  std::vector<LandingForm> forms{};
  std::chrono::system_clock::time_point started{};
  std::vector<Runner::Health> collectors{};
};

/// Answers with the page: gzip, which is how it lies in the binary, where the client takes it. Not modified
/// since the client got it, it is not sent again.
Response landing_response(const LandingPage& page, const Request& request);

/// What the page asks for again and again: JSON.
Response status_response(const LandingPage& page);

/// Text as it may stand in HTML, in attributes too.
std::string escape_html(std::string_view text);

}  // namespace exporter::detail
