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

  /// The same from a thread of its own, which a collector may block.
  std::future<std::string> scrape_aside(std::vector<bool> selection = {}, Clock::duration limit = 20s) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    threads_.emplace_back([this, promise, selection, limit] { start(promise, selection, limit); });
    return future;
  }

  void start(std::shared_ptr<std::promise<std::string>> promise, std::vector<bool> selection,
             Clock::duration limit) {
    if (selection.empty()) selection.assign(runner_.collectors().size(), true);
    runner_.scrape({.selection = std::move(selection),
                    .deadline = Clock::now() + limit,
                    .done = [promise = std::move(promise)](RunResult result) {
                      promise->set_value(result.text ? *result.text : "none");
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

}  // namespace
}  // namespace exporter
