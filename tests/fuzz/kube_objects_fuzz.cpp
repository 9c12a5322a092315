// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to the readers of Kubernetes objects: the first byte picks the resource, the rest is
// an object in protobuf's wire format, or in JSON where the first byte's highest bit is set. Whatever it is,
// the page must stay well-formed.

#include <cstdlib>
#include <string>
#include <string_view>

#include <exporter/text.hpp>

#include "api/json_wire.hpp"
#include "exposition.hpp"
#include "fuzz.hpp"
#include "resource.hpp"
#include "store/page.hpp"
#include "store/store.hpp"

using namespace exporter;

namespace {

constexpr unsigned char kJson = 0x80;

kube::StoreOptions everything(const kube::Resource& resource) {
  const auto all = [](std::string_view) { return true; };
  kube::StoreOptions options;
  options.wanted.assign(resource.families.size(), true);
  options.picks_label = all;
  options.picks_annotation = all;
  return options;
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  const auto all = kube::resources();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string folder = TEST_SOURCE_DIR "/fixtures/kube_state/" + std::string(all[i]->name);
    // The first case of each resource will do.
    for (const char* name : {"odd", "odd-node", "odd-csi", "odd-policy", "odd-binding", "odd-hooks", "states",
                             "resources", "strategy-0", "owned", "bare", "failing", "suspended"}) {
      for (const bool json : {false, true}) {
        const auto object = testing::read_text(folder + '/' + name + (json ? "/object.json" : "/object.pb"));
        if (object.empty()) continue;
        const auto input = static_cast<char>(i | (json ? kJson : 0)) + object;
        use({reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
      }
    }
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto all = kube::resources();
  if (size == 0) return 0;
  const auto& resource = *all[(data[0] & ~kJson) % all.size()];
  std::string_view object(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string wire;
  if ((data[0] & kJson) != 0) {
    if (!kube::append_wire(object, *resource.schema, wire)) return 0;
    object = wire;
  }
  kube::Store store(resource, everything(resource));
  auto& source = store.source();
  source.list_begins();
  source.object(object);
  source.list_ends();
  kube::Store* const stores[] = {&store};
  const auto page = kube::render(stores);
  // Every line is a header, or a sample with its value behind the last blank.
  for (const auto line : Lines(page)) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto blank = line.rfind(' ');
    if (blank == std::string_view::npos || !parse<double>(line.substr(blank + 1))) std::abort();
  }
  return 0;
}
