// SPDX-License-Identifier: Apache-2.0
// The reader of mod_status's page.

#include "server_status.hpp"

#include <gtest/gtest.h>

#include <string>

namespace exporter::apache {
namespace {

constexpr std::string_view kPage =
    "localhost\r\nServerVersion: Apache/2.4.57 (Debian)\r\nServerMPM: event\r\nTotal Accesses: "
    "12\r\nCPULoad: .05\r\n"
    "BusyWorkers: 1\r\nIdleWorkers: 9\r\nBusyWorkers: 2\r\nScoreboard: _W..x\r\nProxyBalancer[0]Name: "
    "balancer://a\r\n"
    "ProxyBalancer[0]Worker[0]Name: http://b:1\r\nProxyBalancer[0]Worker[0]Status: Init Ok \r\n"
    "ProxyBalancer[0]Worker[0]Elected: 3\r\nProxyBalancer[0]Worker[0]Sent: 4K\r\nUnknown: words\r\n";

TEST(ServerStatus, ReadsThePage) {
  ServerStatus status;
  ASSERT_TRUE(parse_server_status(kPage, status));
  EXPECT_TRUE(status.recognised);
  EXPECT_EQ(status.version, "Apache/2.4.57 (Debian)");
  EXPECT_EQ(status.mpm, "event");
  EXPECT_EQ(status.accesses, 12);
  EXPECT_EQ(status.cpu_load, .05);
  EXPECT_EQ(status.busy, 2) << "the last of two lines counts";
  EXPECT_EQ(status.scoreboard, "_W..x");
  ASSERT_EQ(status.workers.size(), 1U);
  EXPECT_EQ(status.workers[0].balancer, "balancer://a");
  EXPECT_EQ(status.workers[0].status, "Init Ok");
  EXPECT_EQ(status.workers[0].elected, 3);
  EXPECT_EQ(status.workers[0].sent, 4);
}

TEST(ServerStatus, AValueThatIsNoNumberEndsThePage) {
  ServerStatus status;
  const auto parsed = parse_server_status("Total Accesses: 1\nUptime: long\nTotal kBytes: 2\n", status);
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().message.find("\"Uptime\""), std::string::npos);
  EXPECT_EQ(status.accesses, 1);
  EXPECT_FALSE(status.kilobytes);
}

TEST(ServerStatus, AnHtmlPageHasNothing) {
  ServerStatus status;
  EXPECT_TRUE(parse_server_status("<html>\n<dt>Server Version: Apache</dt>\n", status));
  EXPECT_FALSE(status.recognised);
}

TEST(ServerStatus, VersionsThatAreCutShort) {
  EXPECT_EQ(version_number("Apache/2.4.57 (Debian)"), 2.04057);
  EXPECT_EQ(version_number("Apache/2.10.1"), 2.10001);
  for (const auto* text : {"Apache", "Apache/2", "Apache/2.4", "", "Apache/x.y.z", "UNKNOWN"}) {
    EXPECT_FALSE(version_number(text)) << text;
  }
}

}  // namespace
}  // namespace exporter::apache
