// SPDX-License-Identifier: Apache-2.0

#include "statfs_pool.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_set>

#include <exporter/log.hpp>

namespace exporter::node {
namespace {

/// A call that takes longer does not keep others waiting: one more worker takes them.
constexpr std::chrono::milliseconds kPatience{50};
/// Without work for that long, a worker ends.
constexpr std::chrono::seconds kIdle{60};

}  // namespace

struct StatfsPool::Call {
  explicit Call(std::string p) : path(std::move(p)) {}
  const std::string path;
  bool begun = false;
  bool done = false;
  bool given_up = false;
  Answer answer;
};

struct StatfsPool::State {
  std::size_t workers = 1;
  Function function = nullptr;

  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable progress;
  std::deque<std::shared_ptr<Call>> queue;
  std::unordered_set<std::string> outstanding;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t lost = 0;  // threads in calls that were given up
  bool stopping = false;
};

StatfsPool::StatfsPool(std::size_t workers, Function function) : state_(std::make_shared<State>()) {
  state_->workers = std::max<std::size_t>(workers, 1);
  state_->function = function;
}

StatfsPool::~StatfsPool() {
  const std::lock_guard lock(state_->mutex);
  state_->stopping = true;
  state_->queue.clear();
  state_->work.notify_all();
}

/// Needs the lock.
void StatfsPool::add_worker(const std::shared_ptr<State>& state) {
  try {
    std::thread([state] { work(*state); }).detach();
    ++state->threads;
  } catch (const std::system_error& error) {
    log::warn("Cannot start a thread for statfs", {{"err", error.what()}});
  }
}

void StatfsPool::work(State& state) {
  std::unique_lock lock(state.mutex);
  for (;;) {
    ++state.idle;
    const bool woken =
        state.work.wait_for(lock, kIdle, [&] { return state.stopping || !state.queue.empty(); });
    --state.idle;
    if (!woken || state.stopping) break;

    const auto call = state.queue.front();
    state.queue.pop_front();
    call->begun = true;
    lock.unlock();
    Answer answer;
    if (state.function(call->path.c_str(), &answer.stats) != 0) answer.error = errno;
    lock.lock();

    call->answer = answer;
    call->done = true;
    state.outstanding.erase(call->path);
    if (call->given_up) {
      --state.lost;
      log::info("Mount point answers again", {{"path", call->path}});
    }
    state.progress.notify_all();
    if (state.threads - state.lost > state.workers && state.queue.empty()) break;  // was one more than usual
  }
  --state.threads;
}

void StatfsPool::start(std::span<const std::string> paths) {
  calls_.clear();
  if (paths.empty()) return;
  auto& state = *state_;
  const std::lock_guard lock(state.mutex);
  for (const auto& path : paths) {
    if (!state.outstanding.insert(path).second) {
      calls_.push_back(nullptr);  // hangs since an earlier round
      continue;
    }
    calls_.push_back(std::make_shared<Call>(path));
    state.queue.push_back(calls_.back());
  }
  while (state.threads - state.lost < std::min(state.workers, state.queue.size())) {
    const auto before = state.threads;
    add_worker(state_);
    if (state.threads == before) break;
  }
  state.work.notify_all();
}

void StatfsPool::finish(std::vector<Answer>& answers, Clock::time_point deadline) {
  answers.assign(calls_.size(), Answer{kTimedOut, {}});
  if (calls_.empty()) return;
  auto& state = *state_;
  std::unique_lock lock(state.mutex);
  const auto finished = [&] {
    return std::ranges::all_of(calls_, [](const auto& c) { return !c || c->done; });
  };
  while (!finished() && Clock::now() < deadline) {
    const auto waiting = state.queue.size();
    state.progress.wait_until(lock, std::min(deadline, Clock::now() + kPatience));
    if (waiting > 0 && state.queue.size() == waiting && state.idle == 0) add_worker(state_);
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    const auto& call = calls_[i];
    if (!call) continue;
    if (call->done) {
      answers[i] = call->answer;
      continue;
    }
    if (call->begun) {
      call->given_up = true;
      ++state.lost;
      log::warn("Mount point does not answer and is left out until it does", {{"path", call->path}});
    } else {
      std::erase(state.queue, call);
      state.outstanding.erase(call->path);
    }
  }
  calls_.clear();
}

}  // namespace exporter::node
