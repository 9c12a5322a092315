// SPDX-License-Identifier: Apache-2.0
// The reader of nginx's stub_status page.

#include "stub_status.hpp"

#include <gtest/gtest.h>

#include <string>

namespace exporter::nginx {
namespace {

constexpr std::string_view kPage =
    "Active connections: 291 \nserver accepts handled requests\n 16630948 16630940 31070465 \n"
    "Reading: 6 Writing: 179 Waiting: 106 \n";

TEST(StubStatus, ReadsThePage) {
  const auto status = parse_stub_status(kPage);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(status->active, 291);
  EXPECT_EQ(status->accepted, 16630948);
  EXPECT_EQ(status->handled, 16630940);
  EXPECT_EQ(status->requests, 31070465);
  EXPECT_EQ(status->reading, 6);
  EXPECT_EQ(status->writing, 179);
  EXPECT_EQ(status->waiting, 106);
}

TEST(StubStatus, TakesWhatTheOriginalTakes) {
  std::string windows(kPage);
  for (std::size_t at = 0; (at = windows.find('\n', at)) != std::string::npos; at += 2)
    windows.insert(at, "\r");
  EXPECT_TRUE(parse_stub_status(windows)) << "line ends of Windows";
  EXPECT_TRUE(parse_stub_status(kPage.substr(0, kPage.size() - 2))) << "no last line end";
  EXPECT_TRUE(parse_stub_status(std::string(kPage) + "more\nlines")) << "text behind the page";
  EXPECT_TRUE(parse_stub_status(
      "Active connections: -1\nserver accepts handled requests\n0 0 0\nReading: 0 Writing: 0 Waiting: 0\n"));
}

TEST(StubStatus, RefusesWhatTheOriginalRefuses) {
  EXPECT_FALSE(parse_stub_status(""));
  EXPECT_FALSE(parse_stub_status(" " + std::string(kPage)));
  EXPECT_FALSE(parse_stub_status("<html>Active connections: 1</html>"));
  EXPECT_FALSE(parse_stub_status(kPage.substr(0, 60)));
  std::string more(kPage);
  more.replace(more.find("handled requests"), 16, "handled requests request_time");
  EXPECT_FALSE(parse_stub_status(more)) << "a column more";
  EXPECT_FALSE(
      parse_stub_status("Active connections: 1\nserver accepts handled requests\n99999999999999999999 0 "
                        "0\nReading: 0 Writing: 0 Waiting: 0\n"))
      << "more than 64 bits";
}

}  // namespace
}  // namespace exporter::nginx
