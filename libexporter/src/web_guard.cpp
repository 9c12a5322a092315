// SPDX-License-Identifier: Apache-2.0
// Lets requests through, or not.

#include "detail/web_guard.hpp"

#include <algorithm>
#include <utility>

namespace exporter::detail {
namespace {

void refuse(Reply reply, int status) {
  Response response;
  response.status = status;
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (status == 401) {
    response.headers.emplace_back("WWW-Authenticate", "Basic");
    response.body = shared_body("Unauthorized\n");
  } else {
    response.body = shared_body(status == 429 ? "Too Many Requests\n" : "Internal Server Error\n");
  }
  reply.send(std::move(response));
}

}  // namespace

bool TokenBucket::take(std::chrono::steady_clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (filled_ != std::chrono::steady_clock::time_point{} && now > filled_) {
    const std::chrono::duration<double, std::nano> passed = now - filled_;
    tokens_ += passed.count() / static_cast<double>(limit_.interval.count());
  }
  filled_ = std::max(filled_, now);
  tokens_ = std::min(tokens_, static_cast<double>(limit_.burst));
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

WebGuard::WebGuard(std::shared_ptr<WebConfigFile> file, const std::optional<RateLimit>& limit, Work work,
                   Handler next)
    : file_(std::move(file)), work_(std::move(work)), next_(std::move(next)) {
  if (limit) bucket_.emplace(*limit);
}

void WebGuard::handle(const Request& request, Reply reply) {
  const auto current = file_->current();
  if (!current) return refuse(std::move(reply), 500);
  const auto& config = **current;
  if (bucket_ && !bucket_->take(std::chrono::steady_clock::now())) return refuse(std::move(reply), 429);
  if (config.headers) reply.add_headers(config.headers);
  if (config.users.empty()) return next_(request, std::move(reply));
  auto credentials = parse_basic_auth(request.header("authorization"));
  if (!credentials) return refuse(std::move(reply), 401);
  check(request, std::move(reply), config, std::move(*credentials));
}

void WebGuard::check(const Request& request, Reply reply, const WebConfig& config, Credentials credentials) {
  const auto found = config.users.find(credentials.user);
  const bool known = found != config.users.end();
  // Somebody who is unknown takes as long as somebody known with a wrong password.
  const auto& hash = known ? found->second : config.users.begin()->second;
  if (config.plain_passwords) {
    // Digests, so that the time of a comparison tells nothing of the password.
    const bool right = cache_.key({}, {}, credentials.password) == cache_.key({}, {}, hash);
    return right && known ? next_(request, std::move(reply)) : refuse(std::move(reply), 401);
  }
  const auto key = cache_.key(credentials.user, hash, credentials.password);
  if (const auto right = cache_.find(key)) {
    return *right ? next_(request, std::move(reply)) : refuse(std::move(reply), 401);
  }
  checker_.submit([this, key, known, hash, request = std::make_unique<Request>(request),
                   reply = std::move(reply), password = std::move(credentials.password)]() mutable {
    auto right = cache_.find(key);  // others may have come with the same while this waited
    if (!right) {
      right = bcrypt_matches(hash, password) && known;
      cache_.add(key, *right);
    }
    if (!*right) return refuse(std::move(reply), 401);
    work_([this, request = std::move(request), reply = std::move(reply)]() mutable {
      next_(*request, std::move(reply));
    });
  });
}

}  // namespace exporter::detail
