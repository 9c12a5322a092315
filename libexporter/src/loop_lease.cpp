// SPDX-License-Identifier: Apache-2.0
// Which of two threads runs the event loop.

#include "detail/loop_lease.hpp"

#include <cerrno>
#include <cstdint>

#include <sys/timerfd.h>
#include <unistd.h>

namespace exporter::detail {
namespace {

// Most handlers have answered by then; clients who come in the meantime wait no longer than this.
constexpr long kPatienceNanoseconds = 2'000'000;

}  // namespace

LoopLease::LoopLease() : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {}

LoopLease::~LoopLease() {
  if (timer_ >= 0) ::close(timer_);
}

void LoopLease::set_timer(long nanoseconds) const {
  const itimerspec when{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = nanoseconds}};
  ::timerfd_settime(timer_, 0, &when, nullptr);
}

bool LoopLease::await() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || holder_.load(std::memory_order_acquire) == Holder::kFirst; });
  return !ended_;
}

void LoopLease::lend() {
  holder_.store(Holder::kLent, std::memory_order_release);
  set_timer(kPatienceNanoseconds);
}

bool LoopLease::take_back() {
  auto lent = Holder::kLent;
  if (!holder_.compare_exchange_strong(lent, Holder::kFirst, std::memory_order_acq_rel)) return false;
  set_timer(0);
  return true;
}

void LoopLease::give_up() {
  holder_.store(Holder::kLent, std::memory_order_release);
  set_timer(1);
}

void LoopLease::hand_over() {
  {
    const std::lock_guard lock(mutex_);
    wanted_.store(false, std::memory_order_relaxed);
    holder_.store(Holder::kFirst, std::memory_order_release);
  }
  changed_.notify_one();
  auto lent = Holder::kLent;
  do {
    lent = Holder::kLent;
    std::uint64_t count = 0;
    while (::read(timer_, &count, sizeof count) < 0 && errno == EINTR) {
    }
  } while (!holder_.compare_exchange_strong(lent, Holder::kKeeper, std::memory_order_acq_rel));
}

void LoopLease::end() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_one();
}

}  // namespace exporter::detail
