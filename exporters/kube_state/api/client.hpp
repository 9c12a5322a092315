// SPDX-License-Identifier: Apache-2.0
#pragma once

// Talks to the API server: one thread, and one TLS connection for all requests where the server speaks
// HTTP/2. What follows resources (reflectors.hpp) runs on that thread; any other thread may ask for single
// answers.
//
//     Client client(std::move(*options));
//     if (auto status = client.start(); !status) return fail(status);
//     auto version = client.call({.path = "/version"}, Client::Clock::now() + 10s);

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <exporter/result.hpp>

#include "api/options.hpp"

namespace exporter::kube {

struct ApiRequest {
  std::string method = "GET";
  std::string path{};  ///< with the query: "/api/v1/pods?limit=500"
  std::string accept = "application/json";
  std::string body{};
  std::string content_type = "application/json";  ///< of the body
};

struct ApiAnswer {
  int status = 0;
  std::string body{};
  std::string content_type{};
};

class Transport;

class Client {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Client(ApiOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Checks the options and starts the thread; does not connect.
  Status start();
  /// Ends all requests and the thread. Reflectors are to be gone by then.
  void stop();

  /// Any status is an answer, at most 16 MB of it. Not from a listener.
  Result<ApiAnswer> call(ApiRequest request, Clock::time_point deadline);

  /// For what runs on the client's thread.
  Transport& transport();

 private:
  std::unique_ptr<Transport> transport_;
};

}  // namespace exporter::kube
