// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the reader of nginx's stub_status page.

#include <cstdlib>
#include <string_view>

#include "fuzz.hpp"
#include "stub_status.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  constexpr std::string_view kPage =
      "Active connections: 2 \nserver accepts handled requests\n 16 16 31 \nReading: 0 Writing: 1 Waiting: 1 "
      "\n";
  use({reinterpret_cast<const std::uint8_t*>(kPage.data()), kPage.size()});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto status = exporter::nginx::parse_stub_status({reinterpret_cast<const char*>(data), size});
  if (!status && status.error().message.empty()) std::abort();
  return 0;
}
