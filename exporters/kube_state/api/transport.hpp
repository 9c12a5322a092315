// SPDX-License-Identifier: Apache-2.0
#pragma once

// Connections to the API server, and the requests on them. For the client's thread only, unless said
// otherwise.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <exporter/result.hpp>

#include "api/client.hpp"
#include "api/exchange.hpp"
#include "api/loop.hpp"
#include "api/options.hpp"
#include "api/protocol.hpp"
#include "api/proxy.hpp"

namespace exporter::kube {

class Connection;

struct TransportSettings {
  bool http2 = true;                             ///< where the server has it
  std::chrono::milliseconds connect{15'000};     ///< for all steps until a request can be sent
  std::chrono::milliseconds ping_after{30'000};  ///< of silence, where HTTP/2 is spoken
  std::chrono::milliseconds ping_wait{15'000};   ///< for the answer; without it the connection is dead
};

class Transport {
 public:
  explicit Transport(ApiOptions options, TransportSettings settings = {});
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  /// From the thread that owns the transport.
  Status start();
  void stop();

  Loop& loop() { return loop_; }

  void begin(Exchange& exchange, ApiRequest request);
  /// The exchange is not called any more.
  void cancel(Exchange& exchange);
  bool ended() const { return ended_; }
  /// The server said 401: the token's file is read again for the next request.
  void token_refused() { token_read_ = {}; }

 private:
  friend class Connection;

  void begin(Call call);
  void end_soon(Exchange& exchange, Error error);
  Status add_headers(Call& call);
  Result<std::string> bearer();
  void drop(const Connection& connection);

  Loop loop_;  // outlives the rest
  ApiOptions options_;
  TransportSettings settings_;
  Url server_;
  std::optional<Url> proxy_;
  bool http2_ = true;  // until a server chose otherwise
  bool ended_ = false;
  std::string token_;
  Loop::Clock::time_point token_read_{};
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::pair<Exchange*, Error>> failing_;  // to be told soon
};

}  // namespace exporter::kube
