// SPDX-License-Identifier: Apache-2.0
// The scrape guard: see runner.hpp.

#include <exporter/runner.hpp>

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>

#include <exporter/log.hpp>

#include "detail/collecting.hpp"

namespace exporter {
namespace {

using Clock = Runner::Clock;

enum class Phase : std::uint8_t { kWaiting, kRunning, kSucceeded, kFailed };

/// A collector may take this much of its scrape's time before the others go on without it.
Clock::duration patience(Clock::duration whole) {
  return std::max<Clock::duration>(std::chrono::milliseconds(200), whole / 8);
}

struct Slot {
  CollectorOptions options;
  std::unique_ptr<Collector> collector;
  Sink sink;
  bool busy = false;    // runs now, maybe for a scrape that has long been answered
  bool idle = false;    // nothing of it is wanted in any scrape
  bool usable = false;  // what its sink holds belongs on a page
  NameSelection names;  // which families it was asked for then
  Clock::time_point finished{};
  std::size_t cut = 0;
  bool ran = false;
  bool success = false;
  bool no_data = false;
  double seconds = 0;
  std::string problem;
};

struct Step {
  std::size_t slot;
  Phase phase = Phase::kWaiting;
  bool usable = false;  // its sink belongs on the page
  double seconds = 0;
  Clock::time_point began{};
};

struct Run {
  std::vector<bool> selection;
  FamilyChoice choice;
  std::uint64_t serial = 0;
  Clock::time_point began;
  Clock::time_point deadline;
  std::vector<Step> steps;
  std::size_t next = 0;
  unsigned running = 0;
  bool finished = false;
  std::vector<Runner::Ask> waiting;
};

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

struct Runner::State : std::enable_shared_from_this<State> {
  Timer timer;
  std::string prefix;
  std::deque<Slot> slots;
  std::vector<CollectorOptions> options;
  std::shared_ptr<const MetricFilter> filter;  // null: none
  std::size_t max_series = 0;

  mutable std::mutex mutex;
  std::shared_ptr<Run> active;
  std::deque<std::shared_ptr<Run>> queue;
  std::uint64_t serial = 0;
  std::uint64_t errors = 0;

  // Only one run at a time makes its page, so these are reused.
  PageMaker pages;
  Sink own;
  std::vector<const Sink*> sinks;

  std::shared_ptr<Run> make_run(Ask ask);
  void begin(const std::shared_ptr<Run>& run);
  bool reuse(Step& step, const Slot& slot, const Run& run) const;
  void settle(Step& step, Slot& slot, const Run& run, const Status& status);
  void work(const std::shared_ptr<Run>& run);
  bool armed = false;  // a timer is set for armed_at
  Clock::time_point armed_at{};

  void arm(Clock::time_point when);
  void look_after();
  Clock::time_point next_look(Run& run, Clock::time_point now, bool& more_hands) const;
  void expire(const std::shared_ptr<Run>& run);
  void finish(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Run>& run, bool on_timer);
  void log_outcome(const Slot& slot, const Step& step, const Status& status) const;
  void describe_steps(const Run& run);
  void publish(Run& run, std::vector<Ask>& asks);
  const std::string& make_page(PageFormat format, Encoding encoding);
};

Runner::Runner(Timer timer, std::string prefix) : state_(std::make_shared<State>()) {
  state_->timer = std::move(timer);
  state_->prefix = std::move(prefix);
}

Runner::~Runner() = default;

void Runner::restrict(std::shared_ptr<const MetricFilter> filter, std::size_t max_series) {
  state_->filter = filter && !filter->empty() ? std::move(filter) : nullptr;
  state_->max_series = max_series;
}

std::size_t Runner::add(CollectorOptions options, std::unique_ptr<Collector> collector) {
  auto& slot = state_->slots.emplace_back();
  slot.options = std::move(options);
  slot.collector = std::move(collector);
  state_->options.push_back(slot.options);
  return state_->slots.size() - 1;
}

Status Runner::start() {
  for (auto& slot : state_->slots) {
    if (auto status = slot.collector->start(); !status) {
      return fail(status.error().code, slot.options.name + ": " + status.error().message);
    }
    slot.idle = !anything_wanted(slot.options.families, state_->filter.get(), {});
    if (state_->max_series > 0) slot.sink.set_limit(state_->max_series);
  }
  return {};
}

std::span<const CollectorOptions> Runner::collectors() const { return state_->options; }

std::vector<Runner::Health> Runner::health() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<Health> result;
  for (const auto& slot : state_->slots) {
    if (slot.options.observed) {
      result.push_back({slot.options.name, slot.ran, slot.success, slot.no_data, slot.seconds, slot.problem});
    }
  }
  return result;
}

std::uint64_t Runner::gathering_errors() const {
  const std::lock_guard lock(state_->mutex);
  return state_->errors;
}

void Runner::scrape(Ask ask) {
  const auto held = state_;  // a late collector may outlive the Runner
  auto& state = *held;
  std::shared_ptr<Run> run;
  {
    const std::lock_guard lock(state.mutex);
    const auto joinable = [&](const std::shared_ptr<Run>& other) {
      return other && !other->finished && other->selection == ask.selection &&
             other->choice.names == ask.names;
    };
    if (joinable(state.active)) {
      run = state.active;
    } else if (const auto it = std::find_if(state.queue.begin(), state.queue.end(), joinable);
               it != state.queue.end()) {
      run = *it;
    }
    if (run) {
      run->deadline = std::min(run->deadline, ask.deadline);
      state.arm(run->deadline);
      run->waiting.push_back(std::move(ask));
      return;
    }
    run = state.make_run(std::move(ask));
    if (state.active) {
      state.queue.push_back(run);
      state.arm(run->deadline);
      return;
    }
    state.active = run;
    state.begin(run);
  }
  state.work(run);
}

std::shared_ptr<Run> Runner::State::make_run(Ask ask) {
  auto run = std::make_shared<Run>();
  run->selection = ask.selection;
  run->choice = {filter.get(), ask.names};
  run->serial = ++serial;
  run->deadline = ask.deadline;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!run->selection[i] || slots[i].idle) continue;
    if (!run->choice.names.all() && !anything_wanted(slots[i].options.families, nullptr, run->choice.names))
      continue;
    run->steps.push_back({.slot = i});
  }
  run->waiting.push_back(std::move(ask));
  return run;
}

void Runner::State::begin(const std::shared_ptr<Run>& run) {
  run->began = Clock::now();
  arm(std::min(run->deadline, run->began + patience(run->deadline - run->began)));
}

/// Sees to it that look_after() is called by `when`. One timer serves all runs, so that many short ones leave
/// none behind. Called with the lock held.
void Runner::State::arm(Clock::time_point when) {
  if (armed && armed_at <= when) return;
  armed = true;
  armed_at = when;
  timer(when, [self = shared_from_this()] { self->look_after(); });
}

/// On the timer's thread: ends runs at their deadline, and lets the others go on where one collector takes
/// long.
void Runner::State::look_after() {
  std::vector<std::shared_ptr<Run>> late;
  std::shared_ptr<Run> helped;
  {
    const std::lock_guard lock(mutex);
    const auto now = Clock::now();
    if (now >= armed_at) armed = false;
    auto next = Clock::time_point::max();
    const auto look = [&](const std::shared_ptr<Run>& run) {
      if (!run || run->finished) return;
      if (now >= run->deadline) return late.push_back(run);
      bool more_hands = false;
      next = std::min(next, next_look(*run, now, more_hands));
      if (more_hands && run == active) helped = run;
    };
    look(active);
    for (const auto& run : queue) look(run);
    if (next != Clock::time_point::max()) arm(next);
  }
  for (const auto& run : late) expire(run);
  if (helped) std::thread([self = shared_from_this(), helped] { self->work(helped); }).detach();
}

/// When to look at a run again, and whether all who work on it are held up while collectors wait.
Clock::time_point Runner::State::next_look(Run& run, Clock::time_point now, bool& more_hands) const {
  const auto limit = patience(run.deadline - run.began);
  auto next = run.deadline;
  unsigned slow = 0;
  for (const auto& step : run.steps) {
    if (step.phase != Phase::kRunning) continue;
    if (now - step.began >= limit) {
      ++slow;
    } else {
      next = std::min(next, step.began + limit);
    }
  }
  more_hands = slow > 0 && slow == run.running && run.next < run.steps.size();
  return more_hands ? std::min(next, now + limit) : next;
}

void Runner::State::expire(const std::shared_ptr<Run>& run) {
  std::unique_lock lock(mutex);
  if (run->finished) return;
  const auto now = Clock::now();
  for (auto& step : run->steps) {
    if (step.phase != Phase::kWaiting && step.phase != Phase::kRunning) continue;
    auto& slot = slots[step.slot];
    const bool started = step.phase == Phase::kRunning;
    step.phase = Phase::kFailed;
    step.seconds = started ? seconds(now - step.began) : 0;
    log_outcome(slot, step,
                fail(Code::kTimeout, started ? "did not finish by the scrape's deadline; the "
                                               "page goes out without it"
                                             : "was not started by the scrape's deadline"));
    slot.ran = true;
    slot.success = slot.no_data = false;
    slot.seconds = step.seconds;
    slot.problem = "timed out";
  }
  if (active != run) std::erase(queue, run);
  finish(lock, run, true);
}

/// Runs the collectors that are left. Several threads may do so for one run, when earlier ones are held up.
void Runner::State::work(const std::shared_ptr<Run>& run) {
  std::unique_lock lock(mutex);
  while (!run->finished && run->next < run->steps.size()) {
    auto& step = run->steps[run->next++];
    auto& slot = slots[step.slot];
    if (reuse(step, slot, *run)) continue;
    if (slot.busy) {
      step.phase = Phase::kFailed;
      slot.problem = "still busy with an earlier scrape";
      log_outcome(slot, step, fail(Code::kTimeout, slot.problem));
      continue;
    }
    slot.busy = true;
    step.phase = Phase::kRunning;
    step.began = Clock::now();
    ++run->running;
    const Scrape scrape(run->deadline, run->serial);
    lock.unlock();

    detail::leave_out_others(slot.sink, run->choice);
    slot.sink.clear();
    Status status = detail::guarded([&] { return slot.collector->collect(slot.sink, scrape); });

    lock.lock();
    slot.busy = false;
    --run->running;
    slot.usable = false;
    if (run->finished) return;  // too late: the page has gone without it
    settle(step, slot, *run, status);
  }
  if (!run->finished && run->running == 0) finish(lock, run, false);
}

/// Whether a collector ran so lately that what it wrote then is good for this run too.
bool Runner::State::reuse(Step& step, const Slot& slot, const Run& run) const {
  const auto interval = slot.options.min_interval;
  if (interval.count() == 0 || slot.busy || !slot.usable || slot.names != run.choice.names) return false;
  if (Clock::now() - slot.finished >= interval) return false;
  step.phase = slot.success ? Phase::kSucceeded : Phase::kFailed;
  step.seconds = slot.seconds;
  step.usable = true;
  return true;
}

/// Takes down how a collector did. Called with the lock held.
void Runner::State::settle(Step& step, Slot& slot, const Run& run, const Status& status) {
  slot.finished = Clock::now();
  step.seconds = seconds(slot.finished - step.began);
  step.phase = status ? Phase::kSucceeded : Phase::kFailed;
  step.usable = status.has_value() || slot.options.keep_partial;
  log_outcome(slot, step, status);
  if (slot.sink.cut() > 0 && slot.cut == 0) {
    log::warn("A collector wrote more series than it may, the rest is left out",
              {{"name", slot.options.name},
               {"limit", std::to_string(max_series)},
               {"cut", slot.sink.describe_cut()}});
  }
  slot.cut = slot.sink.cut();
  slot.names = run.choice.names;
  slot.usable = step.usable;
  slot.ran = true;
  slot.success = status.has_value();
  slot.no_data = !status && status.error().code == Code::kNoData;
  slot.seconds = step.seconds;
  slot.problem = status ? std::string() : status.error().message;
}

void Runner::State::log_outcome(const Slot& slot, const Step& step, const Status& status) const {
  if (status) {
    if (log::enabled(log::Level::kDebug)) {
      log::debug("collector succeeded",
                 {{"name", slot.options.name}, {"duration_seconds", std::to_string(step.seconds)}});
    }
    return;
  }
  if (status.error().code == Code::kNoData) {
    log::debug("collector returned no data", {{"name", slot.options.name}, {"err", status.error().message}});
    return;
  }
  log::error("collector failed", {{"name", slot.options.name},
                                  {"duration_seconds", std::to_string(step.seconds)},
                                  {"err", status.error().message}});
}

/// Sends the page to all who wait for this run, then goes on with the next one in the queue.
void Runner::State::finish(std::unique_lock<std::mutex>& lock, const std::shared_ptr<Run>& run,
                           bool on_timer) {
  run->finished = true;
  const bool was_active = active == run;
  auto asks = std::move(run->waiting);
  if (!was_active) {
    // Its turn never came; the tables for pages belong to the run under way.
    lock.unlock();
    for (auto& ask : asks) ask.done({nullptr});
    return;
  }
  lock.unlock();
  publish(*run, asks);
  lock.lock();
  active = nullptr;
  if (queue.empty()) return;
  const auto next = queue.front();
  queue.pop_front();
  active = next;
  begin(next);
  lock.unlock();
  if (on_timer) {
    std::thread([self = shared_from_this(), next] { self->work(next); }).detach();
  } else {
    work(next);
  }
}

void Runner::State::describe_steps(const Run& run) {
  detail::leave_out_others(own, run.choice);
  own.clear();
  if (max_series > 0) {
    auto cut = own.family(gauge("exporter_collector_series_cut",
                                "Series that the limit of the collector left out.", "collector"));
    for (const auto& step : run.steps) {
      if (slots[step.slot].options.observed) cut({slots[step.slot].options.name}, slots[step.slot].cut);
    }
  }
  if (prefix.empty()) return;
  const std::string duration_name = prefix + "_duration_seconds";
  const std::string success_name = prefix + "_success";
  auto duration = own.family(
      gauge(duration_name, "Time that the collector took in this scrape, in seconds.", "collector"));
  auto success =
      own.family(gauge(success_name, "Whether the collector succeeded (1) or not (0).", "collector"));
  for (const auto& step : run.steps) {
    const auto& name = slots[step.slot].options.name;
    if (!slots[step.slot].options.observed) continue;
    duration({name}, step.seconds);
    success({name}, step.phase == Phase::kSucceeded ? 1 : 0);
  }
}

void Runner::State::publish(Run& run, std::vector<Ask>& asks) {
  describe_steps(run);
  sinks.clear();
  sinks.push_back(&own);
  for (const auto& step : run.steps) {
    if (step.usable) sinks.push_back(&slots[step.slot].sink);
  }
  // Pages that are alike are made once, whoever asked for them.
  std::sort(asks.begin(), asks.end(), [](const Ask& a, const Ask& b) {
    return std::pair(a.format, a.encoding) < std::pair(b.format, b.encoding);
  });
  const std::string* page = nullptr;
  for (std::size_t i = 0; i < asks.size(); ++i) {
    auto& ask = asks[i];
    if (i == 0 || asks[i - 1].format != ask.format) {
      page = &make_page(ask.format, ask.encoding);
    } else if (asks[i - 1].encoding != ask.encoding) {
      page = &pages.again(sinks, ask.format, ask.encoding);
    }
    ask.done({page});
  }
}

const std::string& Runner::State::make_page(PageFormat format, Encoding encoding) {
  PageBuilder::Outcome outcome;
  const auto& page = pages.make(sinks, format, encoding, outcome);
  if (outcome.dropped > 0) {
    const std::lock_guard lock(mutex);
    errors += outcome.dropped;
    log::error("error gathering metrics",
               {{"dropped", std::to_string(outcome.dropped)}, {"err", outcome.first_problem}});
  }
  return page;
}

}  // namespace exporter
