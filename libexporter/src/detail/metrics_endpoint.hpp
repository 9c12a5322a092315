// SPDX-License-Identifier: Apache-2.0
// What answers a scrape: the deadline, the choice of collectors and families, and the Runner.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/flags.hpp>
#include <exporter/metric_filter.hpp>
#include <exporter/runner.hpp>
#include <exporter/server.hpp>

#include "detail/probe.hpp"
#include "detail/self_metrics.hpp"

namespace exporter::detail {

struct MetricsSettings {
  long max_requests = 40;  ///< scrapes at the same time; 0: any number
  std::chrono::nanoseconds timeout =
      std::chrono::seconds(10);  ///< of a scrape that names none in its headers
  std::chrono::nanoseconds timeout_offset = std::chrono::milliseconds(500);
  std::shared_ptr<const MetricFilter> filter{};  ///< null: none
  std::size_t max_series = 0;
  std::map<std::string, std::chrono::nanoseconds> min_intervals{};
};

/// --web.max-requests, --web.scrape-timeout*, --metrics.* and --collector.min-interval.
class MetricsFlags {
 public:
  explicit MetricsFlags(Flags& flags);
  Result<MetricsSettings> settings() const;

 private:
  const Flag<long>* max_requests_;
  const Flag<std::chrono::nanoseconds>* timeout_;
  const Flag<std::chrono::nanoseconds>* timeout_offset_;
  const Flag<std::vector<std::string>>* include_;
  const Flag<std::vector<std::string>>* exclude_;
  const Flag<long>* max_series_;
  const Flag<std::vector<std::string>>* intervals_;
};

class MetricsEndpoint {
 public:
  using Clock = std::chrono::steady_clock;

  /// Makes the Runner, which has no collectors yet.
  void open(MetricsSettings settings, Runner::Timer timer, const std::string& prefix);
  Runner& runner() { return *runner_; }
  HandlerCounts& counts() { return counts_; }

  /// The collectors that are added from here on can be chosen by collect[] and exclude[].
  void begin_choice() { first_choice_ = runner_->collectors().size(); }
  /// A collector that is switched off: asking for it has an error of its own.
  void add_disabled(std::string name) { disabled_.push_back(std::move(name)); }
  /// --collector.min-interval for that collector; 0 where there is none.
  std::chrono::nanoseconds min_interval(const std::string& collector) const;
  /// Once all collectors are added. An interval for one that isn't there is an error.
  Status start();

  void handle(const Request& request, Reply reply);
  void handle_probe(const Probe& probe, const Request& request, Reply reply) const;
  /// When the page of a request has to be ready; without a request, of a page asked for now.
  Clock::time_point deadline_of(const Request* request) const;
  std::vector<bool> all_collectors() const { return std::vector<bool>(runner_->collectors().size(), true); }

 private:
  Result<std::vector<bool>> select(const Request& request) const;
  std::size_t find(std::string_view name) const;

  MetricsSettings settings_;
  std::unique_ptr<Runner> runner_;
  HandlerCounts counts_;
  std::size_t first_choice_ = 0;
  std::vector<std::string> disabled_;
};

}  // namespace exporter::detail
