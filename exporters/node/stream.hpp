// SPDX-License-Identifier: Apache-2.0
#pragma once

// A client's connection to a local service, over TCP or a Unix socket. Nothing waits longer than the deadline
// it is given.

#include <chrono>
#include <string>
#include <string_view>

#include <exporter/files.hpp>
#include <exporter/result.hpp>

namespace exporter::node {

class Stream {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  static Result<Stream> connect_tcp(const std::string& host, const std::string& port, Deadline deadline);
  static Result<Stream> connect_unix(std::string_view path, Deadline deadline);

  Status send(std::string_view bytes, Deadline deadline);
  /// Appends what there is, and waits for it. False at the end of the stream.
  Result<bool> receive(std::string& to, Deadline deadline);

 private:
  explicit Stream(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
};

/// Waits until the descriptor is ready for `events` (POLLIN, POLLOUT).
Status wait_for(int descriptor, short events, Stream::Deadline deadline);

}  // namespace exporter::node
