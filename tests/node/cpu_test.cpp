// SPDX-License-Identifier: Apache-2.0
// What the cpu collector keeps from one scrape to the next.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "collector_case.hpp"

namespace exporter::node {
namespace {

class CpuTimes : public ::testing::Test {
 protected:
  CpuTimes()
      : dir_(std::filesystem::path(::testing::TempDir()) / ("cpu_times." + std::to_string(::getpid()))) {
    std::filesystem::create_directories(dir_ / "proc");
    std::filesystem::create_directories(dir_ / "sys");
    write("");
    run_.emplace("cpu", dir_);
  }
  ~CpuTimes() override { std::filesystem::remove_all(dir_); }

  void write(std::string_view stat) { std::ofstream(dir_ / "proc/stat") << stat; }

  std::string collect(std::string_view stat) {
    write(stat);
    run_->collect();
    EXPECT_TRUE(run_->status()) << run_->status().error().message;
    return run_->page();
  }

  static bool has(const std::string& page, std::string_view line) { return page.find(line) != page.npos; }

  std::filesystem::path dir_;
  std::optional<testing::CollectorRun> run_;
};

TEST_F(CpuTimes, NeverGoDown) {
  collect("cpu0 500 0 0 1000 300\n");
  const auto page = collect("cpu0 600 0 0 900 200\n");
  EXPECT_TRUE(has(page, R"(node_cpu_seconds_total{cpu="0",mode="user"} 6)"));
  EXPECT_TRUE(has(page, R"(node_cpu_seconds_total{cpu="0",mode="idle"} 10)"));
  EXPECT_TRUE(has(page, R"(node_cpu_seconds_total{cpu="0",mode="iowait"} 3)"));
}

TEST_F(CpuTimes, StartAnewAfterAHotplug) {
  collect("cpu0 500 0 0 1000 300\n");
  const auto page = collect("cpu0 100 0 0 700 200\n");
  EXPECT_TRUE(has(page, R"(node_cpu_seconds_total{cpu="0",mode="user"} 1)"));
  EXPECT_TRUE(has(page, R"(node_cpu_seconds_total{cpu="0",mode="idle"} 7)"));
}

TEST_F(CpuTimes, OfACpuThatIsOfflineAreForgotten) {
  collect("cpu0 500 0 0 1000\ncpu1 900 0 0 1000\n");
  EXPECT_FALSE(has(collect("cpu0 500 0 0 1000\n"), R"(cpu="1")"));
  const auto page = collect("cpu0 500 0 0 1000\ncpu1 100 0 0 990\n");
  EXPECT_TRUE(has(page, R"(node_cpu_seconds_total{cpu="1",mode="user"} 1)"));
}

}  // namespace
}  // namespace exporter::node
