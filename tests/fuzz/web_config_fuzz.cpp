// SPDX-License-Identifier: Apache-2.0

// Any bytes as a web config file, and as an Authorization header.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "detail/password.hpp"
#include "detail/web_config.hpp"
#include "detail/web_config_file.hpp"
#include "fuzz/fuzz.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const auto& entry : std::filesystem::directory_iterator(TEST_SOURCE_DIR "/fixtures/web_config")) {
    const auto text = exporter::detail::read_small_file(entry.path());
    if (text) use({reinterpret_cast<const std::uint8_t*>(text->data()), text->size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = exporter::detail::parse_web_config(text, "/etc");
  if (!config && config.error().message.empty()) __builtin_trap();
  (void)exporter::detail::parse_basic_auth(text);
  return 0;
}
