// SPDX-License-Identifier: Apache-2.0
// Opens listening sockets. Error texts read as Go's do, since that is what people search for.

#include "detail/listen.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

namespace exporter::detail {
namespace {

constexpr int kBacklog = 4096;  // the kernel lowers it to net.core.somaxconn

// Closes on every way out of a function that fails.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Code code_for(int error) { return error == EACCES || error == EPERM ? Code::kDenied : Code::kUnavailable; }

std::unexpected<Error> listen_error(std::string_view network, std::string_view address, std::string_view call,
                                    int error) {
  std::string text("listen ");
  text.append(network).append(" ").append(address).append(": ").append(call).append(": ");
  text += errno_text(error);
  return fail(code_for(error), std::move(text));
}

Error bad_address(std::string_view address, std::string_view why) {
  std::string text("listen tcp: address ");
  text.append(address).append(": ").append(why);
  return {Code::kInvalid, std::move(text)};
}

struct HostPort {
  std::string host;
  std::string port;
};

Result<HostPort> split_host_port(std::string_view address) {
  HostPort parts;
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos)
    return std::unexpected(bad_address(address, "missing port in address"));
  auto host = address.substr(0, colon);
  if (host.starts_with('[')) {
    if (!host.ends_with(']')) return std::unexpected(bad_address(address, "missing ']' in address"));
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::unexpected(bad_address(address, "too many colons in address"));
  }
  if (host.find_first_of("[]") != std::string_view::npos) {
    return std::unexpected(bad_address(address, "unexpected bracket in address"));
  }
  parts.host = host;
  parts.port = address.substr(colon + 1);
  return parts;
}

Result<std::uint16_t> port_number(const std::string& port) {
  if (port.empty()) return std::uint16_t{0};
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error == std::errc{} && end == port.data() + port.size()) return number;
  if (std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::unexpected(bad_address(port, "invalid port"));
  }
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(nullptr, port.c_str(), &hints, &found) != 0) {
    return fail(Code::kInvalid, "listen tcp: lookup tcp/" + port + ": unknown port");
  }
  sockaddr_in first{};
  std::memcpy(&first, found->ai_addr, sizeof first);
  ::freeaddrinfo(found);
  return ntohs(first.sin_port);
}

void set_port(sockaddr_storage& address, std::uint16_t port) {
  // The port is at the same place in both.
  reinterpret_cast<sockaddr_in*>(&address)->sin_port = htons(port);
}

Result<sockaddr_storage> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    const bool none = error == EAI_NONAME;
    return fail(Code::kUnavailable,
                "listen tcp: lookup " + host + ": " + (none ? "no such host" : ::gai_strerror(error)));
  }
  const addrinfo* best = found;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET) {  // as Go prefers
      best = at;
      break;
    }
  }
  sockaddr_storage address{};
  std::memcpy(&address, best->ai_addr, best->ai_addrlen);
  ::freeaddrinfo(found);
  return address;
}

socklen_t address_size(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

sockaddr_storage any_address(int family) {
  sockaddr_storage address{};  // all zero is "any" in both
  address.ss_family = static_cast<sa_family_t>(family);
  return address;
}

Result<Listener> finish(Fd fd, std::string path) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  std::string text;
  if (bound.ss_family == AF_UNIX) {
    const auto* name = reinterpret_cast<const char*>(&bound) + offsetof(sockaddr_un, sun_path);
    const auto room = size - std::min<std::size_t>(size, offsetof(sockaddr_un, sun_path));
    text = "unix:" + std::string(name, ::strnlen(name, room));
  } else if (bound.ss_family == AF_VSOCK) {
    text = "vsock://:" + std::to_string(reinterpret_cast<const sockaddr_vm*>(&bound)->svm_port);
  } else {
    text = address_text(bound);
  }
  return Listener(fd.release(), std::move(text), std::move(path));
}

Result<Listener> listen_tcp(std::string_view text) {
  auto parts = split_host_port(text);
  if (!parts) return fail(parts);
  const auto port = port_number(parts->port);
  if (!port) return fail(port);

  const bool any = parts->host.empty() || parts->host == "::";
  sockaddr_storage address = any_address(AF_INET6);
  if (!any) {
    const auto resolved = resolve(parts->host);
    if (!resolved) return fail(resolved);
    address = *resolved;
  }
  constexpr int kType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  int raw = ::socket(address.ss_family, kType, 0);
  // A kernel without IPv6, or one where it is switched off and "::" cannot be bound.
  const auto without_ipv6 = [&] {
    address = any_address(AF_INET);
    return ::socket(AF_INET, kType, 0);
  };
  if (raw < 0 && any && errno == EAFNOSUPPORT) raw = without_ipv6();
  for (;;) {
    if (raw < 0) return listen_error("tcp", text, "socket", errno);
    Fd fd(raw);
    const int on = 1;
    const int off = 0;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address.ss_family == AF_INET6) {
      ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, any ? &off : &on, sizeof on);
    }
    set_port(address, *port);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), address_size(address)) != 0) {
      if (any && address.ss_family == AF_INET6 && errno == EADDRNOTAVAIL) {
        raw = without_ipv6();
        continue;
      }
      return listen_error("tcp", text, "bind", errno);
    }
    if (::listen(fd.get(), kBacklog) != 0) return listen_error("tcp", text, "listen", errno);
    return finish(Fd(fd.release()), {});
  }
}

// Whether the socket file is what a process that died has left behind.
bool is_stale(const sockaddr_un& address, socklen_t size) {
  struct stat status {};
  if (::lstat(address.sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) return false;
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return probe.get() >= 0 && ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 &&
         errno == ECONNREFUSED;
}

Result<Listener> listen_unix(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return fail(Code::kInvalid,
                "listen unix " + std::string(path) + ": the path is empty or longer than 107 bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return listen_error("unix", path, "socket", errno);
  int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size);
  if (bound != 0 && errno == EADDRINUSE) {
    if (is_stale(address, size)) {
      ::unlink(address.sun_path);
      bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size);
    } else {
      errno = EADDRINUSE;
    }
  }
  if (bound != 0) return listen_error("unix", path, "bind", errno);
  if (::listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    ::unlink(address.sun_path);
    return listen_error("unix", path, "listen", error);
  }
  return finish(Fd(fd.release()), std::string(path));
}

Result<Listener> listen_vsock(std::string_view text) {
  sockaddr_vm address{};
  address.svm_family = AF_VSOCK;
  address.svm_cid = VMADDR_CID_ANY;
  const auto colon = text.rfind(':');
  const auto number = [](std::string_view s, unsigned& out) {
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
    return error == std::errc{} && end == s.data() + s.size();
  };
  unsigned port = 0;
  if (colon == std::string_view::npos || !number(text.substr(colon + 1), port) ||
      (colon > 0 && !number(text.substr(0, colon), address.svm_cid))) {
    return fail(Code::kInvalid, "listen vsock: address " + std::string(text) + ": want vsock://:port");
  }
  address.svm_port = port;
  Fd fd(::socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return listen_error("vsock", text, "socket", errno);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return listen_error("vsock", text, "bind", errno);
  }
  if (::listen(fd.get(), kBacklog) != 0) return listen_error("vsock", text, "listen", errno);
  return finish(Fd(fd.release()), {});
}

}  // namespace

Listener::~Listener() {
  if (fd_ < 0) return;
  if (!path_.empty()) ::unlink(path_.c_str());
  ::close(fd_);
}

Result<Listener> open_listener(std::string_view address) {
  if (address.starts_with("unix:")) return listen_unix(address.substr(5));
  if (address.starts_with("vsock://")) return listen_vsock(address.substr(8));
  return listen_tcp(address);
}

Result<Listener> adopt_listener(int fd) {
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || listening == 0) {
    return fail(Code::kInvalid, "descriptor " + std::to_string(fd) + " is not a listening socket");
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  return finish(Fd(fd), {});
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    const auto& in = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
    return std::string(text) + ":" + std::to_string(ntohs(in.sin_port));
  }
  if (address.ss_family != AF_INET6) return {};
  const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
  const auto port = std::to_string(ntohs(in.sin6_port));
  if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
    ::inet_ntop(AF_INET, &in.sin6_addr.s6_addr[12], text, sizeof text);
    return std::string(text) + ":" + port;
  }
  ::inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
  return "[" + std::string(text) + "]:" + port;
}

}  // namespace exporter::detail
