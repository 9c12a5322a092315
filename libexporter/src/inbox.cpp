// SPDX-License-Identifier: Apache-2.0
// The event loop's inbox: a list behind a mutex, and an eventfd to wake the loop.

#include "detail/inbox.hpp"

#include <cerrno>
#include <cstdint>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace exporter::detail {

Inbox::Inbox() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

Inbox::~Inbox() {
  if (fd_ >= 0) ::close(fd_);
}

void Inbox::post(Task task) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    first = tasks_.empty() && silent_ != std::this_thread::get_id();
    tasks_.push_back(std::move(task));
  }
  if (first) wake();
}

void Inbox::hold_mine() {
  const std::lock_guard lock(mutex_);
  silent_ = std::this_thread::get_id();
}

std::vector<Inbox::Task> Inbox::take_held() {
  const std::lock_guard lock(mutex_);
  silent_ = {};
  return std::exchange(tasks_, {});
}

void Inbox::close() {
  std::vector<Task> dropped;  // outlives the lock: a task may hold what posts again when it is destroyed
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(tasks_);
}

void Inbox::stop() noexcept {
  stopped_.store(true, std::memory_order_release);
  wake();
}

std::vector<Inbox::Task> Inbox::take() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(tasks_, {});
}

void Inbox::wake() const noexcept {
  const int saved = errno;  // of the code that a signal handler has interrupted
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(fd_, &one, sizeof one);
  errno = saved;
}

}  // namespace exporter::detail
