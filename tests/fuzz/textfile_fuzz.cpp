// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the parser of other programs' metric files, and checks what it promises of the
// result.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "exposition.hpp"
#include "exposition_parser.hpp"
#include "fuzz.hpp"

using namespace exporter;

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(TEST_SOURCE_DIR "/fixtures/textfile")) {
    if (entry.path().extension() != ".prom") continue;
    const auto text = testing::read_text(entry.path());
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto parsed = node::Exposition::parse(text);
  if (!parsed) {
    if (parsed.error().message.empty()) std::abort();
    return 0;
  }
  const node::Exposition moved = std::move(*parsed);
  for (const auto& family : moved.families()) {
    if (family.name.empty() || family.series.empty()) std::abort();
    std::size_t bytes = family.help.size();
    for (const auto& series : family.series) {
      const auto labels = moved.labels(series);
      if (labels.size() != moved.labels(family.series.front()).size()) std::abort();
      if (!std::ranges::is_sorted(labels, {}, &Label::name)) std::abort();
      if (std::ranges::adjacent_find(labels, {}, &Label::name) != labels.end()) std::abort();
      for (const auto& label : labels) bytes += std::count(label.value.begin(), label.value.end(), '\n');
    }
    volatile std::size_t used = bytes;
    (void)used;
  }
  return 0;
}
