// SPDX-License-Identifier: Apache-2.0
// Runs every case of tests/fixtures/node/<collector>/<case>/: a tree of proc/ and sys/ (root/ and udev/ where
// needed), `flags` (one a line, {dir} is the case's folder), `expected.prom` and, where collecting fails,
// `expected.error`.

#include <gtest/gtest.h>

#include <filesystem>

#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"

namespace exporter::node {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> cases() {
  const fs::path root = fs::path(TEST_SOURCE_DIR) / "fixtures/node";
  std::vector<std::string> found;
  for (const auto& collector : fs::directory_iterator(root)) {
    for (const auto& entry : fs::directory_iterator(collector.path())) {
      if (entry.is_directory()) found.push_back(fs::relative(entry.path(), root));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

class CollectorCase : public ::testing::TestWithParam<std::string> {};

TEST_P(CollectorCase, ExposesWhatIsExpected) {
  const fs::path dir = fs::path(TEST_SOURCE_DIR) / "fixtures/node" / GetParam();
  const std::string name = GetParam().substr(0, GetParam().find('/'));
  const CollectorSpec* spec = nullptr;
  for (const auto& entry : collectors()) {
    if (entry.name == name) spec = entry.spec;
  }
  ASSERT_NE(spec, nullptr) << "no collector " << name;

  std::vector<std::string> arguments{"node_exporter"};
  for (const char* path : {"procfs:proc", "sysfs:sys", "rootfs:root", "udev.data:udev"}) {
    std::string_view flag = path;
    const auto which = take_until(flag, ':');
    const auto folder = dir / flag;
    if (fs::exists(folder)) arguments.push_back("--path." + std::string(which) + "=" + folder.string());
  }
  const auto flag_lines = testing::read_text(dir / "flags");
  for (const auto line : Lines(flag_lines)) {
    std::string flag(line);
    if (const auto at = flag.find("{dir}"); at != std::string::npos) flag.replace(at, 5, dir.string());
    if (!flag.empty()) arguments.push_back(flag);
  }
  std::vector<const char*> argv;
  for (const auto& argument : arguments) argv.push_back(argument.c_str());

  Flags flags("node_exporter", "");
  Host host(flags);
  auto collector = spec->make(host, flags);
  auto parsed = flags.parse(static_cast<int>(argv.size()), argv.data());
  ASSERT_TRUE(parsed) << parsed.error().message;
  Sink sink;
  Status status = collector->start();
  // The second run reads through descriptors that the first one left open, and must not differ.
  for (std::uint64_t run = 1; run <= 2 && status; ++run) {
    sink.clear();
    status = collector->collect(sink, Scrape(Scrape::Clock::now() + std::chrono::seconds(10), run));
  }

  if (fs::exists(dir / "expected.error")) {
    ASSERT_FALSE(status) << "expected an error";
    const auto expected = testing::read_text(dir / "expected.error");
    EXPECT_NE(status.error().message.find(trim(expected)), std::string::npos) << status.error().message;
    if (!spec->keep_partial) return;
  } else {
    ASSERT_TRUE(status) << status.error().message;
  }
  std::string page;
  const Sink* const sinks[] = {&sink};
  PageBuilder().build(sinks, PageFormat::kText, page);
  const auto found = testing::differences(
      testing::parse_exposition(page), testing::parse_exposition(testing::read_text(dir / "expected.prom")));
  for (const auto& line : found) ADD_FAILURE() << line;
}

INSTANTIATE_TEST_SUITE_P(Node, CollectorCase, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return sanitize_name(test.param); });

}  // namespace
}  // namespace exporter::node
