// SPDX-License-Identifier: Apache-2.0
// Collectors whose values come from system calls, whatever --path.* says: compared with what the calls say
// here.

#include <gtest/gtest.h>
#include <sys/timex.h>
#include <sys/utsname.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "collector_case.hpp"

namespace exporter::node {
namespace {

std::string collect(const std::string& collector) {
  testing::CollectorRun run(collector, "/nonexistent");
  run.collect();
  EXPECT_TRUE(run.status()) << run.status().error().message;
  return run.page();
}

/// The value of a series without labels.
double value(const std::string& page, const std::string& series) {
  const auto at = page.find("\n" + series + " ");
  EXPECT_NE(at, page.npos) << "no " << series << " in " << page;
  return at == page.npos ? 0 : std::strtod(page.c_str() + at + series.size() + 2, nullptr);
}

TEST(Uname, GivesTheNames) {
  ::utsname names{};
  ASSERT_EQ(::uname(&names), 0);
  const auto page = collect("uname");
  const auto label = [](const char* name, const char* text) {
    return std::string(name) + "=\"" + text + '"';
  };
  EXPECT_NE(page.find(label("nodename", names.nodename)), page.npos) << page;
  EXPECT_NE(page.find(label("release", names.release)), page.npos) << page;
  EXPECT_NE(page.find(label("machine", names.machine)), page.npos) << page;
  EXPECT_NE(page.find(label("sysname", "Linux")), page.npos) << page;
}

TEST(Time, IsNow) {
  const auto before = std::time(nullptr);
  const auto page = collect("time");
  const auto after = std::time(nullptr);
  const auto now = value(page, "node_time_seconds");
  EXPECT_GE(now, static_cast<double>(before));
  EXPECT_LE(now, static_cast<double>(after + 1));
}

TEST(Time, KnowsTheZone) {
  ASSERT_EQ(::setenv("TZ", "XYZ-3:30", 1), 0);
  ::tzset();
  const auto page = collect("time");
  ::unsetenv("TZ");
  ::tzset();
  EXPECT_NE(page.find("node_time_zone_offset_seconds{time_zone=\"XYZ\"} 12600\n"), page.npos) << page;
}

TEST(Timex, GivesTheClocksState) {
  ::timex clock{};
  if (::adjtimex(&clock) < 0) GTEST_SKIP() << "adjtimex is not allowed here";
  const auto page = collect("timex");
  EXPECT_EQ(value(page, "node_timex_tick_seconds"), static_cast<double>(clock.tick) / 1e6);
  EXPECT_EQ(value(page, "node_timex_tai_offset_seconds"), clock.tai);
  EXPECT_EQ(value(page, "node_timex_status"), clock.status);
  EXPECT_EQ(value(page, "node_timex_loop_time_constant"), static_cast<double>(clock.constant));
  EXPECT_NEAR(value(page, "node_timex_frequency_adjustment_ratio"), 1, 1e-3);
}

TEST(Selinux, SaysWhetherItIsOn) {
  const auto enabled = value(collect("selinux"), "node_selinux_enabled");
  EXPECT_TRUE(enabled == 0 || enabled == 1);
}

TEST(Perf, CountsSoftwareEvents) {
  const auto dir = std::filesystem::path(::testing::TempDir()) / "perf_software_events";
  std::filesystem::create_directories(dir);
  std::ofstream(dir / "flags") << "--collector.perf.disable-hardware-profilers\n"
                                  "--collector.perf.disable-cache-profilers\n"
                                  "--collector.perf.software-profilers=ContextSwitch\n";
  testing::CollectorRun run("perf", dir);
  std::filesystem::remove_all(dir);
  if (!run.status()) GTEST_SKIP() << run.status().error().message;
  run.collect();
  EXPECT_TRUE(run.status());
  EXPECT_NE(run.page().find("\nnode_perf_context_switches_total{cpu=\""), std::string::npos) << run.page();
  EXPECT_EQ(run.page().find("page_faults"), std::string::npos) << run.page();
}

}  // namespace
}  // namespace exporter::node
