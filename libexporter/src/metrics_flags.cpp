// SPDX-License-Identifier: Apache-2.0
// The flags of the metrics' page.

#include <exporter/text.hpp>

#include "detail/metrics_endpoint.hpp"

namespace exporter::detail {

MetricsFlags::MetricsFlags(Flags& flags) {
  max_requests_ =
      &flags.integer("web.max-requests", 40, "Most scrapes at the same time; 0 is without limit.");
  timeout_ =
      &flags.duration("web.scrape-timeout", "10s", "Deadline of a scrape that names none in its headers.");
  timeout_offset_ = &flags.duration("web.scrape-timeout-offset", "500ms",
                                    "How long before the scraper's own time-out the page goes out.");
  include_ =
      &flags.list("metrics.include", {},
                  "Regular expression of the metrics to expose, for their whole names; may be repeated.");
  exclude_ =
      &flags.list("metrics.exclude", {},
                  "Regular expression of metrics to leave out, for their whole names; may be repeated.");
  max_series_ = &flags.integer("metrics.max-series", 0,
                               "Most series of a collector or probe; the rest is cut. 0 is without limit.");
  intervals_ =
      &flags.list("collector.min-interval", {},
                  "NAME=DURATION: scrapes get a collector's last samples until they are as old as that; "
                  "may be repeated.");
}

Result<MetricsSettings> MetricsFlags::settings() const {
  MetricsSettings settings{
      .max_requests = **max_requests_, .timeout = **timeout_, .timeout_offset = **timeout_offset_};
  auto filter = MetricFilter::make(**include_, **exclude_);
  if (!filter) return fail(filter);
  settings.filter = std::move(*filter);
  if (**max_series_ < 0) return fail(Code::kInvalid, "--metrics.max-series: must not be negative");
  settings.max_series = static_cast<std::size_t>(**max_series_);
  for (const auto& setting : **intervals_) {
    const auto pair = split_pair(setting, '=');
    const auto interval = parse_duration(pair ? pair->value : "");
    if (!pair || !interval || interval->count() < 0) {
      return fail(Code::kInvalid,
                  "--collector.min-interval: want NAME=DURATION, such as systemd=30s, got '" + setting + "'");
    }
    settings.min_intervals[std::string(pair->key)] = *interval;
  }
  return settings;
}

}  // namespace exporter::detail
