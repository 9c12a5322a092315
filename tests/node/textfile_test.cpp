// SPDX-License-Identifier: Apache-2.0
// The textfile collector on tests/fixtures/textfile/<case>/: files/*.prom, or the directories that `flags`
// names, and expected.prom, without node_textfile_mtime_seconds; and on files that change between scrapes.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"
#include "exposition_parser.hpp"

namespace exporter::node {
namespace {

namespace fs = std::filesystem;

class Textfiles {
 public:
  explicit Textfiles(const std::vector<std::string>& arguments) {
    for (const auto& entry : collectors()) {
      if (entry.name == "textfile") collector_ = entry.spec->make(host_, flags_);
    }
    std::vector<const char*> argv{"node_exporter"};
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    EXPECT_TRUE(flags_.parse(static_cast<int>(argv.size()), argv.data()));
    EXPECT_TRUE(collector_->start());
  }

  std::string page() {
    sink_.clear();
    EXPECT_TRUE(
        collector_->collect(sink_, Scrape(Scrape::Clock::now() + std::chrono::seconds(10), ++serial_)));
    std::string page;
    const Sink* const sinks[] = {&sink_};
    PageBuilder().build(sinks, PageFormat::kText, page);
    return page;
  }

 private:
  Flags flags_{"node_exporter", ""};
  Host host_{flags_};
  std::unique_ptr<Collector> collector_;
  Sink sink_;
  std::uint64_t serial_ = 0;
};

std::string without_mtimes(const std::string& page) {
  std::string result;
  for (const auto line : Lines(page)) {
    if (line.find("node_textfile_mtime_seconds") == std::string_view::npos)
      result.append(line).append(1, '\n');
  }
  return result;
}

fs::path root() { return fs::path(TEST_SOURCE_DIR) / "fixtures/textfile"; }

std::vector<std::string> cases() {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(root())) found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

class TextfileCase : public ::testing::TestWithParam<std::string> {};

TEST_P(TextfileCase, ExposesWhatIsExpected) {
  const fs::path dir = root() / GetParam();
  std::vector<std::string> arguments;
  const auto given = testing::read_text(dir / "flags");
  for (const auto line : Lines(given)) {
    std::string flag(line);
    if (const auto at = flag.find("{dir}"); at != std::string::npos) flag.replace(at, 5, dir.string());
    if (!flag.empty()) arguments.push_back(flag);
  }
  if (!fs::exists(dir / "flags"))
    arguments.push_back("--collector.textfile.directory=" + (dir / "files").string());
  Textfiles textfiles(arguments);
  for (int run = 0; run < 2; ++run) {
    const auto found =
        testing::differences(testing::parse_exposition(without_mtimes(textfiles.page())),
                             testing::parse_exposition(testing::read_text(dir / "expected.prom")));
    for (const auto& line : found) ADD_FAILURE() << line;
  }
}

INSTANTIATE_TEST_SUITE_P(Node, TextfileCase, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return sanitize_name(test.param); });

class ChangingTextfiles : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "textfile_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { fs::remove_all(dir_); }

  void write(const std::string& name, const std::string& text, long mtime = 1'000'000'000) {
    std::ofstream(dir_ / name) << text;
    const timespec times[] = {{mtime, 0}, {mtime, 0}};
    ::utimensat(AT_FDCWD, (dir_ / name).c_str(), times, 0);
  }
  static bool has(const std::string& page, std::string_view line) {
    return ("\n" + page).find("\n" + std::string(line) + "\n") != std::string::npos;
  }

  fs::path dir_;
};

TEST_F(ChangingTextfiles, AreReadAgainOnlyWhenChanged) {
  write("a.prom", "m 1\n");
  Textfiles textfiles({"--collector.textfile.directory=" + dir_.string()});
  EXPECT_TRUE(has(textfiles.page(), "m 1"));
  // Same inode, size and mtime: what is in memory is served.
  write("a.prom", "m 2\n");
  EXPECT_TRUE(has(textfiles.page(), "m 1"));
  write("a.prom", "m 3\n", 1'000'000'001);
  EXPECT_TRUE(has(textfiles.page(), "m 3"));
  write("b.prom", "n 1\n");
  EXPECT_TRUE(has(textfiles.page(), "n 1"));
  fs::remove(dir_ / "a.prom");
  const auto page = textfiles.page();
  EXPECT_FALSE(has(page, "m 3"));
  EXPECT_TRUE(has(page, "n 1"));
  EXPECT_EQ(page.find("a.prom"), std::string::npos);
}

TEST_F(ChangingTextfiles, JustWrittenOnesAreNotTrusted) {
  const long now = ::time(nullptr);
  write("a.prom", "m 1\n", now);
  Textfiles textfiles({"--collector.textfile.directory=" + dir_.string()});
  EXPECT_TRUE(has(textfiles.page(), "m 1"));
  write("a.prom", "m 2\n", now);
  EXPECT_TRUE(has(textfiles.page(), "m 2"));
}

TEST_F(ChangingTextfiles, RecoverFromErrors) {
  write("a.prom", "m 1\n");
  write("b.prom", "n{ 1\n");
  Textfiles textfiles({"--collector.textfile.directory=" + dir_.string()});
  EXPECT_TRUE(has(textfiles.page(), "node_textfile_scrape_error 1"));
  write("b.prom", "n 1\n", 1'000'000'002);
  const auto page = textfiles.page();
  EXPECT_TRUE(has(page, "node_textfile_scrape_error 0"));
  EXPECT_TRUE(has(page, "n 1"));
  EXPECT_TRUE(has(page, "m 1"));
}

TEST_F(ChangingTextfiles, ThatAreNoFilesDoNotBlock) {
  ASSERT_EQ(::mkfifo((dir_ / "a.prom").c_str(), 0600), 0);
  fs::create_directory(dir_ / "b.prom");
  fs::create_symlink("nowhere", dir_ / "c.prom");
  write("d.prom", "m 1\n");
  Textfiles textfiles({"--collector.textfile.directory=" + dir_.string()});
  const auto page = textfiles.page();
  EXPECT_TRUE(has(page, "node_textfile_scrape_error 1"));
  EXPECT_TRUE(has(page, "m 1"));
}

TEST(Exposition, NamesTheLineOfAnError) {
  auto parsed = Exposition::parse("# HELP m M.\nm 1\nm{a=\"1\" 2\n");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message.substr(0, 8), "line 3: ");
}

TEST(Exposition, RefusesToMultiplyLabels) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "m{l" + std::to_string(i) + "=\"\"} 1\n";
  auto parsed = Exposition::parse(text);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("too many label names"), std::string::npos);
}

}  // namespace
}  // namespace exporter::node
