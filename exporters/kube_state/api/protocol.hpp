// SPDX-License-Identifier: Apache-2.0
#pragma once

// HTTP/1.1 and HTTP/2 on a connection that stands: bytes in, bytes out, no sockets.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/result.hpp>

#include "api/client.hpp"
#include "api/exchange.hpp"

namespace exporter::kube {

/// A request under way.
struct Call {
  Exchange* exchange = nullptr;
  ApiRequest request{};
  /// More headers, with their values; names in lower case.
  std::vector<std::pair<std::string, std::string>> headers{};
  bool again = false;  ///< has been sent before, and refused unprocessed
};

class Protocol {
 public:
  /// What becomes of calls that a server refused without looking at them: they are sent again.
  using Refused = std::vector<Call>;

  virtual ~Protocol() = default;

  /// Whether one more call can begin now.
  virtual bool has_room() const = 0;
  /// Whether all calls are.
  virtual bool patient() const = 0;
  virtual void begin(Call call) = 0;
  /// False where it has no such call.
  virtual bool cancel(const Exchange& exchange) = 0;
  /// An error ends the connection.
  virtual Status receive(std::string_view bytes) = 0;
  /// Appends what is to be sent.
  virtual void produce(std::string& out) = 0;
  /// Nothing more will come or go on this connection.
  virtual bool finished() const = 0;
  /// The other side has closed the connection, in order where `why` is good: ends all calls.
  virtual void closed(const Status& why) = 0;

  virtual void ping() {}
  /// Whether an answer to ping() is awaited.
  virtual bool awaits_pong() const { return false; }
  virtual bool can_ping() const { return false; }
  virtual Refused take_refused() { return {}; }
};

/// `prefix` stands in front of paths: "http://host:port", for a proxy.
std::unique_ptr<Protocol> make_http1(std::string authority, std::string prefix);
std::unique_ptr<Protocol> make_http2(std::string authority, bool tls);

/// Seconds of a Retry-After header; nothing for a date, which the API server doesn't send.
std::optional<std::chrono::seconds> retry_after(std::string_view value);

}  // namespace exporter::kube
