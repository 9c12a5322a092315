// SPDX-License-Identifier: Apache-2.0
// Reads Accept and Accept-Encoding.

#include <optional>

#include <exporter/page.hpp>
#include <exporter/text.hpp>

namespace exporter {
namespace {

/// A parameter of one element ("text/plain;version=0.0.4;q=0.5"), without quotes; nothing where it is absent.
std::optional<std::string_view> parameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    const auto pair = split_pair(take_until(parameters, ';'), '=');
    if (!pair || pair->key != name) continue;
    auto value = pair->value;
    if (value.size() > 1 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return value;
  }
  return std::nullopt;
}

/// 1 where the element has no q, 0 where it is malformed.
double quality(std::string_view parameters) {
  const auto q = parameter(parameters, "q");
  return q ? parse<double>(*q).value_or(0) : 1;
}

std::optional<PageFormat> offered(std::string_view media, std::string_view parameters) {
  const auto is = [&](std::string_view name, std::string_view value) {
    return parameter(parameters, name).value_or(value) == value;
  };
  if (media == "application/openmetrics-text" && (is("version", "1.0.0") || is("version", "0.0.1"))) {
    return PageFormat::kOpenMetrics;
  }
  if (media == "application/vnd.google.protobuf" && is("proto", "io.prometheus.client.MetricFamily") &&
      parameter(parameters, "encoding") == "delimited") {
    return PageFormat::kProtobuf;
  }
  if (media == "text/plain" || media == "text/*" || media == "*/*") return PageFormat::kText;
  return std::nullopt;
}

}  // namespace

PageFormat negotiate_format(std::string_view accept) {
  auto best = PageFormat::kText;
  double best_quality = 0;
  while (!accept.empty()) {
    auto parameters = take_until(accept, ',');
    const auto media = trim(take_until(parameters, ';'));
    const auto format = offered(media, parameters);
    if (!format) continue;
    if (const double q = quality(parameters); q > best_quality) {
      best = *format;
      best_quality = q;
    }
  }
  return best;
}

Encoding negotiate_encoding(std::string_view accept_encoding) {
  double gzip = 0;
  double zstd = 0;
  while (!accept_encoding.empty()) {
    auto parameters = take_until(accept_encoding, ',');
    const auto coding = trim(take_until(parameters, ';'));
    if (coding == "gzip" || coding == "*") gzip = quality(parameters);
    if (coding == "zstd") zstd = quality(parameters);
  }
  if (gzip > 0 && gzip >= zstd) return Encoding::kGzip;
  return zstd > 0 ? Encoding::kZstd : Encoding::kIdentity;
}

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kGzip:
      return "gzip";
    case Encoding::kZstd:
      return "zstd";
    default:
      return "";
  }
}

std::string_view content_type(PageFormat format) {
  switch (format) {
    case PageFormat::kOpenMetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case PageFormat::kProtobuf:
      return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
    default:
      return "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
  }
}

}  // namespace exporter
