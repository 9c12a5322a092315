// SPDX-License-Identifier: Apache-2.0
// The states of a connection. Sockets are watched for edges, so every state reads or writes until the kernel
// says EAGAIN, or gives way after a fair share.

#include "detail/connection.hpp"

#include <cerrno>
#include <charconv>
#include <utility>

#include <sys/epoll.h>

#include "detail/listen.hpp"

namespace exporter::detail {
namespace {

constexpr std::size_t kFairShare = 1 << 20;
constexpr std::size_t kMaxDiscarded = 8 << 20;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

void release(std::string& text) { std::string().swap(text); }

std::string peer_of(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return address_text(address);
}

}  // namespace

void Connection::on_events(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return close();
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
  if ((events & EPOLLRDHUP) != 0) input_ended_ = true;
  if ((events & EPOLLOUT) != 0) writable_ = true;
  if (!wire_.plain()) readable_ = writable_ = true;  // TLS may have to write before it can read
  advance();
}

void Connection::on_timeout() {
  if (wait_ == Wait::kHead && wire_.settled()) {
    refuse(408);
    advance();
  } else {
    close();
  }
}

void Connection::advance() {
  for (;;) {
    switch (state_) {
      case State::kHead:
      case State::kBody:
        if (fresh_input_) {
          process_input(in_, false);
        } else if (!read_some()) {
          return;
        }
        break;
      case State::kSending:
        if (!send_some()) return;
        break;
      case State::kLinger:
        if (!discard_some()) return;
        break;
      default:
        return;
    }
  }
}

bool Connection::read_some() {
  if (!readable_) {
    // A handshake has, as a request's head has, only its time.
    if (state_ == State::kHead && in_.empty()) set_wait(wire_.settled() ? Wait::kIdle : Wait::kHead);
    return false;
  }
  auto& scratch = owner_.scratch;
  const auto got = wire_.read(scratch.data(), scratch.size());
  if (got < 0) {
    if (errno == EINTR) return true;
    if (!would_block(errno)) close();
    readable_ = false;
    return state_ != State::kClosed;
  }
  if (got == 0) {
    close();
    return false;
  }
  const auto size = static_cast<std::size_t>(got);
  if (wire_.plain() && size < scratch.size() && !input_ended_) readable_ = false;
  if (in_.empty()) {
    process_input({scratch.data(), size}, true);
  } else {
    in_.append(scratch.data(), size);
    process_input(in_, false);
  }
  return true;
}

void Connection::process_input(std::string_view data, bool from_scratch) {
  fresh_input_ = false;
  const auto used = consume(data);
  if (state_ == State::kClosed) return;
  if (from_scratch) {
    in_.assign(data.substr(used));
  } else if (used == in_.size()) {
    release(in_);
  } else {
    in_.erase(0, used);
  }
}

std::size_t Connection::consume(std::string_view data) {
  std::size_t used = 0;
  for (;;) {
    if (state_ == State::kHead) {
      if (!consume_head(data.substr(used), used)) return used;
    } else if (state_ == State::kBody) {
      if (!consume_body(data.substr(used), used)) return used;
    } else {
      return used;
    }
  }
}

bool Connection::consume_head(std::string_view data, std::size_t& used) {
  if (data.empty()) return false;
  if (wait_ != Wait::kHead) set_wait(Wait::kHead);
  const auto size = finder_.find(data);
  if (size == HeadFinder::kNotHttp) {
    refuse(400);
    return false;
  }
  if ((size == HeadFinder::kNotYet ? data.size() : size) > owner_.max_head_bytes()) {
    refuse(431);
    return false;
  }
  if (size == HeadFinder::kNotYet) return false;
  used += size;
  finder_.reset();

  RequestHead head;
  int status = parse_head(data.substr(0, size), head);
  traits_ = {.head_only = head.method == "HEAD", .http10 = head.http10, .keep_alive = head.keep_alive};
  if (status == 0) status = skipper_.start(head);
  if (status != 0) {
    refuse(status);
    return false;
  }
  if (head.expect_continue && (head.chunked || head.content_length > 0)) {
    // Nothing else is on its way out, so that this fits the socket's buffer.
    iovec piece{const_cast<char*>(kContinue.data()), kContinue.size()};
    [[maybe_unused]] const auto sent = wire_.write(&piece, 1);
  }
  request_ = std::make_unique<Request>(Request{.method = std::move(head.method),
                                               .path = std::move(head.path),
                                               .query = std::move(head.query),
                                               .headers = std::move(head.headers),
                                               .remote = peer_of(fd()),
                                               .received = std::chrono::steady_clock::now()});
  state_ = State::kBody;
  return true;
}

bool Connection::consume_body(std::string_view data, std::size_t& used) {
  const auto step = skipper_.skip(data);
  used += step.used;
  if (step.status != 0) {
    refuse(step.status);
    return false;
  }
  if (!step.done) return false;
  state_ = State::kHandling;
  set_wait(Wait::kNothing);
  owner_.dispatch(*this, std::move(request_), traits_);
  return false;
}

// Answers what could not be understood; what follows it on the connection cannot be either.
void Connection::refuse(int status) {
  request_.reset();
  state_ = State::kHandling;
  traits_.keep_alive = false;
  set_wait(Wait::kNothing);
  Outgoing outgoing = make_outgoing(error_response(status), traits_);
  head_ = std::move(outgoing.head);
  body_ = std::move(outgoing.body);
  sent_ = 0;
  close_after_ = true;
  readable_ = true;  // makes it linger: the client may be sending still, and a reset would eat the answer
  state_ = State::kSending;
}

void Connection::answer(Outgoing outgoing) {
  if (state_ != State::kHandling) return;
  head_ = std::move(outgoing.head);
  body_ = std::move(outgoing.body);
  stream_ = std::move(outgoing.stream);
  chunked_ = outgoing.chunked;
  close_after_ = outgoing.close;
  sent_ = 0;
  state_ = State::kSending;
  advance();
}

void Connection::take_chunk(std::string chunk, More more, Stream stream) {
  if (state_ != State::kPulling) return;
  if (more == More::kFailed) return close();  // without its end, so that the client sees that it is cut off
  chunk_ = std::move(chunk);
  sent_ = 0;
  tail_ = {};
  if (chunked_) {
    if (!chunk_.empty()) {
      std::array<char, 20> size;
      head_.assign(size.data(), std::to_chars(size.data(), size.data() + size.size(), chunk_.size(), 16).ptr);
      head_ += "\r\n";
      tail_ = "\r\n";
    }
    if (more == More::kNo) tail_ = chunk_.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
  }
  if (more == More::kYes) stream_ = std::move(stream);
  state_ = State::kSending;
  advance();
}

bool Connection::send_some() {
  const std::string_view middle = body_ ? std::string_view(*body_) : std::string_view(chunk_);
  const std::array<std::string_view, 3> pieces{head_, middle, tail_};
  const std::size_t total = head_.size() + middle.size() + tail_.size();
  std::size_t share = 0;
  while (sent_ < total) {
    if (!writable_) {
      if (share > 0) {
        owner_.wait_for(*this, Wait::kSend);
      } else {
        set_wait(Wait::kSend);
      }
      return false;
    }
    if (share >= kFairShare) {
      owner_.wait_for(*this, Wait::kSend);
      owner_.resume_later(*this);
      return false;
    }
    std::array<iovec, 3> vectors;
    int count = 0;
    std::size_t skip = sent_;
    std::size_t room = kFairShare;
    for (auto piece : pieces) {
      const auto skipped = std::min(skip, piece.size());
      skip -= skipped;
      piece = piece.substr(skipped, room);
      room -= piece.size();
      if (!piece.empty())
        vectors[static_cast<std::size_t>(count++)] = {const_cast<char*>(piece.data()), piece.size()};
    }
    const auto put = wire_.write(vectors.data(), count);
    if (put < 0) {
      if (errno == EINTR) continue;
      if (!would_block(errno)) {
        close();
        return false;
      }
      writable_ = false;
    } else {
      sent_ += static_cast<std::size_t>(put);
      share += static_cast<std::size_t>(put);
    }
  }
  sent_all();
  return true;
}

void Connection::sent_all() {
  release(head_);
  release(chunk_);
  body_.reset();
  tail_ = {};
  sent_ = 0;
  if (stream_ != nullptr) {
    state_ = State::kPulling;
    set_wait(Wait::kNothing);
    owner_.pull(*this, std::exchange(stream_, nullptr));
    return;
  }
  if (!close_after_ && !owner_.draining()) {
    state_ = State::kHead;
    fresh_input_ = !in_.empty();
    if (!fresh_input_) owner_.wait_for(*this, Wait::kIdle);
    return;
  }
  if (wire_.plain() && !readable_ && in_.empty()) return close();
  wire_.finish();
  release(in_);
  state_ = State::kLinger;
  owner_.wait_for(*this, Wait::kLinger);
}

bool Connection::discard_some() {
  if (!readable_) return false;
  auto& scratch = owner_.scratch;
  const auto got = wire_.read(scratch.data(), scratch.size());
  if (got < 0 && errno == EINTR) return true;
  if (got < 0 && would_block(errno)) {
    readable_ = false;
    return false;
  }
  if (got > 0) discarded_ += static_cast<std::size_t>(got);
  if (got > 0 && discarded_ < kMaxDiscarded) return true;
  close();
  return false;
}

void Connection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  set_wait(Wait::kNothing);
  owner_.close(*this);
}

void WaitList::push_back(Connection& connection, Wait wait, std::chrono::steady_clock::time_point now) {
  connection.wait_ = wait;
  connection.since_ = now;
  connection.previous_ = back_;
  connection.next_ = nullptr;
  (back_ != nullptr ? back_->next_ : front_) = &connection;
  back_ = &connection;
}

void WaitList::remove(Connection& connection) {
  (connection.previous_ != nullptr ? connection.previous_->next_ : front_) = connection.next_;
  (connection.next_ != nullptr ? connection.next_->previous_ : back_) = connection.previous_;
  connection.previous_ = connection.next_ = nullptr;
  connection.wait_ = Wait::kNothing;
}

}  // namespace exporter::detail
