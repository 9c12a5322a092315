// SPDX-License-Identifier: Apache-2.0
// Reads every object of tests/fixtures/kube_state/<resource>/<case>/ and compares the page with
// `expected.prom`. The objects come from a real API server: object.json as it answers in JSON, object.pb in
// protobuf; the pages from the exporter that is replaced, with all labels, annotations and families on.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "api/json_wire.hpp"
#include "exposition.hpp"
#include "resource.hpp"
#include "store/page.hpp"
#include "store/store.hpp"

namespace exporter::kube {
namespace {

namespace fs = std::filesystem;
using exporter::testing::read_text;

const fs::path kFixtures = fs::path(TEST_SOURCE_DIR) / "fixtures/kube_state";

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& resource : fs::directory_iterator(kFixtures)) {
    if (!resource.is_directory()) continue;
    for (const auto& entry : fs::directory_iterator(resource.path())) {
      if (fs::exists(entry.path() / "object.json")) found.push_back(fs::relative(entry.path(), kFixtures));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

const Resource* find_resource(std::string_view name) {
  for (const auto* resource : resources()) {
    if (resource->name == name) return resource;
  }
  return nullptr;
}

/// The page of a store that has one object.
std::string page_of(const Resource& resource, std::string_view wire) {
  const auto all = [](std::string_view) { return true; };
  StoreOptions options;
  options.wanted.assign(resource.families.size(), true);
  options.picks_label = all;
  options.picks_annotation = all;
  Store store(resource, options);
  auto& source = store.source();
  source.list_begins();
  source.object(wire);
  source.list_ends();
  EXPECT_EQ(store.malformed(), 0U);
  Store* const stores[] = {&store};
  return render(stores);
}

class ResourceCase : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    resource_ = find_resource(GetParam().substr(0, GetParam().find('/')));
    ASSERT_NE(resource_, nullptr);
  }
  std::string file(const char* name) const { return read_text((kFixtures / GetParam() / name).string()); }
  void expect_page(std::string_view wire) const {
    const auto found =
        exporter::testing::differences(exporter::testing::parse_exposition(page_of(*resource_, wire)),
                                       exporter::testing::parse_exposition(file("expected.prom")));
    for (const auto& line : found) ADD_FAILURE() << line;
  }

  const Resource* resource_ = nullptr;
};

TEST_P(ResourceCase, FromJson) {
  std::string wire;
  const auto status = append_wire(file("object.json"), *resource_->schema, wire);
  ASSERT_TRUE(status) << status.error().message;
  expect_page(wire);
}

TEST_P(ResourceCase, FromProtobuf) {
  const auto wire = file("object.pb");
  if (wire.empty()) GTEST_SKIP() << "no object.pb";
  expect_page(wire);
}

/// Whatever is cut off an object, reading it ends.
TEST_P(ResourceCase, CutOff) {
  const auto wire = file("object.pb");
  for (std::size_t size = 0; size < wire.size(); size += 1 + wire.size() / 64) {
    Store store(*resource_, {});
    auto& source = store.source();
    source.list_begins();
    source.object(std::string_view(wire).substr(0, size));
    source.list_ends();
    Store* const stores[] = {&store};
    EXPECT_TRUE(exporter::testing::parse_exposition(render(stores)).problems.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(KubeState, ResourceCase, ::testing::ValuesIn(cases()), [](const auto& test) {
  std::string name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});

TEST(Resources, AreSortedAndComplete) {
  const auto all = resources();
  EXPECT_EQ(all.size(), 39U);
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, [](const Resource* resource) { return resource->name; }));
  std::size_t families = 0;
  std::size_t on_by_default = 0;
  for (const auto* resource : all) {
    EXPECT_NE(resource->read, nullptr) << resource->name;
    EXPECT_NE(resource->schema, nullptr) << resource->name;
    families += resource->families.size();
    on_by_default += resource->on_by_default ? 1 : 0;
  }
  EXPECT_EQ(families, 336U);
  EXPECT_EQ(on_by_default, 32U);
}

}  // namespace
}  // namespace exporter::kube
