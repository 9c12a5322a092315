// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small HTTP server for tests of the API client, HTTP/1.1 without TLS or HTTP/2 with it, whose handler can
// do what real servers do on bad days: be silent, break off, send garbage.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "libexporter/tls_tools.hpp"

namespace kube_test {

struct StubRequest {
  std::string method;
  std::string path;  // without the query
  std::map<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

/// An answer, written by a handler on a thread of its own.
class StubReply {
 public:
  virtual ~StubReply() = default;
  virtual void head(int status, const std::string& type, const std::string& retry_after = {}) = 0;
  /// False once the client has gone.
  virtual bool write(std::string_view bytes) = 0;
  virtual void end() = 0;
  /// Breaks off.
  virtual void cut() = 0;
  virtual bool gone() = 0;
};

class StubConnection;

class StubServer {
 public:
  using Handler = std::function<void(const StubRequest& request, StubReply& reply)>;
  struct Options {
    const exporter_test::Identity* identity = nullptr;  // with it: TLS and HTTP/2
    bool silent = false;                                // takes connections and says nothing on them
  };

  explicit StubServer(Handler handler) : StubServer(std::move(handler), Options()) {}
  StubServer(Handler handler, Options options);
  ~StubServer();
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  std::string url() const;
  int port() const { return port_; }
  /// How many connections there have been.
  int connections() const { return connections_; }
  /// Breaks all connections off, and refuses new ones until start().
  void stop();
  void start();
  /// HTTP/2: says on all connections that no more requests are to begin on them.
  void go_away();
  /// HTTP/2: reads nothing and sends nothing any more, as if the network had lost the way.
  void freeze() { frozen_ = true; }
  bool frozen() const { return frozen_; }

  const Handler& handler() const { return handler_; }
  const Options& options() const { return options_; }

 private:
  void accept_connections();

  Handler handler_;
  Options options_;
  int port_ = 0;
  int listening_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> frozen_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<StubConnection>> open_;
};

/// The text of a query or path with its escapes undone.
std::string unescaped(std::string_view text);

}  // namespace kube_test
