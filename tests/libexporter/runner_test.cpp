// SPDX-License-Identifier: Apache-2.0
// The scrape guard: partial pages, stuck collectors, shared runs.

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <exporter/runner.hpp>
#include <exporter/server.hpp>

#include "exposition.hpp"

namespace exporter {
namespace {

using namespace std::chrono_literals;
using Clock = Runner::Clock;

constexpr auto kValue = gauge("test_value", "A value.", "from");

/// Lets a collector wait until the test says go.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void await_waiter() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() : loop_([this] { (void)server_.run([](const Request&, const Reply&) {}); }) {}
  ~RunnerTest() override {
    for (auto& thread : threads_) thread.join();
    server_.stop();
    loop_.join();
  }

  void add(std::string name, std::function<Status(Sink&)> collect, bool keep_partial = false) {
    runner_.add(
        {.name = std::move(name), .keep_partial = keep_partial, .observed = true},
        collector_from([collect = std::move(collect)](Sink& sink, const Scrape&) { return collect(sink); }));
  }

  std::future<std::string> scrape(std::vector<bool> selection = {}, Clock::duration limit = 20s) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    start(std::move(promise), std::move(selection), limit);
    return future;
  }

  std::future<std::string> scrape_names(std::vector<std::string_view> names) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    start(std::move(promise), {}, 20s, NameSelection(names));
    return future;
  }

  /// The same from a thread of its own, which a collector may block.
  std::future<std::string> scrape_aside(std::vector<bool> selection = {}, Clock::duration limit = 20s) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    threads_.emplace_back([this, promise, selection, limit] { start(promise, selection, limit); });
    return future;
  }

  void start(std::shared_ptr<std::promise<std::string>> promise, std::vector<bool> selection,
             Clock::duration limit, NameSelection names = {}) {
    if (selection.empty()) selection.assign(runner_.collectors().size(), true);
    runner_.scrape({.selection = std::move(selection),
                    .names = std::move(names),
                    .deadline = Clock::now() + limit,
                    .done = [promise = std::move(promise)](RunResult result) {
                      promise->set_value(result.body ? *result.body : "none");
                    }});
  }

  static double value(const std::string& page, const std::string& key) {
    const auto parsed = testing::parse_exposition(page);
    EXPECT_TRUE(parsed.problems.empty()) << page;
    const auto it = parsed.samples.find(key);
    return it == parsed.samples.end() ? -1 : it->second;
  }

  Server server_;
  Runner runner_{[this](Clock::time_point when, std::move_only_function<void()> task) {
                   server_.at(when, std::move(task));
                 },
                 "test_collector"};
  std::thread loop_;
  std::vector<std::thread> threads_;
};

TEST_F(RunnerTest, FailuresCostOnlyTheirOwnSamples) {
  add("good", [](Sink& sink) -> Status {
    sink(kValue, {"good"}, 1);
    return {};
  });
  add("bad", [](Sink& sink) -> Status {
    sink(kValue, {"bad"}, 1);
    return fail(Code::kInvalid, "malformed");
  });
  add(
      "partial",
      [](Sink& sink) -> Status {
        sink(kValue, {"partial"}, 1);
        return fail(Code::kNoData, "nothing more");
      },
      true);
  add("throws", [](Sink&) -> Status { throw std::runtime_error("thrown"); });
  const auto page = scrape().get();
  EXPECT_EQ(value(page, "test_value{from=\"good\"}"), 1);
  EXPECT_EQ(value(page, "test_value{from=\"bad\"}"), -1);
  EXPECT_EQ(value(page, "test_value{from=\"partial\"}"), 1);
  EXPECT_EQ(value(page, "test_collector_success{collector=\"good\"}"), 1);
  for (const char* name : {"bad", "partial", "throws"}) {
    EXPECT_EQ(value(page, std::string("test_collector_success{collector=\"") + name + "\"}"), 0) << name;
  }
}

TEST_F(RunnerTest, AStuckCollectorHoldsUpNeitherThePageNorTheNextOnes) {
  Gate gate;
  std::atomic<int> runs{0};
  add("stuck", [&](Sink& sink) -> Status {
    ++runs;
    gate.wait();
    sink(kValue, {"stuck"}, 1);
    return {};
  });
  add("after", [](Sink& sink) -> Status {
    sink(kValue, {"after"}, 1);
    return {};
  });
  auto first = scrape_aside({}, 600ms);
  const auto page = first.get();
  EXPECT_EQ(value(page, "test_value{from=\"after\"}"), 1);
  EXPECT_EQ(value(page, "test_collector_success{collector=\"stuck\"}"), 0);
  EXPECT_EQ(value(page, "test_collector_success{collector=\"after\"}"), 1);

  const auto again = scrape().get();
  EXPECT_EQ(runs, 1) << "a stuck collector was started a second time";
  EXPECT_EQ(value(again, "test_collector_success{collector=\"stuck\"}"), 0);
  EXPECT_EQ(value(again, "test_value{from=\"after\"}"), 1);

  gate.open();
  // It comes back by itself once the call returns.
  std::string later;
  for (const auto end = Clock::now() + 10s; Clock::now() < end;) {
    later = scrape().get();
    if (value(later, "test_value{from=\"stuck\"}") == 1) break;
    std::this_thread::yield();
  }
  EXPECT_EQ(value(later, "test_collector_success{collector=\"stuck\"}"), 1);
}

TEST_F(RunnerTest, ScrapesAtTheSameTimeShareOneRun) {
  Gate gate;
  std::atomic<int> runs{0};
  add("slow", [&](Sink& sink) -> Status {
    ++runs;
    gate.wait();
    sink(kValue, {"slow"}, runs.load());
    return {};
  });
  auto first = scrape_aside();
  gate.await_waiter();
  auto second = scrape();
  auto third = scrape();
  gate.open();
  EXPECT_EQ(value(first.get(), "test_value{from=\"slow\"}"), 1);
  EXPECT_EQ(value(second.get(), "test_value{from=\"slow\"}"), 1);
  EXPECT_EQ(value(third.get(), "test_value{from=\"slow\"}"), 1);
  EXPECT_EQ(runs, 1);
}

TEST_F(RunnerTest, AnotherSelectionWaitsForItsTurn) {
  Gate gate;
  add("one", [&](Sink& sink) -> Status {
    gate.wait();
    sink(kValue, {"one"}, 1);
    return {};
  });
  add("two", [](Sink& sink) -> Status {
    sink(kValue, {"two"}, 1);
    return {};
  });
  auto first = scrape_aside({true, false});
  gate.await_waiter();
  auto second = scrape({false, true});
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
  gate.open();
  EXPECT_EQ(value(first.get(), "test_value{from=\"two\"}"), -1);
  const auto page = second.get();
  EXPECT_EQ(value(page, "test_value{from=\"two\"}"), 1);
  EXPECT_EQ(value(page, "test_value{from=\"one\"}"), -1);
}

TEST_F(RunnerTest, CollectorsOfWhichNothingIsWantedDoNotRun) {
  constexpr auto kOther = gauge("test_other", "Another value.");
  static constexpr MetricInfo kValues[] = {kValue};
  static constexpr MetricInfo kOthers[] = {kOther};
  std::atomic<int> values{0};
  std::atomic<int> others{0};
  runner_.add({.name = "values", .families = kValues},
              collector_from([&](Sink& sink, const Scrape&) -> Status {
                ++values;
                sink(kValue, {"a"}, 1);
                return {};
              }));
  runner_.add({.name = "others", .families = kOthers},
              collector_from([&](Sink& sink, const Scrape&) -> Status {
                ++others;
                sink(kOther, 2);
                return {};
              }));
  const auto page = scrape_names({"test_other"}).get();
  EXPECT_EQ(page, "# HELP test_other Another value.\n# TYPE test_other gauge\ntest_other 2\n");
  EXPECT_EQ(values, 0);
  EXPECT_EQ(others, 1);
  EXPECT_EQ(scrape_names({"absent"}).get(), "");
  EXPECT_EQ(value(scrape().get(), "test_value{from=\"a\"}"), 1);
}

TEST_F(RunnerTest, TheFilterOfAllScrapesLeavesFamiliesOut) {
  add("values", [](Sink& sink) -> Status {
    EXPECT_FALSE(sink.wants("test_dropped"));
    sink(gauge("test_dropped", "Dropped."), 1);
    sink(kValue, {"a"}, 1);
    return {};
  });
  runner_.restrict(*MetricFilter::make({"test_.*"}, {".*_dropped", ".*_seconds"}), 0);
  ASSERT_TRUE(runner_.start());
  const auto page = scrape().get();
  EXPECT_EQ(page.find("test_dropped"), std::string::npos) << page;
  EXPECT_EQ(page.find("_seconds"), std::string::npos) << page;
  EXPECT_EQ(value(page, "test_value{from=\"a\"}"), 1);
  EXPECT_EQ(value(page, "test_collector_success{collector=\"values\"}"), 1);
}

TEST_F(RunnerTest, ALimitCutsACollectorsSeriesAndCountsThem) {
  add("many", [](Sink& sink) -> Status {
    for (int i = 0; i < 10; ++i) sink(kValue, {Digits(i)}, i);
    return {};
  });
  add("few", [](Sink& sink) -> Status {
    sink(kValue, {"few"}, 1);
    return {};
  });
  runner_.restrict(nullptr, 4);
  ASSERT_TRUE(runner_.start());
  const auto page = scrape().get();
  EXPECT_EQ(value(page, "test_value{from=\"3\"}"), 3);
  EXPECT_EQ(value(page, "test_value{from=\"4\"}"), -1);
  EXPECT_EQ(value(page, "test_value{from=\"few\"}"), 1);
  EXPECT_EQ(value(page, "exporter_collector_series_cut{collector=\"many\"}"), 6);
  EXPECT_EQ(value(page, "exporter_collector_series_cut{collector=\"few\"}"), 0);
}

TEST_F(RunnerTest, WithinItsIntervalACollectorsLastSamplesAreServedAgain) {
  std::atomic<int> runs{0};
  const auto count = [&](Sink& sink, const Scrape&) -> Status {
    sink(kValue, {"runs"}, ++runs);
    return {};
  };
  runner_.add({.name = "slow", .min_interval = 1h}, collector_from(count));
  for (int i = 0; i < 3; ++i) {
    const auto page = scrape().get();
    EXPECT_EQ(value(page, "test_value{from=\"runs\"}"), 1);
    EXPECT_EQ(value(page, "test_collector_success{collector=\"slow\"}"), 1);
  }
  // Another choice of families needs another run.
  EXPECT_EQ(value(scrape_names({"test_value"}).get(), "test_value{from=\"runs\"}"), 2);
}

TEST_F(RunnerTest, AFailedRunIsRepeatedWhateverTheInterval) {
  std::atomic<int> runs{0};
  runner_.add({.name = "flaky", .min_interval = 1h}, collector_from([&](Sink& sink, const Scrape&) -> Status {
                if (++runs == 1) return fail(Code::kUnavailable, "not yet");
                sink(kValue, {"runs"}, runs.load());
                return {};
              }));
  EXPECT_EQ(value(scrape().get(), "test_value{from=\"runs\"}"), -1);
  EXPECT_EQ(value(scrape().get(), "test_value{from=\"runs\"}"), 2);
  EXPECT_EQ(value(scrape().get(), "test_value{from=\"runs\"}"), 2);
}

}  // namespace
}  // namespace exporter
