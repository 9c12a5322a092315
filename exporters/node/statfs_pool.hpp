// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks file systems for their sizes on threads of its own, because statfs(2) of a dead NFS server or FUSE
// daemon may never return. Such a call costs its thread until it returns, if ever; no second call is made for
// the same path meanwhile, and a new thread takes the lost one's place.

#include <sys/statfs.h>

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace exporter::node {

class StatfsPool {
 public:
  using Clock = std::chrono::steady_clock;
  using Function = int (*)(const char* path, struct statfs* result);

  static constexpr int kTimedOut = -1;
  struct Answer {
    int error = 0;  ///< errno, or kTimedOut
    struct statfs stats {};
  };

  /// `workers` calls run at a time, as long as they return.
  explicit StatfsPool(std::size_t workers, Function function = ::statfs);
  /// Does not wait for calls that hang.
  ~StatfsPool();
  StatfsPool(const StatfsPool&) = delete;
  StatfsPool& operator=(const StatfsPool&) = delete;

  /// Begins with all `paths`, each of which is in there once. finish() must follow.
  void start(std::span<const std::string> paths);
  /// Waits for the answers until `deadline`; they come in the order of the paths. A path whose call of an
  /// earlier round has not returned yet is kTimedOut at once.
  void finish(std::vector<Answer>& answers, Clock::time_point deadline);

 private:
  struct Call;
  struct State;
  static void add_worker(const std::shared_ptr<State>& state);
  static void work(State& state);

  std::shared_ptr<State> state_;  // shared with the threads, which may outlive the pool
  std::vector<std::shared_ptr<Call>> calls_;
};

}  // namespace exporter::node
