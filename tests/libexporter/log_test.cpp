// SPDX-License-Identifier: Apache-2.0

// Log lines: their form, what is escaped, and that a line reaches standard error in one piece.

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "log_line.hpp"

namespace exporter::log {
namespace {

constexpr timespec kTime{1767322984, 5'678'901};  // 2026-01-02T03:03:04.005678901Z

std::string after(const std::string& line, std::string_view mark) { return line.substr(line.find(mark)); }

std::string logfmt_value(std::string_view value) {
  const Field fields[] = {{"k", value}};
  const auto line =
      format_line(Format::kLogfmt, Level::kInfo, kTime, "m", fields, std::source_location::current());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  auto text = after(line, " k=").substr(3);
  text.pop_back();
  return text;
}

std::string json_value(std::string_view value) {
  const Field fields[] = {{"k", value}};
  const auto line =
      format_line(Format::kJson, Level::kInfo, kTime, "m", fields, std::source_location::current());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  auto text = after(line, "\"k\":").substr(4);
  text.resize(text.size() - 2);
  return text;
}

TEST(Log, Lines) {
  const Field fields[] = {{"address", "[::]:9100"}};
  const auto here = std::source_location::current();
  const auto source = "log_test.cpp:" + std::to_string(here.line());
  EXPECT_EQ(format_line(Format::kLogfmt, Level::kWarn, kTime, "Listening on", fields, here),
            "time=2026-01-02T03:03:04.005Z level=WARN source=" + source +
                " msg=\"Listening on\" address=[::]:9100\n");
  EXPECT_EQ(format_line(Format::kJson, Level::kDebug, kTime, "Listening on", fields, here),
            "{\"time\":\"2026-01-02T03:03:04.005678901Z\",\"level\":\"DEBUG\",\"source\":\"" + source +
                "\",\"msg\":\"Listening on\",\"address\":\"[::]:9100\"}\n");
}

TEST(Log, Escapes) {
  const struct {
    std::string_view value;
    std::string_view logfmt;
    std::string_view json;
  } kCases[] = {
      {"plain", "plain", R"("plain")"},
      {"", R"("")", R"("")"},
      {"a b", R"("a b")", R"("a b")"},
      {"a=b", R"("a=b")", R"("a=b")"},
      {R"(C:\x)", R"(C:\x)", R"("C:\\x")"},
      {R"(say "x\")", R"("say \"x\\\"")", R"("say \"x\\\"")"},
      {"two\nlines\r\t", R"("two\nlines\r\t")", R"("two\nlines\r\t")"},
      {"\x1B[31m", R"("\x1b[31m")", R"("\u001b[31m")"},
      {"\x7F", R"("\x7f")", R"("\u007f")"},
      {std::string_view("\0", 1), R"("\x00")", R"("\u0000")"},
      {"\a\v", R"("\a\v")", R"("\u0007\u000b")"},
      {"gr\xC3\xBC\xC3\x9F", "gr\xC3\xBC\xC3\x9F", "\"gr\xC3\xBC\xC3\x9F\""},
      {"\xFF\xC3", R"("\xff\xc3")", R"("\ufffd\ufffd")"},
      {"\xED\xA0\x80", R"("\xed\xa0\x80")", R"("\ufffd\ufffd\ufffd")"},
      {"\xE2\x80\xAE", R"("\u202e")", R"("\u202e")"},  // right-to-left override
      {"\xF3\xA0\x80\x81", R"("\U000e0001")", R"("\udb40\udc01")"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(logfmt_value(c.value), c.logfmt);
    EXPECT_EQ(json_value(c.value), c.json);
  }
}

TEST(Log, ParsesLevelsAndFormats) {
  EXPECT_EQ(*parse_level("debug"), Level::kDebug);
  EXPECT_EQ(*parse_level("WARN"), Level::kWarn);
  EXPECT_EQ(parse_level("loud").error().message, "unrecognized log level loud");
  EXPECT_EQ(*parse_format("json"), Format::kJson);
  EXPECT_EQ(parse_format("xml").error().message, "unrecognized log format xml");
}

/// Standard error as a file, for as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    const int fd = open(path_.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    dup2(fd, STDERR_FILENO);
    close(fd);
  }
  ~CapturedStderr() {
    dup2(saved_, STDERR_FILENO);
    close(saved_);
    unlink(path_.c_str());
  }
  std::string text() const {
    std::string text(1 << 20, '\0');
    const auto length = pread(STDERR_FILENO, text.data(), text.size(), 0);
    text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
    return text;
  }

 private:
  std::string path_ = testing::TempDir() + "log_test." + std::to_string(getpid());
  int saved_;
};

TEST(Log, LevelsAndThreads) {
  CapturedStderr captured;
  configure(Level::kWarn, Format::kLogfmt);
  EXPECT_FALSE(enabled(Level::kInfo));
  debug("hidden");
  info("hidden");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([] {
        for (int k = 0; k < 200; ++k) error("a line", {{"k", "v"}});
      });
    }
  }
  configure(Level::kInfo, Format::kLogfmt);
  int count = 0;
  const auto text = captured.text();
  for (const auto line : Lines(text)) {
    ++count;
    EXPECT_TRUE(line.starts_with("time=") && line.ends_with(" msg=\"a line\" k=v")) << line;
  }
  EXPECT_EQ(count, 800);
}

}  // namespace
}  // namespace exporter::log
