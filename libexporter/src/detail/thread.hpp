// SPDX-License-Identifier: Apache-2.0
// Threads of the server: with a small stack, and deaf to signals, which are for the program's own threads.
#pragma once

#include <functional>

#include <pthread.h>

namespace exporter::detail {

class Thread {
 public:
  Thread() = default;
  Thread(Thread&& other) noexcept;
  Thread& operator=(Thread&& other) noexcept;
  /// Waits for the thread's end, unless it was detached.
  ~Thread();

  /// False where none can be made.
  bool start(std::move_only_function<void()> task);
  void detach();

 private:
  void join();

  pthread_t thread_{};
  bool joinable_ = false;
};

}  // namespace exporter::detail
