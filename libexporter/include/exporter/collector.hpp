// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an exporter is made of: collectors, each of which fills a Sink in one go, within the scrape's
// deadline.
//
//     class Entropy final : public Collector {
//      public:
//       Status collect(Sink& sink, const Scrape&) override {
//         auto bits = files_.number<std::uint64_t>("sys/kernel/random/entropy_avail");
//         if (!bits) return fail(bits);
//         sink(kAvailable, *bits);
//         return {};
//       }
//     };

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <exporter/export.hpp>
#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

namespace exporter {

struct Request;

/// One run of collectors. Whatever waits takes `deadline()` as its limit.
class EXPORTER_API Scrape {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Scrape(Clock::time_point deadline, std::uint64_t serial = 0, const Request* request = nullptr)
      : deadline_(deadline), serial_(serial), request_(request) {}

  Clock::time_point deadline() const { return deadline_; }
  /// Never negative.
  std::chrono::milliseconds remaining() const {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    return left.count() > 0 ? left : std::chrono::milliseconds(0);
  }
  /// Another number for each run: tells whether something shared was already read in this one.
  std::uint64_t serial() const { return serial_; }
  /// The request that asked for the run, where there is exactly one: a probe, never a page that several
  /// share.
  const Request* request() const { return request_; }

 private:
  Clock::time_point deadline_;
  std::uint64_t serial_;
  const Request* request_;
};

class EXPORTER_API Collector {
 public:
  virtual ~Collector() = default;

  /// Called once when the flags are known, for collectors that are on: checks settings and reads what never
  /// changes. An error ends the program.
  virtual Status start() { return {}; }

  /// Writes this moment's samples. Never runs twice at once, and not on the same thread each time. After an
  /// error what was written stays or goes as CollectorSpec::keep_partial says; kNoData means that there is
  /// nothing to report.
  virtual Status collect(Sink& sink, const Scrape& scrape) = 0;
};

/// A collector without anything to keep, from a function.
template <class F>
std::unique_ptr<Collector> collector_from(F function) {
  struct Lambda final : Collector {
    explicit Lambda(F f) : function(std::move(f)) {}
    Status collect(Sink& sink, const Scrape& scrape) override { return function(sink, scrape); }
    F function;
  };
  return std::make_unique<Lambda>(std::move(function));
}

}  // namespace exporter
