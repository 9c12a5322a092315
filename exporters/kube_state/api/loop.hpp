// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one thread that the API client works on: sockets, timers, and calls that other threads hand over.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <exporter/files.hpp>
#include <exporter/result.hpp>

namespace exporter::kube {

/// What waits for a socket.
class Pollable {
 public:
  /// Epoll's events.
  virtual void ready(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

class Loop {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = std::function<void()>;
  /// 0 is none.
  using Timer = std::uint64_t;

  /// Where other threads leave their calls. Outlives the loop where somebody still holds it: what comes then
  /// is dropped.
  class Inbox {
   public:
    Inbox();
    /// False where the loop has ended.
    bool put(Task task);

   private:
    friend class Loop;
    std::vector<Task> take();
    std::vector<Task> close();

    std::mutex mutex_;
    std::vector<Task> tasks_;
    bool closed_ = false;
    Fd event_;
  };

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Status start();
  /// Runs `last` on the thread, and ends it. Nothing runs afterwards.
  void stop(const Task& last);

  bool on_thread() const { return std::this_thread::get_id() == id_.load(); }
  /// Runs the task on the thread and waits for its end. Right away where the caller is that thread, or the
  /// thread has ended.
  void run(const Task& task);
  std::shared_ptr<Inbox> inbox() const { return inbox_; }

  // The rest is for the thread itself.

  /// Once what is being done is done.
  void defer(Task task) { deferred_.push_back(std::move(task)); }
  Timer at(Clock::time_point when, Task task);
  void cancel(Timer& timer);

  void add(int fd, std::uint32_t events, Pollable& pollable);
  void change(int fd, std::uint32_t events, Pollable& pollable);
  void remove(int fd, Pollable& pollable);

 private:
  void work();
  void run_deferred();
  void run_timers();
  int wait_limit() const;

  Fd epoll_;
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::vector<Task> deferred_;
  std::map<std::pair<Clock::time_point, Timer>, Task> timers_;
  std::map<Timer, Clock::time_point> times_;
  Timer last_timer_ = 0;
  std::vector<Pollable*> ready_;  // of this round; removed ones are null
  bool ending_ = false;
  std::atomic<std::thread::id> id_;
  std::thread thread_;
};

}  // namespace exporter::kube
