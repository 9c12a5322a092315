// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the JSON reader: skipping a text and walking all of it have to agree on whether it
// is JSON.

#include <exporter/json.hpp>

#include <cstdlib>

#include "fuzz.hpp"

using exporter::JsonReader;

namespace {

void walk(JsonReader& json) {
  switch (json.kind()) {
    case JsonReader::Kind::kObject:
      return json.object([&](std::string_view key) {
        if (key.size() % 2 == 0) walk(json);
      });
    case JsonReader::Kind::kArray:
      return json.array([&] { walk(json); });
    case JsonReader::Kind::kString:
      (void)json.string();
      return;
    default:
      return json.skip();
  }
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text :
       {R"({"a": [1, -2.5e3, null, true, "x\u00e9\n"], "": {"bc": {}}})", R"("\ud83d\ude00")", "[[[]]]"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  JsonReader skipped(text);
  skipped.skip();
  JsonReader walked(text);
  walk(walked);
  if (skipped.finish().has_value() != walked.finish().has_value()) std::abort();
  return 0;
}
