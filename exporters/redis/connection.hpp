// SPDX-License-Identifier: Apache-2.0
// A connection to one server. No call waits beyond its deadline.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <exporter/result.hpp>

#include "address.hpp"
#include "resp.hpp"
#include "tls.hpp"

namespace exporter::redis {

using Deadline = std::chrono::steady_clock::time_point;

class Connection {
 public:
  /// Connects and, for a TLS address, shakes hands; nothing is sent beyond that. `tls` is needed there.
  static Result<std::unique_ptr<Connection>> dial(const Address& address, const TlsContext* tls,
                                                  Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends commands and waits for as many replies, which `replies` then has. After an error the connection is
  /// of no more use.
  Status exchange(const Commands& commands, Replies& replies, Deadline deadline);

  /// Whether the last exchange() ended before a single byte came back: what a server does that closed an idle
  /// connection meanwhile.
  bool closed_silently() const { return closed_silently_; }

 private:
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  std::unexpected<Error> timed_out() const;
  Status wait(short events, Deadline deadline) const;
  Status send(std::string_view bytes, Replies& replies, Deadline deadline);
  Result<std::size_t> read_some(Deadline deadline);
  Status take(std::size_t bytes, Replies& replies, Deadline deadline);

  int descriptor_;
  std::unique_ptr<TlsSession> tls_;
  std::string peer_;
  bool closed_silently_ = false;
  std::size_t received_ = 0;
  std::unique_ptr<char[]> buffer_;
};

}  // namespace exporter::redis
