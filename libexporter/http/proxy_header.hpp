// SPDX-License-Identifier: Apache-2.0
#pragma once

// The header of HAProxy's PROXY protocol, version 2, which tells a server both ends of a connection.

#include <sys/socket.h>

#include <string>

namespace exporter::detail {

/// For a connected socket (IPv4, IPv6 or unix) of which `from` is our end and `to` the server's. Ends of
/// another or of different families give the header of a connection without addresses.
std::string proxy_header(const sockaddr_storage& from, const sockaddr_storage& to);

}  // namespace exporter::detail
