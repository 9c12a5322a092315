// SPDX-License-Identifier: Apache-2.0
// Threads of the server.

#include "detail/thread.hpp"

#include <csignal>
#include <memory>
#include <utility>

namespace exporter::detail {
namespace {

using Task = std::move_only_function<void()>;

// Collectors parse files and call system libraries; more than this none of them needs, and unused it costs
// nothing.
constexpr std::size_t kStackBytes = 512 * 1024;

void* enter(void* argument) {
  const std::unique_ptr<Task> task(static_cast<Task*>(argument));
  (*task)();
  return nullptr;
}

}  // namespace

Thread::Thread(Thread&& other) noexcept
    : thread_(other.thread_), joinable_(std::exchange(other.joinable_, false)) {}

Thread& Thread::operator=(Thread&& other) noexcept {
  if (this != &other) {
    join();
    thread_ = other.thread_;
    joinable_ = std::exchange(other.joinable_, false);
  }
  return *this;
}

Thread::~Thread() { join(); }

bool Thread::start(Task task) {
  auto held = std::make_unique<Task>(std::move(task));
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  joinable_ = ::pthread_create(&thread_, &attributes, enter, held.get()) == 0;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::pthread_attr_destroy(&attributes);
  if (joinable_) held.release();  // NOLINT(bugprone-unused-return-value): the thread's now
  return joinable_;
}

void Thread::detach() {
  if (std::exchange(joinable_, false)) ::pthread_detach(thread_);
}

void Thread::join() {
  if (std::exchange(joinable_, false)) ::pthread_join(thread_, nullptr);
}

}  // namespace exporter::detail
