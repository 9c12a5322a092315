// SPDX-License-Identifier: Apache-2.0
// The API client's thread, over epoll.

#include "api/loop.hpp"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>

namespace exporter::kube {

Loop::Inbox::Inbox() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

bool Loop::Inbox::put(Task task) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  tasks_.push_back(std::move(task));
  const std::uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);
  return true;
}

std::vector<Loop::Task> Loop::Inbox::take() {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  (void)!::read(event_.get(), &count, sizeof count);
  return std::exchange(tasks_, {});
}

std::vector<Loop::Task> Loop::Inbox::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  return std::exchange(tasks_, {});
}

Loop::Loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

Loop::~Loop() {
  stop([] {});
}

Status Loop::start() {
  if (!epoll_ || !inbox_->event_) return std::unexpected(errno_error("create", "event loop", errno));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, inbox_->event_.get(), &event) != 0) {
    return std::unexpected(errno_error("create", "event loop", errno));
  }
  thread_ = std::thread([this] { work(); });
  return {};
}

void Loop::stop(const Task& last) {
  if (!thread_.joinable()) return;
  run([&] {
    last();
    ending_ = true;
  });
  thread_.join();
}

void Loop::run(const Task& task) {
  if (on_thread()) return task();
  const auto without_thread = [&] {  // it has ended, or was never begun
    task();
    run_deferred();
  };
  if (!thread_.joinable()) return without_thread();
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false;
  const bool accepted = inbox_->put([&] {
    task();
    const std::lock_guard lock(mutex);
    finished = true;
    done.notify_one();
  });
  if (!accepted) return without_thread();
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return finished; });
}

Loop::Timer Loop::at(Clock::time_point when, Task task) {
  const Timer timer = ++last_timer_;
  timers_.emplace(std::pair(when, timer), std::move(task));
  times_.emplace(timer, when);
  return timer;
}

void Loop::cancel(Timer& timer) {
  if (const auto found = times_.find(timer); found != times_.end()) {
    timers_.erase({found->second, timer});
    times_.erase(found);
  }
  timer = 0;
}

void Loop::add(int fd, std::uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Loop::change(int fd, std::uint32_t events, Pollable& pollable) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &pollable;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Loop::remove(int fd, Pollable& pollable) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  std::replace(ready_.begin(), ready_.end(), &pollable, static_cast<Pollable*>(nullptr));
}

void Loop::run_deferred() {
  for (int round = 0; round < 16 && !deferred_.empty(); ++round) {
    for (auto& task : std::exchange(deferred_, {})) task();
  }
}

void Loop::run_timers() {
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    const auto first = timers_.begin();
    const Task task = std::move(first->second);
    times_.erase(first->first.second);
    timers_.erase(first);
    task();
  }
}

int Loop::wait_limit() const {
  if (!deferred_.empty()) return 0;
  if (timers_.empty()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first.first - Clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

void Loop::work() {
  id_ = std::this_thread::get_id();
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // SIGPIPE of TLS, above all; the others are for other threads
  std::array<epoll_event, 32> events{};
  while (!ending_) {
    run_timers();
    run_deferred();
    if (ending_) break;
    const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), wait_limit());
    ready_.clear();
    for (int i = 0; i < count; ++i) {
      ready_.push_back(static_cast<Pollable*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
    bool called = false;
    for (int i = 0; i < count; ++i) {
      const auto index = static_cast<std::size_t>(i);
      if (events[index].data.ptr == nullptr) {
        called = true;
      } else if (auto* const pollable = ready_[index]) {
        pollable->ready(events[index].events);
      }
    }
    if (!called) continue;
    for (auto& task : inbox_->take()) task();
  }
  for (auto& task : inbox_->close()) task();  // somebody may wait for them
  deferred_.clear();
  timers_.clear();
  times_.clear();
}

}  // namespace exporter::kube
