// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the reader of Apache's mod_status page, and writes the families.

#include "server_status.hpp"

#include <cstdlib>

#include "fuzz.hpp"

using namespace exporter;

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  constexpr std::string_view kPage =
      "ServerVersion: Apache/2.4.57 (Debian)\nServerMPM: event\nUptime: 3\nCPUUser: .1\nScoreboard: _W.\n"
      "ProxyBalancer[0]Name: balancer://a\nProxyBalancer[0]Worker[0]Name: "
      "http://b\nProxyBalancer[0]Worker[0]Sent: 0K\n";
  use({reinterpret_cast<const std::uint8_t*>(kPage.data()), kPage.size()});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  apache::ServerStatus status;
  const auto parsed = apache::parse_server_status({reinterpret_cast<const char*>(data), size}, status);
  if (!parsed && parsed.error().message.empty()) std::abort();
  Sink sink;
  apache::write_server_status(sink, status, parsed.has_value());
  return 0;
}
