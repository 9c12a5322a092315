// SPDX-License-Identifier: Apache-2.0

// Any bytes as a duration: what is taken must print as a text that means the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <exporter/flags.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = exporter::parse_duration({reinterpret_cast<const char*>(data), size});
  if (!parsed) return 0;
  const auto again = exporter::parse_duration(exporter::format_duration(*parsed));
  if (!again || *again != *parsed) std::abort();
  return 0;
}
