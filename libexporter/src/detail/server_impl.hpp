// SPDX-License-Identifier: Apache-2.0
// The server's loop: who is connected, what is due when, and the descriptors that tell.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sys/epoll.h>

#include <exporter/server.hpp>

#include "detail/connection.hpp"
#include "detail/inbox.hpp"
#include "detail/listen.hpp"
#include "detail/loop_lease.hpp"
#include "detail/response.hpp"
#include "detail/thread.hpp"
#include "detail/worker_pool.hpp"

namespace exporter {

struct Server::Impl final : detail::ConnectionOwner, detail::ReplySink {
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  using Connection = detail::Connection;
  using Wait = detail::Wait;

  explicit Impl(ServerOptions chosen);
  ~Impl() override;

  Status run(Handler handler, std::chrono::milliseconds grace);

  // ConnectionOwner
  void dispatch(Connection& connection, std::unique_ptr<Request> request,
                detail::ResponseTraits traits) override;
  void pull(Connection& connection, detail::Stream stream) override;
  void wait_for(Connection& connection, Wait wait) override;
  void resume_later(Connection& connection) override { resumed_.push_back(connection.id()); }
  void close(Connection& connection) override;
  std::size_t max_head_bytes() const override { return options.max_head_bytes; }
  bool draining() const override { return draining_; }

  // ReplySink
  void answer(std::uint64_t id, detail::Outgoing outgoing) override;

  bool busy() const { return handling_ || workers_->busy(); }
  void work(std::move_only_function<void()> task) { workers_->submit(std::move(task)); }
  void add_timer(Time when, std::move_only_function<void()> task);

  const ServerOptions options;
  const std::shared_ptr<detail::Inbox> inbox = std::make_shared<detail::Inbox>();
  std::vector<detail::Listener> listeners;
  Server::Layer layer;

 private:
  struct Timer {
    Time when;
    std::uint64_t order;  // timers of the same time run in the order they were made in
    std::move_only_function<void()> task;
  };
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t generation = 0;
  };
  static bool later(const Timer& a, const Timer& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  Status watch_sources();
  void serve();
  void run_loop_and_handlers();
  void turn(Time limit);
  int milliseconds_to_next(Time limit) const;
  void handle(const epoll_event& event);
  void run_tasks(std::vector<detail::Inbox::Task> tasks);
  void run_timers();
  void expire_waits();
  void accept_from(std::size_t index);
  void add_connection(int fd, std::size_t listener);
  bool make_room();
  void refuse_one(const detail::Listener& listener);
  void watch_listeners(bool on);
  void drain();
  void give_back_memory();
  Connection* find(std::uint64_t id);
  std::chrono::milliseconds limit_of(Wait wait) const;

  int epoll_ = -1;
  int spare_ = -1;  // given up for a moment to accept, and so be rid of, a client when descriptors run out
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t open_ = 0;
  std::size_t most_open_ = 0;                        // since memory was last given back
  std::vector<std::unique_ptr<Connection>> closed_;  // until nobody is inside of them
  std::vector<std::uint64_t> resumed_;
  std::array<detail::WaitList, detail::kWaits> waits_;
  std::vector<Timer> timers_;
  std::uint64_t timer_order_ = 0;
  bool draining_ = false;
  std::shared_ptr<const Handler> handler_;
  std::unique_ptr<detail::WorkerPool> workers_;
  detail::LoopLease lease_;
  detail::Thread first_;                   // runs the loop, and handlers between two turns
  std::atomic<bool> handling_ = false;     // it runs a handler
  bool first_has_loop_ = false;            // the thread that runs the loop now is that one
  detail::WorkerPool::Task handler_call_;  // what it runs after this turn
};

}  // namespace exporter
