// SPDX-License-Identifier: Apache-2.0
// Tasks on their way from any thread to the thread of the event loop.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace exporter::detail {

class Inbox {
 public:
  using Task = std::move_only_function<void()>;

  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// Dropped once the inbox is closed.
  void post(Task task);
  /// What this thread posts from now on waits, without waking anybody, until the loop looks: for the loop's
  /// own thread, between two turns.
  void hold_mine();
  /// What was posted since; and posting wakes again.
  std::vector<Task> take_held();
  void close();

  /// Asks the loop to end; safe in a signal handler.
  void stop() noexcept;
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }

  /// For the loop: readable when there is something to take.
  int descriptor() const { return fd_; }
  std::vector<Task> take();

 private:
  void wake() const noexcept;

  const int fd_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  std::vector<Task> tasks_;
  std::thread::id silent_;
  bool closed_ = false;
};

}  // namespace exporter::detail
