// SPDX-License-Identifier: Apache-2.0
// Host names to addresses, within a deadline.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::redis {

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

/// Never empty where it succeeds. A resolver that hangs is left behind in a thread of its own.
Result<std::vector<Endpoint>> resolve(const std::string& host, const std::string& port,
                                      std::chrono::steady_clock::time_point deadline);

}  // namespace exporter::redis
