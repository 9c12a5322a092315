// SPDX-License-Identifier: Apache-2.0
#pragma once

// The HTTP server: a loop that accepts, reads, writes and keeps the time for all connections. The thread that
// runs it runs a handler, too, when nothing else is to be done; when that takes longer than a moment, another
// thread goes on with the loop. Further handlers at the same time are run by a pool of workers, made when
// needed. A client that never reads, or never finishes its request, costs a descriptor until its time-out and
// never a thread.
//
//     Server server(options);
//     auto listening = server.listen({":9100"});
//     server.run([](const Request& request, Reply reply) { reply.send({.body = shared_body("hello\n")}); });

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter {

namespace detail {
class Transport;
}

/// A request whose head has been read whole and checked. Bodies are read and dropped, up to a limit.
struct EXPORTER_API Request {
  std::string method;                                        ///< "GET", "HEAD", "POST", ...
  std::string path;                                          ///< percent-decoded, without the query
  std::vector<std::pair<std::string, std::string>> query;    ///< percent-decoded, in order; a name may repeat
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string remote;                                        ///< the client's address, "" for a unix socket
  unsigned listener = 0;  ///< by which of the server's addresses it came, counted as they were opened
  std::chrono::steady_clock::time_point received;

  /// The first header of that name (given in lower case), or "".
  std::string_view header(std::string_view name) const;
  /// The first query parameter of that name, or "".
  std::string_view parameter(std::string_view name) const;
  /// All query parameters of that name.
  std::vector<std::string_view> parameters(std::string_view name) const;
};

/// Bytes that several connections may send at once.
using SharedBody = std::shared_ptr<const std::string>;

inline SharedBody shared_body(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};
  SharedBody body{};  ///< sent with a Content-Length; null is empty. Left out for HEAD, whose length stays.

  /// Where set, the body comes from here instead, chunk by chunk (chunked transfer coding; as it is until the
  /// connection closes for HTTP/1.0). Called on a worker whenever the client has taken most of what came
  /// before; appends to its argument; false ends the body. A slow client so holds no worker.
  std::move_only_function<bool(std::string&)> stream{};
};

/// The one answer to a request. It may be sent from any thread, now or later; the client's going away
/// meanwhile is no error. Destroyed unsent, it answers 500.
class EXPORTER_API Reply {
 public:
  struct Sender;  // the server's side
  explicit Reply(std::shared_ptr<Sender> sender) : sender_(std::move(sender)) {}
  Reply(Reply&&) = default;
  Reply& operator=(Reply&&) = default;
  ~Reply();

  void send(Response response);

  /// Headers that the answer gets, whatever it will be, unless it has them itself.
  using Headers = std::vector<std::pair<std::string, std::string>>;
  void add_headers(std::shared_ptr<const Headers> headers);

 private:
  std::shared_ptr<Sender> sender_;
};

/// Runs on a worker. It must answer within the request's deadline, or hand the Reply on to whoever will.
using Handler = std::function<void(const Request&, Reply)>;

struct ServerOptions {
  unsigned max_workers = 16;         ///< threads for handlers; they are made when needed and end after idling
  unsigned max_connections = 16384;  ///< above it the longest idle connection is closed for a new one
  std::size_t max_head_bytes = 16384;              ///< request line and headers; above it 431
  std::chrono::milliseconds head_timeout{5000};    ///< from the first byte to the whole head
  std::chrono::milliseconds idle_timeout{120000};  ///< between requests, and before the first
  std::chrono::milliseconds send_timeout{30000};   ///< without a byte taken by the client
};

class EXPORTER_API Server {
 public:
  explicit Server(ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the addresses in Go's forms: ":9100" and "[::]:9100" (IPv6 and IPv4), "0.0.0.0:9100" (IPv4 only),
  /// "[::1]:9100", "host:port", a service name for the port, "unix:/path" and "vsock://:9100". All or none.
  /// Returns the addresses as bound ("[::]:9100"), one each, so that port 0 can be asked for.
  Result<std::vector<std::string>> listen(const std::vector<std::string>& addresses);

  /// Takes over a descriptor that is listening already (systemd's socket activation).
  Result<std::string> adopt(int descriptor);

  /// Puts a layer such as TLS on each new connection: called with its descriptor, in the loop. One
  /// for which there is none is closed. Before run().
  using Layer = std::function<std::unique_ptr<detail::Transport>(int)>;
  void use_layer(Layer layer);

  /// Serves until stop(); requests under way are then given `grace` to finish.
  /// A handler that is still at work then does not hold run() up; the destructor waits for it.
  Status run(Handler handler, std::chrono::milliseconds grace = std::chrono::milliseconds(2000));

  /// Whether handlers are at work: after run(), what the destructor would wait for.
  bool busy() const;

  /// Ends run(). Any thread, and safe in a signal handler.
  void stop();

  /// Calls `task` soon in the loop, never two at once. Any thread.
  void post(std::move_only_function<void()> task);

  /// Calls `task` soon on a worker, as handlers are called. Any thread; dropped once run() has ended.
  void work(std::move_only_function<void()> task);

  /// Calls `task` in the loop at `when`, or right after it. Any thread.
  void at(std::chrono::steady_clock::time_point when, std::move_only_function<void()> task);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace exporter
