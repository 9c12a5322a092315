// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the walks over the answers of NGINX Plus's API: the first byte chooses the path.

#include "plus_status.hpp"

#include <cstdlib>
#include <string>

#include "exposition.hpp"
#include "fuzz.hpp"

using namespace exporter;

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  std::uint8_t index = 0;
  for (const auto sections : {nginx::plus_http_sections(), nginx::plus_stream_sections()}) {
    for (const auto& section : sections) {
      const auto file =
          std::string(TEST_SOURCE_DIR) + "/fixtures/nginx_plus/9/" + std::string(section.path) + ".json";
      const auto text = static_cast<char>(index++) + testing::read_text(file);
      use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto http = nginx::plus_http_sections(), stream = nginx::plus_stream_sections();
  const std::size_t index = data[0] % (http.size() + stream.size());
  const auto& section = index < http.size() ? http[index] : stream[index - http.size()];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  Sink sink;
  const auto status = nginx::write_plus_section(sink, section, text);
  if (!status && status.error().message.empty()) std::abort();
  (void)nginx::parse_plus_list(text);
  (void)nginx::newest_plus_version(text, 9);
  return 0;
}
