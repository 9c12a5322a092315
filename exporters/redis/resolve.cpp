// SPDX-License-Identifier: Apache-2.0
// getaddrinfo() knows no time limit: a name is looked up in a thread that can be left behind.

#include "resolve.hpp"

#include <netdb.h>

#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace exporter::redis {
namespace {

Result<std::vector<Endpoint>> look_up(const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return fail(Code::kUnavailable, "lookup " + host + ": " + ::gai_strerror(error));
  }
  std::vector<Endpoint> endpoints;
  for (const auto* it = found; it; it = it->ai_next) {
    if (it->ai_addrlen > sizeof(sockaddr_storage)) continue;
    auto& endpoint = endpoints.emplace_back();
    std::memcpy(&endpoint.address, it->ai_addr, it->ai_addrlen);
    endpoint.size = it->ai_addrlen;
  }
  ::freeaddrinfo(found);
  if (endpoints.empty()) return fail(Code::kUnavailable, "lookup " + host + ": no address");
  return endpoints;
}

struct Shared {
  std::mutex mutex;
  std::condition_variable ready;
  std::optional<Result<std::vector<Endpoint>>> result;
};

}  // namespace

Result<std::vector<Endpoint>> resolve(const std::string& host, const std::string& port,
                                      std::chrono::steady_clock::time_point deadline) {
  if (auto numeric = look_up(host, port, AI_NUMERICHOST)) return numeric;
  const auto shared = std::make_shared<Shared>();
  try {
    std::thread([shared, host, port] {
      auto result = look_up(host, port, AI_ADDRCONFIG);
      const std::lock_guard lock(shared->mutex);
      shared->result = std::move(result);
      shared->ready.notify_one();
    }).detach();
  } catch (const std::system_error&) {
    return fail(Code::kUnavailable, "lookup " + host + ": no thread can be made");
  }
  std::unique_lock lock(shared->mutex);
  if (!shared->ready.wait_until(lock, deadline, [&] { return shared->result.has_value(); })) {
    return fail(Code::kTimeout, "lookup " + host + ": i/o timeout");
  }
  return std::move(*shared->result);
}

}  // namespace exporter::redis
