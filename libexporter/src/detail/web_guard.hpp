// SPDX-License-Identifier: Apache-2.0
// What a web config file puts before the handler of requests: a limit, headers, and users with passwords.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

#include <exporter/server.hpp>

#include "detail/password.hpp"
#include "detail/web_config_file.hpp"
#include "detail/worker_pool.hpp"

namespace exporter::detail {

/// A bucket that is full at first, loses one token a request and gains one each interval.
class TokenBucket {
 public:
  explicit TokenBucket(RateLimit limit) : limit_(limit), tokens_(static_cast<double>(limit.burst)) {}
  bool take(std::chrono::steady_clock::time_point now);

 private:
  const RateLimit limit_;
  std::mutex mutex_;
  double tokens_;
  std::chrono::steady_clock::time_point filled_{};
};

class WebGuard {
 public:
  using Task = std::move_only_function<void()>;
  using Work = std::function<void(Task)>;

  /// `work` runs what comes after a password has been checked: that thread is for nothing else.
  WebGuard(std::shared_ptr<WebConfigFile> file, const std::optional<RateLimit>& limit, Work work,
           Handler next);

  void handle(const Request& request, Reply reply);

 private:
  void check(const Request& request, Reply reply, const WebConfig& config, Credentials credentials);

  const std::shared_ptr<WebConfigFile> file_;
  std::optional<TokenBucket> bucket_;
  const Work work_;
  const Handler next_;
  PasswordCache cache_;
  WorkerPool checker_{1};  // the last, as it is the first to go
};

}  // namespace exporter::detail
