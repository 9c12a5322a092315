// SPDX-License-Identifier: Apache-2.0
// Makes the PROXY protocol's binary header.

#include "proxy_header.hpp"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>

namespace exporter::detail {
namespace {

constexpr char kSignature[] = "\r\n\r\n\0\r\nQUIT\n";
constexpr char kVersion2Proxy = 0x21;
constexpr char kTcp4 = 0x11, kTcp6 = 0x21, kUnixStream = 0x31, kUnspecified = 0;
constexpr std::size_t kUnixPath = 108;

void append(std::string& out, const void* bytes, std::size_t count) {
  out.append(static_cast<const char*>(bytes), count);
}

template <class T>
T as(const sockaddr_storage& address) {
  T result;
  std::memcpy(&result, &address, sizeof result);
  return result;
}

}  // namespace

std::string proxy_header(const sockaddr_storage& from, const sockaddr_storage& to) {
  char kind = kUnspecified;
  std::string ends;
  const auto family = from.ss_family == to.ss_family ? from.ss_family : AF_UNSPEC;
  if (family == AF_INET) {
    const auto a = as<sockaddr_in>(from), b = as<sockaddr_in>(to);
    kind = kTcp4;
    append(ends, &a.sin_addr, sizeof a.sin_addr);
    append(ends, &b.sin_addr, sizeof b.sin_addr);
    append(ends, &a.sin_port, sizeof a.sin_port);
    append(ends, &b.sin_port, sizeof b.sin_port);
  } else if (family == AF_INET6) {
    const auto a = as<sockaddr_in6>(from), b = as<sockaddr_in6>(to);
    kind = kTcp6;
    append(ends, &a.sin6_addr, sizeof a.sin6_addr);
    append(ends, &b.sin6_addr, sizeof b.sin6_addr);
    append(ends, &a.sin6_port, sizeof a.sin6_port);
    append(ends, &b.sin6_port, sizeof b.sin6_port);
  } else if (family == AF_UNIX) {
    const auto a = as<sockaddr_un>(from), b = as<sockaddr_un>(to);
    static_assert(sizeof a.sun_path == kUnixPath);
    kind = kUnixStream;
    append(ends, a.sun_path, kUnixPath);
    append(ends, b.sun_path, kUnixPath);
  }
  std::string header(kSignature, sizeof kSignature - 1);
  header += kVersion2Proxy;
  header += kind;
  header += '\0';
  header += static_cast<char>(ends.size());  // at most 216
  return header + ends;
}

}  // namespace exporter::detail
