// SPDX-License-Identifier: Apache-2.0
// What goes out on a connection, and the way there from the thread that has the answer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <exporter/server.hpp>

#include "detail/inbox.hpp"

namespace exporter::detail {

using Stream = std::move_only_function<bool(std::string&)>;

/// A response in the form it is sent in.
struct Outgoing {
  std::string head;
  SharedBody body;
  Stream stream;
  bool close = false;    ///< the connection ends with it
  bool chunked = false;  ///< how the stream is sent
};

struct ResponseTraits {
  bool head_only = false;
  bool http10 = false;
  bool keep_alive = true;
};

Outgoing make_outgoing(Response response, const ResponseTraits& traits);

/// A plain text answer of the server's own.
Response error_response(int status);

/// Takes answers on the thread of the loop.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  virtual void answer(std::uint64_t connection, Outgoing outgoing) = 0;
};

}  // namespace exporter::detail

namespace exporter {

struct Reply::Sender {
  std::shared_ptr<detail::Inbox> inbox;
  detail::ReplySink* sink;  // lives at least until the inbox is closed
  std::uint64_t connection;
  detail::ResponseTraits traits;
  std::shared_ptr<const Reply::Headers> extra{};

  void send(Response response);
};

}  // namespace exporter
