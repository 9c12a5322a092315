// SPDX-License-Identifier: Apache-2.0
#pragma once

// --auth-filter: asks the API server who the bearer of a token is, and whether they may get a path. Answers
// are remembered for a while, and tokens never: only their hashes.

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include <exporter/server.hpp>

#include "api/client.hpp"

namespace exporter::kube {

class AuthFilter {
 public:
  /// 200 where the request may go on, else the status to refuse it with: 401 without a token, or with one
  /// that the API server doesn't know, 403 where its owner may not get the path, 503 where the API server
  /// can't be asked. Blocks for up to ten seconds.
  int check(const Request& request, Client& client);

 private:
  using Clock = std::chrono::steady_clock;
  struct Known {
    int status;
    Clock::time_point until;
  };
  int ask(std::string_view token, std::string_view path, Client& client);

  std::mutex mutex_;
  std::map<std::string, Known, std::less<>> known_;  // by a hash of token and path
};

}  // namespace exporter::kube
