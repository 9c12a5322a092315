// SPDX-License-Identifier: Apache-2.0
// How an exporter's program ends when what it runs goes wrong.

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

#include <unistd.h>

#include <exporter/app.hpp>

#include <gtest/gtest.h>

#include "libexporter/http_client.hpp"

namespace {

using exporter::App;
using exporter::Status;

constexpr exporter::MetricInfo kNone[] = {exporter::gauge("stuck", "Never there.")};

/// Runs an exporter whose only collector is `collect`, and calls `then` while it serves on a unix socket.
template <class Collect, class Then>
int run_app(Collect collect, Then then) {
  const auto path = ::testing::TempDir() + "app_test." + std::to_string(::getpid());
  App app({.program = "app_test", .title = "Test", .description = "Tests.", .listen = {"unix:" + path}});
  app.add("stuck", kNone, exporter::collector_from(collect));
  app.on_start([&]() -> Status {
    std::thread([&, path] { then(path); }).detach();
    return {};
  });
  const char* const arguments[] = {"app_test"};
  return app.run(1, arguments);
}

/// Asks for the page, once somebody listens.
void ask(const std::string& path) {
  for (;;) {
    exporter_test::Client client("unix:" + path);
    if (!client.connected()) continue;
    client.write("GET /metrics HTTP/1.1\r\nHost: t\r\n\r\n");
    client.read_answer();
  }
}

TEST(AppDeathTest, EndsThoughACollectorIsStuckForEver) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto serve = [] {
    std::exit(run_app(
        [](exporter::Sink&, const exporter::Scrape&) -> Status {
          ::kill(::getpid(), SIGTERM);
          for (;;) ::pause();
        },
        ask));
  };
  EXPECT_EXIT(serve(), ::testing::ExitedWithCode(0), "the program ends without it");
}

TEST(AppDeathTest, SaysWhatAnExceptionWasThatNobodyCaught) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const auto serve = [] {
    run_app([](exporter::Sink&, const exporter::Scrape&) -> Status { return {}; },
            [](const std::string&) { throw std::runtime_error("a fault of ours"); });
  };
  EXPECT_EXIT(serve(), ::testing::KilledBySignal(SIGABRT), "nobody caught an exception.*a fault of ours");
}

}  // namespace
