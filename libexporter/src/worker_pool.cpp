// SPDX-License-Identifier: Apache-2.0
// The worker pool.

#include "detail/worker_pool.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

#include "detail/thread.hpp"

namespace exporter::detail {
namespace {

constexpr std::chrono::seconds kIdle{10};

}  // namespace

void run_task(WorkerPool::Task& task) {
  try {
    task();
  } catch (...) {  // NOLINT(bugprone-empty-catch): what it held has answered while it was unwound
  }
  task = nullptr;
}

struct WorkerPool::Shared {
  explicit Shared(unsigned max) : max_threads(max) {}

  struct Waiter {
    std::condition_variable wake;
    bool called = false;
  };

  std::mutex mutex;
  std::condition_variable ended;
  std::deque<Task> tasks;
  // The last to go idle is the first to be called: its caches are warm, and the others come to their end.
  // Shared, for a waiter is woken when the lock is let go of: the thread would run into it at once.
  std::vector<std::shared_ptr<Waiter>> idle;
  const unsigned max_threads;
  unsigned threads = 0;
  unsigned running = 0;
  bool closing = false;

  void serve();
  bool start_thread(const std::shared_ptr<Shared>& self);
};

void WorkerPool::Shared::serve() {
  const auto waiter = std::make_shared<Waiter>();
  std::unique_lock lock(mutex);
  for (;;) {
    if (tasks.empty() && !closing) {
      waiter->called = false;
      idle.push_back(waiter);
      waiter->wake.wait_for(lock, kIdle, [&] { return closing || waiter->called; });
      if (!waiter->called) {
        std::erase(idle, waiter);
        break;
      }
    }
    if (closing) break;
    if (tasks.empty()) continue;
    Task task = std::move(tasks.front());
    tasks.pop_front();
    ++running;
    lock.unlock();
    run_task(task);
    lock.lock();
    --running;
  }
  --threads;
  ended.notify_all();
}

// Called with the mutex held.
bool WorkerPool::Shared::start_thread(const std::shared_ptr<Shared>& self) {
  Thread thread;
  if (!thread.start([self] { self->serve(); })) return false;
  thread.detach();
  ++threads;
  return true;
}

WorkerPool::WorkerPool(unsigned max_threads) : shared_(std::make_shared<Shared>(std::max(max_threads, 1U))) {}

WorkerPool::~WorkerPool() {
  std::deque<Task> dropped;
  std::unique_lock lock(shared_->mutex);
  shared_->closing = true;
  dropped.swap(shared_->tasks);
  for (const auto& waiter : shared_->idle) waiter->wake.notify_one();
  shared_->ended.wait(lock, [this] { return shared_->threads == 0; });
}

bool WorkerPool::busy() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->running > 0;
}

void WorkerPool::submit(Task task) {
  Task refused;
  std::shared_ptr<Shared::Waiter> woken;
  std::unique_lock lock(shared_->mutex);
  auto& shared = *shared_;
  shared.tasks.push_back(std::move(task));
  if (!shared.idle.empty()) {
    woken = std::move(shared.idle.back());
    shared.idle.pop_back();
    woken->called = true;
    lock.unlock();
    woken->wake.notify_one();
  } else if (shared.threads < shared.max_threads && !shared.start_thread(shared_) && shared.threads == 0) {
    refused = std::move(shared.tasks.back());
    shared.tasks.pop_back();
  }
}

}  // namespace exporter::detail
