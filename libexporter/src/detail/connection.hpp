// SPDX-License-Identifier: Apache-2.0
// One connection: reads a request, waits for its answer, sends it, and over again. Belongs to the loop's
// thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <exporter/server.hpp>

#include "detail/http_parser.hpp"
#include "detail/response.hpp"
#include "detail/wire.hpp"

namespace exporter::detail {

/// What a connection waits for, each with its own time-out.
enum class Wait : std::uint8_t { kIdle, kHead, kSend, kLinger, kNothing };
inline constexpr std::size_t kWaits = 4;

class Connection;

/// What a connection asks of the server.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void dispatch(Connection& connection, std::unique_ptr<Request> request, ResponseTraits traits) = 0;
  /// Runs the stream on a worker and calls take_chunk() with what it gave.
  virtual void pull(Connection& connection, Stream stream) = 0;
  /// Starts the time-out anew.
  virtual void wait_for(Connection& connection, Wait wait) = 0;
  /// Calls advance() again after other connections had their turn.
  virtual void resume_later(Connection& connection) = 0;
  /// The connection is destroyed soon, after it has returned.
  virtual void close(Connection& connection) = 0;

  virtual std::size_t max_head_bytes() const = 0;
  virtual bool draining() const = 0;

  std::array<char, 16384> scratch;  // what is read lands here first, so that idle connections need no buffer
};

class Connection {
 public:
  Connection(ConnectionOwner& owner, std::uint64_t id, int fd, std::unique_ptr<Transport> layer = nullptr,
             unsigned listener = 0)
      : owner_(owner), id_(id), wire_(fd, std::move(layer)), listener_(listener) {}

  std::uint64_t id() const { return id_; }
  /// Which of the server's listeners it came by.
  unsigned listener() const { return listener_; }
  int fd() const { return wire_.fd(); }
  Wait wait() const { return wait_; }
  /// Between requests, or closing: nobody is owed an answer.
  bool at_rest() const {
    return state_ == State::kHead || state_ == State::kLinger || state_ == State::kClosed;
  }

  void on_events(std::uint32_t events);
  void on_timeout();
  void advance();
  void answer(Outgoing outgoing);
  enum class More : std::uint8_t { kYes, kNo, kFailed };
  void take_chunk(std::string chunk, More more, Stream stream);
  /// Ends it now.
  void shut() { close(); }
  void close_wire() { wire_.close(); }

 private:
  friend class WaitList;
  enum class State : std::uint8_t { kHead, kBody, kHandling, kSending, kPulling, kLinger, kClosed };

  bool read_some();
  void process_input(std::string_view data, bool from_scratch);
  std::size_t consume(std::string_view data);
  bool consume_head(std::string_view data, std::size_t& used);
  bool consume_body(std::string_view data, std::size_t& used);
  void refuse(int status);
  bool send_some();
  bool discard_some();
  void sent_all();
  void close();
  void set_wait(Wait wait) {
    if (wait != wait_) owner_.wait_for(*this, wait);
  }

  ConnectionOwner& owner_;
  std::uint64_t id_;
  Wire wire_;
  unsigned listener_;

  // For WaitList.
  Connection* previous_ = nullptr;
  Connection* next_ = nullptr;
  std::chrono::steady_clock::time_point since_;
  Wait wait_ = Wait::kNothing;

  State state_ = State::kHead;
  bool readable_ = false;  // as far as is known: the socket is watched for edges
  bool writable_ = true;
  bool input_ended_ = false;
  bool fresh_input_ = false;  // in_ has bytes that no state has looked at
  bool close_after_ = false;
  bool chunked_ = false;
  ResponseTraits traits_;

  std::string in_;
  HeadFinder finder_;
  BodySkipper skipper_;
  std::unique_ptr<Request> request_;

  // What is being sent: three pieces, of which sent_ bytes are gone.
  std::string head_;
  SharedBody body_;
  std::string chunk_;
  std::string_view tail_;
  std::size_t sent_ = 0;
  Stream stream_;
  std::size_t discarded_ = 0;
};

/// The connections that wait for the same thing, the longest waiting first.
class WaitList {
 public:
  Connection* front() const { return front_; }
  std::chrono::steady_clock::time_point front_since() const { return front_->since_; }
  void push_back(Connection& connection, Wait wait, std::chrono::steady_clock::time_point now);
  void remove(Connection& connection);

 private:
  Connection* front_ = nullptr;
  Connection* back_ = nullptr;
};

}  // namespace exporter::detail
