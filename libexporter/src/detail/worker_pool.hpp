// SPDX-License-Identifier: Apache-2.0
// Threads for handlers: made when there is work and nobody idle, ended after idling.
#pragma once

#include <functional>
#include <memory>

namespace exporter::detail {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  explicit WorkerPool(unsigned max_threads);
  /// Drops what has not been begun, and waits for what has.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Destroys the task unrun where there is no thread and none can be made.
  void submit(Task task);
  /// Whether a task is being run.
  bool busy() const;

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;  // the threads' too: the last of them may outlive the pool by a moment
};

/// Runs a handler's call to its end, and lets go of what it holds.
void run_task(WorkerPool::Task& task);

}  // namespace exporter::detail
