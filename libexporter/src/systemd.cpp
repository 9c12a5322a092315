// SPDX-License-Identifier: Apache-2.0
// Socket activation and notifications, as sd_listen_fds(3) and sd_notify(3) describe them.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <exporter/files.hpp>
#include <exporter/text.hpp>

#include "detail/web.hpp"

namespace exporter::detail {
namespace {

constexpr int kFirstSocket = 3;
constexpr int kMostSockets = 4096;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

}  // namespace

Result<std::vector<std::string>> adopt_systemd_sockets(Server& server) {
  const auto pid = parse<long>(environment("LISTEN_PID"));
  const auto count = parse<int>(environment("LISTEN_FDS"));
  // They are meant for this process, and not for the programs that it starts.
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  std::vector<std::string> addresses;
  if (pid && count && *pid == ::getpid()) {
    for (int fd = kFirstSocket; fd < kFirstSocket + std::min(*count, kMostSockets); ++fd) {
      auto address = server.adopt(fd);
      if (!address) return fail(address);
      addresses.push_back(std::move(*address));
    }
  }
  if (addresses.empty()) return fail(Code::kInvalid, "no socket activation file descriptors found");
  return addresses;
}

void notify_systemd(std::string_view state) {
  const auto path = environment("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  [[maybe_unused]] const auto sent =
      ::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&address), size);
}

void notify_systemd_reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  notify_systemd("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

}  // namespace exporter::detail
