// SPDX-License-Identifier: Apache-2.0
// Reads Accept and Accept-Encoding.

#include <exporter/page.hpp>
#include <exporter/text.hpp>

namespace exporter {
namespace {

/// The q parameter of one element ("text/plain;version=0.0.4;q=0.5"); 1 where there is none, 0 where it is
/// malformed.
double quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const auto pair = split_pair(take_until(parameters, ';'), '=');
    if (pair && (pair->key == "q" || pair->key == "Q")) return parse<double>(pair->value).value_or(0);
  }
  return 1;
}

}  // namespace

PageFormat negotiate_format(std::string_view accept) {
  double text = 0;
  double open_metrics = 0;
  while (!accept.empty()) {
    auto element = take_until(accept, ',');
    const auto media = trim(take_until(element, ';'));
    const double q = quality(element);
    if (media == "application/openmetrics-text") open_metrics = std::max(open_metrics, q);
    if (media == "text/plain" || media == "text/*" || media == "*/*") text = std::max(text, q);
  }
  return open_metrics > 0 && open_metrics >= text ? PageFormat::kOpenMetrics : PageFormat::kText;
}

bool accepts_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    auto element = take_until(accept_encoding, ',');
    const auto coding = trim(take_until(element, ';'));
    if ((coding == "gzip" || coding == "*") && quality(element) > 0) return true;
  }
  return false;
}

std::string_view content_type(PageFormat format) {
  return format == PageFormat::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
}

}  // namespace exporter
