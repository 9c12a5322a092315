// SPDX-License-Identifier: Apache-2.0
// The server's loop.

#include "detail/server_impl.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace exporter {

using detail::Connection;

namespace {

constexpr std::uint64_t kInboxTag = ~std::uint64_t{0};
constexpr std::uint64_t kListenerTag = std::uint64_t{1} << 63;
constexpr std::uint32_t kGenerationMask = 0x7fffffff;
constexpr int kEvents = 64;
constexpr int kAcceptsATurn = 64;
constexpr std::size_t kFlood = 512;  // connections that are worth giving memory back after
constexpr std::chrono::milliseconds kLingerTimeout{2000};
constexpr std::chrono::milliseconds kAcceptPause{100};

bool watch(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll, operation, fd, &event) == 0;
}

bool is_readable(int fd) {
  pollfd poll{fd, POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

}  // namespace

Server::Impl::Impl(ServerOptions chosen)
    : options(chosen),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      workers_(std::make_unique<detail::WorkerPool>(chosen.max_workers)) {}

Server::Impl::~Impl() {
  inbox->close();
  lease_.end();
  workers_.reset();
  first_ = {};
  if (epoll_ >= 0) ::close(epoll_);
  if (spare_ >= 0) ::close(spare_);
}

Status Server::Impl::run(Handler handler, std::chrono::milliseconds grace) {
  handler_ = std::make_shared<const Handler>(std::move(handler));
  if (auto status = watch_sources(); !status) return status;
  serve();
  drain();
  const Time end = Clock::now() + grace;
  const auto busy = [this] {
    return std::any_of(slots_.begin(), slots_.end(),
                       [](const Slot& slot) { return slot.connection && !slot.connection->at_rest(); });
  };
  while (busy() && Clock::now() < end) turn(end);

  inbox->close();
  for (auto& slot : slots_) {
    if (slot.connection) slot.connection->shut();
  }
  closed_.clear();
  timers_.clear();
  return {};
}

/// Until the server is to stop; then this thread has the loop.
void Server::Impl::serve() {
  if (lease_.usable()) first_.start([this] { run_loop_and_handlers(); });
  while (!inbox->stopped()) {
    if (lease_.wanted()) {
      lease_.hand_over();
      first_has_loop_ = false;
      run_tasks(inbox->take_held());
    } else {
      turn(Time::max());
    }
  }
  lease_.end();
  if (handler_call_) workers_->submit(std::exchange(handler_call_, nullptr));
}

/// The first thread's work: see LoopLease.
void Server::Impl::run_loop_and_handlers() {
  while (lease_.acquire([this] { inbox->post([] {}); })) {
    first_has_loop_ = true;
    for (;;) {
      if (inbox->stopped()) return lease_.give_up();
      turn(handler_call_ ? Time::min() : Time::max());
      if (!handler_call_) continue;
      auto call = std::exchange(handler_call_, nullptr);
      inbox->hold_mine();
      handling_ = true;
      lease_.lend();
      detail::run_task(call);
      handling_ = false;
      if (!lease_.take_back()) break;
      run_tasks(inbox->take_held());
    }
  }
}

Status Server::Impl::watch_sources() {
  if (epoll_ < 0) return std::unexpected(errno_error("epoll_create1", "", errno));
  if (inbox->descriptor() < 0) return std::unexpected(errno_error("eventfd", "", errno));
  if (!watch(epoll_, EPOLL_CTL_ADD, inbox->descriptor(), EPOLLIN, kInboxTag)) {
    return std::unexpected(errno_error("epoll_ctl", "eventfd", errno));
  }
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    if (!watch(epoll_, EPOLL_CTL_ADD, listeners[i].fd(), EPOLLIN, kListenerTag | i)) {
      return std::unexpected(errno_error("epoll_ctl", listeners[i].address(), errno));
    }
  }
  return {};
}

void Server::Impl::turn(Time limit) {
  std::array<epoll_event, kEvents> events;
  const int timeout = resumed_.empty() ? milliseconds_to_next(limit) : 0;
  const int count = ::epoll_wait(epoll_, events.data(), kEvents, timeout);
  for (int i = 0; i < count; ++i) {
    handle(events[static_cast<std::size_t>(i)]);
    closed_.clear();
  }
  for (const auto id : std::exchange(resumed_, {})) {
    if (auto* connection = find(id)) connection->advance();
  }
  run_timers();
  expire_waits();
  closed_.clear();
  give_back_memory();
}

// After a flood of connections, so that its memory does not stay with us for good.
void Server::Impl::give_back_memory() {
  if (most_open_ < kFlood || open_ >= most_open_ / 4) return;
  most_open_ = open_;
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

int Server::Impl::milliseconds_to_next(Time limit) const {
  Time next = limit;
  if (!timers_.empty()) next = std::min(next, timers_.front().when);
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    if (waits_[i].front() != nullptr) {
      next = std::min(next, waits_[i].front_since() + limit_of(static_cast<Wait>(i)));
    }
  }
  if (next == Time::max()) return -1;
  const auto now = Clock::now();
  if (next <= now) return 0;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now).count();
  return static_cast<int>(std::min<std::int64_t>(wait, 3600 * 1000));
}

void Server::Impl::handle(const epoll_event& event) {
  const auto tag = event.data.u64;
  if (tag == kInboxTag) {
    run_tasks(inbox->take());
  } else if ((tag & kListenerTag) != 0) {
    const auto index = static_cast<std::size_t>(tag & ~kListenerTag);
    if (index < listeners.size()) accept_from(index);
  } else if (auto* connection = find(tag)) {
    connection->on_events(event.events);
  }
}

void Server::Impl::run_tasks(std::vector<detail::Inbox::Task> tasks) {
  for (auto& task : tasks) {
    task();
    closed_.clear();
  }
}

void Server::Impl::add_timer(Time when, std::move_only_function<void()> task) {
  timers_.push_back({when, timer_order_++, std::move(task)});
  std::push_heap(timers_.begin(), timers_.end(), later);
}

void Server::Impl::run_timers() {
  if (timers_.empty()) return;
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.front().when <= now) {
    std::pop_heap(timers_.begin(), timers_.end(), later);
    auto task = std::move(timers_.back().task);
    timers_.pop_back();
    task();
  }
}

std::chrono::milliseconds Server::Impl::limit_of(Wait wait) const {
  switch (wait) {
    case Wait::kHead:
      return options.head_timeout;
    case Wait::kSend:
      return options.send_timeout;
    case Wait::kLinger:
      return kLingerTimeout;
    default:
      return options.idle_timeout;
  }
}

void Server::Impl::expire_waits() {
  const auto now = Clock::now();
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    const auto limit = limit_of(static_cast<Wait>(i));
    while (waits_[i].front() != nullptr && waits_[i].front_since() + limit <= now) {
      waits_[i].front()->on_timeout();  // always takes it off this list
    }
  }
}

void Server::Impl::wait_for(Connection& connection, Wait wait) {
  if (connection.wait() != Wait::kNothing)
    waits_[static_cast<std::size_t>(connection.wait())].remove(connection);
  if (wait != Wait::kNothing)
    waits_[static_cast<std::size_t>(wait)].push_back(connection, wait, Clock::now());
}

void Server::Impl::accept_from(std::size_t index) {
  const auto& listener = listeners[index];
  for (int i = 0; i < kAcceptsATurn; ++i) {
    const int fd = ::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      add_connection(fd, index);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        if (!is_readable(listener.fd()))
          return;  // the kernel looks for a descriptor before it looks for a client
        if (!make_room()) return refuse_one(listener);
        break;
      default:
        break;  // the client has gone again, or was interrupted
    }
  }
}

// Closes the connection that is the least loss: the longest idle one, or else the slowest request head.
bool Server::Impl::make_room() {
  for (const Wait wait : {Wait::kLinger, Wait::kIdle, Wait::kHead}) {
    if (auto* longest = waits_[static_cast<std::size_t>(wait)].front()) {
      longest->shut();
      return true;
    }
  }
  return false;
}

void Server::Impl::refuse_one(const detail::Listener& listener) {
  if (spare_ >= 0) {
    ::close(spare_);
    const int fd = ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) ::close(fd);
    spare_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) return;
  }
  // Not even that: without a pause the loop would be told of the same client over and over.
  watch_listeners(false);
  add_timer(Clock::now() + kAcceptPause, [this] {
    if (!draining_) watch_listeners(true);
  });
}

void Server::Impl::watch_listeners(bool on) {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    watch(epoll_, EPOLL_CTL_MOD, listeners[i].fd(), on ? std::uint32_t{EPOLLIN} : 0U, kListenerTag | i);
  }
}

void Server::Impl::add_connection(int fd, std::size_t listener) {
  if (open_ >= options.max_connections && !make_room()) {
    ::close(fd);
    return;
  }
  std::unique_ptr<detail::Transport> secured;
  if (layer && !(secured = layer(fd))) {
    ::close(fd);
    return;
  }
  const Wait first = secured ? Wait::kHead : Wait::kIdle;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on other kinds of sockets, rightly
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const auto index = free_slots_.back();
  free_slots_.pop_back();
  auto& slot = slots_[index];
  const auto id = (static_cast<std::uint64_t>(slot.generation) << 32) | index;
  slot.connection =
      std::make_unique<Connection>(*this, id, fd, std::move(secured), static_cast<unsigned>(listener));
  most_open_ = std::max(most_open_, ++open_);
  wait_for(*slot.connection, first);
  if (!watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, id))
    slot.connection->shut();
}

Connection* Server::Impl::find(std::uint64_t id) {
  const auto index = static_cast<std::size_t>(id & 0xffffffff);
  if (index >= slots_.size() || slots_[index].generation != id >> 32) return nullptr;
  return slots_[index].connection.get();
}

void Server::Impl::close(Connection& connection) {
  const auto index = static_cast<std::uint32_t>(connection.id() & 0xffffffff);
  auto& slot = slots_[index];
  connection.close_wire();
  closed_.push_back(std::move(slot.connection));
  slot.generation = (slot.generation + 1) & kGenerationMask;
  free_slots_.push_back(index);
  --open_;
}

void Server::Impl::dispatch(Connection& connection, std::unique_ptr<Request> request,
                            detail::ResponseTraits traits) {
  request->listener = connection.listener();
  auto sender = std::make_shared<Reply::Sender>(Reply::Sender{inbox, this, connection.id(), traits});
  detail::WorkerPool::Task call = [handler = handler_, request = std::move(request),
                                   reply = Reply(std::move(sender))]() mutable {
    (*handler)(*request, std::move(reply));
  };
  if (first_has_loop_ && !handler_call_) {
    handler_call_ = std::move(call);
  } else {
    workers_->submit(std::move(call));
  }
}

void Server::Impl::pull(Connection& connection, detail::Stream stream) {
  workers_->submit([this, to = inbox, id = connection.id(), stream = std::move(stream)]() mutable {
    std::string chunk;
    auto more = Connection::More::kFailed;
    try {
      more = stream(chunk) ? Connection::More::kYes : Connection::More::kNo;
    } catch (...) {  // NOLINT(bugprone-empty-catch): told to the client by an end without the last chunk
    }
    to->post([this, id, chunk = std::move(chunk), more, stream = std::move(stream)]() mutable {
      if (auto* target = find(id)) target->take_chunk(std::move(chunk), more, std::move(stream));
    });
  });
}

void Server::Impl::answer(std::uint64_t id, detail::Outgoing outgoing) {
  if (auto* connection = find(id)) connection->answer(std::move(outgoing));
}

void Server::Impl::drain() {
  draining_ = true;
  listeners.clear();
  for (const Wait wait : {Wait::kIdle, Wait::kHead}) {
    auto& list = waits_[static_cast<std::size_t>(wait)];
    while (list.front() != nullptr) list.front()->shut();
  }
  closed_.clear();
}

}  // namespace exporter
