// SPDX-License-Identifier: Apache-2.0
#pragma once

// The scrape guard. It runs collectors one after another and answers by the deadline whatever they do:
//
// - A collector that takes too long no longer holds up the others: they go on in another thread. At the
// deadline it
//   counts as failed, and all that the others wrote is served.
// - A collector that is still stuck from an earlier scrape is not started again.
// - What a failed or thrown collector wrote is dropped (or kept, where its options say so).
// - Scrapes that come while one is under way share its page.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/export.hpp>
#include <exporter/metric_filter.hpp>
#include <exporter/page.hpp>

namespace exporter {

struct CollectorOptions {
  std::string name;
  bool keep_partial = false;  ///< after an error, what it had written is served
  bool observed = true;       ///< has success and duration samples
  /// What it exposes, so that it need not run where nothing of it is wanted; empty: not known.
  std::span<const MetricInfo> families{};
  /// Runs no more often than this: scrapes in between get the samples of the last run.
  std::chrono::nanoseconds min_interval{0};
};

/// The page that a run ended with, in the format and encoding that were asked for; good during the callback.
struct RunResult {
  const std::string* body;  ///< null where the run did not get its turn before the deadline
};

class EXPORTER_API Runner {
 public:
  using Clock = std::chrono::steady_clock;
  using Timer = std::function<void(Clock::time_point, std::move_only_function<void()>)>;

  /// `timer` calls back at a given time, from any thread: Server::at. `prefix` names the families about the
  /// collectors
  /// ("node_scrape_collector"); empty: there are none.
  Runner(Timer timer, std::string prefix);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  /// Before the first run: what all scrapes leave out, and how many series of a collector are exposed at most
  /// (0: any number). Where there is a limit, a family tells how many were cut.
  void restrict(std::shared_ptr<const MetricFilter> filter, std::size_t max_series);

  /// Before the first run. Returns the collector's index.
  std::size_t add(CollectorOptions options, std::unique_ptr<Collector> collector);

  /// Calls start() of all collectors; the first error, with the collector's name in front, is returned.
  Status start();

  struct Ask {
    std::vector<bool> selection;  ///< by index
    NameSelection names{};        ///< the families that the page is to have
    Clock::time_point deadline;
    PageFormat format = PageFormat::kText;
    Encoding encoding = Encoding::kIdentity;
    std::move_only_function<void(RunResult)> done;  ///< called once, on any thread, by the deadline
  };
  /// Joins the run under way if it has the same selection and names, else starts one: on this thread when
  /// none is under way.
  void scrape(Ask ask);

  std::span<const CollectorOptions> collectors() const;

  struct Health {
    std::string_view name;
    bool ran;
    bool success;
    bool no_data;  ///< without success, but nothing is wrong: what it looks at is not there
    double seconds;
    std::string problem;
  };
  /// How each collector did last, for the landing page.
  std::vector<Health> health() const;

  /// Samples that were dropped as duplicates or for their type since the start:
  /// promhttp_metric_handler_errors_total.
  std::uint64_t gathering_errors() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace exporter
