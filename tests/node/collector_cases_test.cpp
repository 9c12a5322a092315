// SPDX-License-Identifier: Apache-2.0
// Runs every case of tests/fixtures/node/<collector>/<case>/ (see collector_case.hpp) and compares what is
// exposed with `expected.prom`, and where collecting fails, the error with `expected.error`.

#include <gtest/gtest.h>

#include "collector_case.hpp"

namespace exporter::node {
namespace {

namespace fs = std::filesystem;

class CollectorCase : public ::testing::TestWithParam<std::string> {};

TEST_P(CollectorCase, ExposesWhatIsExpected) {
  const fs::path dir = fs::path(TEST_SOURCE_DIR) / "fixtures/node" / GetParam();
  const std::string name = GetParam().substr(0, GetParam().find('/'));
  testing::CollectorRun run(name, dir);
  ASSERT_NE(run.spec(), nullptr) << "no collector " << name;
  // The second run reads through descriptors that the first one left open, and must not differ.
  run.collect();
  run.collect();

  if (fs::exists(dir / "expected.error")) {
    ASSERT_FALSE(run.status()) << "expected an error";
    const auto expected = exporter::testing::read_text(dir / "expected.error");
    EXPECT_NE(run.status().error().message.find(trim(expected)), std::string::npos)
        << run.status().error().message;
    if (!run.spec()->keep_partial) return;
  } else {
    ASSERT_TRUE(run.status()) << run.status().error().message;
  }
  auto expected = exporter::testing::read_text(dir / "expected.prom");
  for (std::size_t at = 0; (at = expected.find("{dir}", at)) != std::string::npos;) {
    expected.replace(at, 5, dir.string());
  }
  const auto found = exporter::testing::differences(exporter::testing::parse_exposition(run.page()),
                                                    exporter::testing::parse_exposition(expected));
  for (const auto& line : found) ADD_FAILURE() << line;
}

INSTANTIATE_TEST_SUITE_P(Node, CollectorCase, ::testing::ValuesIn(testing::cases()),
                         [](const auto& test) { return sanitize_name(test.param); });

}  // namespace
}  // namespace exporter::node
