// SPDX-License-Identifier: Apache-2.0

// Any bytes as a duration: what is taken must print as a text that means the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <exporter/flags.hpp>

#include "fuzz.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text : {"1h30m", "-1.5ms", "2d", "1y2w3d4h5m6s7ms", "3us", "+0"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = exporter::parse_duration({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const auto again = exporter::parse_duration(exporter::format_duration(*parsed));
  if (!again || *again != *parsed) std::abort();
  return 0;
}
