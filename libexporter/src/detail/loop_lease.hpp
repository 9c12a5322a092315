// SPDX-License-Identifier: Apache-2.0
// Which of two threads runs the event loop. Usually it is the first, which runs handlers too, between two
// turns: a request then needs no other thread to be woken, and its answer nobody either. While it does, the
// loop is lent: should the handler take long, the keeper goes on with the loop in its place, and hands it
// back when the handler has returned.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace exporter::detail {

class LoopLease {
 public:
  LoopLease();
  ~LoopLease();
  LoopLease(const LoopLease&) = delete;
  LoopLease& operator=(const LoopLease&) = delete;

  /// False where the system has no timers left: then the keeper has to do without the other.
  bool usable() const { return timer_ >= 0; }

  // The first thread.

  /// Waits for the loop; false: the program ends. `ask` is called when that has been made known to the
  /// keeper.
  template <class Ask>
  bool acquire(Ask ask) {
    wanted_.store(true, std::memory_order_release);
    ask();
    return await();
  }
  /// Before a handler: from kPatience on the keeper may take over.
  void lend();
  /// After it: false where the keeper has taken over.
  bool take_back();
  /// The end: the keeper has it for good.
  void give_up();

  // The keeper.

  bool wanted() const { return wanted_.load(std::memory_order_acquire); }
  /// Hands the loop over, and waits until it is needed here: back for good, or because a handler takes long.
  void hand_over();
  /// Lets acquire() return false.
  void end();

 private:
  enum class Holder : unsigned char { kKeeper, kFirst, kLent };

  bool await();
  void set_timer(long nanoseconds) const;

  const int timer_;
  std::atomic<Holder> holder_ = Holder::kKeeper;
  std::atomic<bool> wanted_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
};

}  // namespace exporter::detail
