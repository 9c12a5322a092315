// SPDX-License-Identifier: Apache-2.0
// An application's endpoint: it serves, it stops, and it leaves the application alone.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <fstream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>

#include <exporter/endpoint.hpp>
#include <exporter/log.hpp>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>

#include "libexporter/http_client.hpp"

namespace {

using exporter::Endpoint;
using exporter::EndpointOptions;
using exporter::Reply;
using exporter::Request;
using exporter::Scrape;
using exporter::Sink;
using exporter::Status;
using exporter_test::Client;
using namespace std::chrono_literals;

constexpr auto kAnswer = exporter::gauge("answer", "An answer.");

std::unique_ptr<exporter::Collector> answer(int value = 42) {
  return exporter::collector_from([value](Sink& sink, const Scrape&) -> Status {
    sink(kAnswer, value);
    return {};
  });
}

EndpointOptions options() { return {.listen = {"127.0.0.1:0"}}; }

exporter_test::Answer get(const Endpoint& endpoint, const std::string& path) {
  return Client(endpoint.addresses().at(0)).get(path);
}

/// Something that a test lets go, and that may be waited for.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

TEST(Endpoint, ServesCollectorsAndTheProcess) {
  Endpoint endpoint(options());
  endpoint.add("answer", answer());
  ASSERT_TRUE(endpoint.start());
  const auto page = get(endpoint, "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("\nanswer 42\n"), std::string::npos) << page.body;
  EXPECT_NE(page.body.find("\nprocess_resident_memory_bytes "), std::string::npos);
  EXPECT_EQ(get(endpoint, "/other").status, 404);
  EXPECT_TRUE(endpoint.stop());
}

TEST(Endpoint, HasPathsOfTheApplications) {
  auto chosen = options();
  chosen.path = "/internal/metrics";
  chosen.process_metrics = false;
  chosen.collector_metrics = "app_scrape_collector";
  Endpoint endpoint(chosen);
  endpoint.add("answer", answer());
  endpoint.route("/hello",
                 [](const Request&, Reply reply) { reply.send({.body = exporter::shared_body("hi\n")}); });
  ASSERT_TRUE(endpoint.start());
  EXPECT_EQ(get(endpoint, "/hello").body, "hi\n");
  const auto page = get(endpoint, "/internal/metrics").body;
  EXPECT_NE(page.find("app_scrape_collector_success{collector=\"answer\"} 1\n"), std::string::npos) << page;
  EXPECT_EQ(page.find("process_"), std::string::npos) << page;
}

TEST(Endpoint, ACollectorThatThrowsCostsOnlyItself) {
  exporter::log::send_to(
      [](exporter::log::Level, std::string_view, std::span<const exporter::log::Field>) {});
  Endpoint endpoint(options());
  endpoint.add("bad", exporter::collector_from(
                          [](Sink&, const Scrape&) -> Status { throw std::runtime_error("no"); }));
  endpoint.add("answer", answer());
  ASSERT_TRUE(endpoint.start());
  EXPECT_NE(get(endpoint, "/metrics").body.find("\nanswer 42\n"), std::string::npos);
  exporter::log::send_to(nullptr);
}

TEST(Endpoint, GivesItsLogLinesToTheApplication) {
  static std::mutex mutex;
  static std::string lines;
  exporter::log::send_to(
      [](exporter::log::Level level, std::string_view message, std::span<const exporter::log::Field> fields) {
        const std::lock_guard lock(mutex);
        lines += std::to_string(static_cast<int>(level)) + " " + std::string(message);
        for (const auto& field : fields)
          lines += " " + std::string(field.key) + "=" + std::string(field.value);
      });
  {
    Endpoint endpoint(options());
    endpoint.add("bad", exporter::collector_from([](Sink&, const Scrape&) -> Status {
                   return exporter::fail(exporter::Code::kUnavailable, "the disk is gone");
                 }));
    ASSERT_TRUE(endpoint.start());
    get(endpoint, "/metrics");
  }
  exporter::log::send_to(nullptr);
  EXPECT_NE(lines.find("3 collector failed name=bad"), std::string::npos) << lines;
  EXPECT_NE(lines.find("err=the disk is gone"), std::string::npos) << lines;
}

TEST(Endpoint, AnswersAtItsDeadlineAndLeavesTheStuckBehind) {
  exporter::log::send_to(
      [](exporter::log::Level, std::string_view, std::span<const exporter::log::Field>) {});
  auto gate = std::make_shared<Gate>();
  auto ended = std::make_shared<Gate>();
  auto chosen = options();
  chosen.timeout = 300ms;
  chosen.grace = 100ms;
  {
    Endpoint endpoint(chosen);
    endpoint.add("stuck", exporter::collector_from([gate, ended](Sink&, const Scrape&) -> Status {
                   gate->wait();
                   ended->open();
                   return {};
                 }));
    endpoint.add("answer", answer());
    ASSERT_TRUE(endpoint.start());
    EXPECT_NE(get(endpoint, "/metrics").body.find("\nanswer 42\n"), std::string::npos);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_FALSE(endpoint.stop());
    EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  }
  // What it owns is still there when it comes to its end, long after the endpoint.
  gate->open();
  ended->wait();
  exporter::log::send_to(nullptr);
}

TEST(Endpoint, StopsAtOnceWhenNobodyAsks) {
  Endpoint endpoint(options());
  ASSERT_TRUE(endpoint.start());
  const auto address = endpoint.addresses().at(0);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(endpoint.stop());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
  EXPECT_TRUE(endpoint.stop());
  EXPECT_FALSE(Client(address).connected());
}

TEST(Endpoint, StartsAndStopsAgainAndAgainOnOnePort) {
  std::string address = "127.0.0.1:0";
  for (int i = 0; i < 5; ++i) {
    Endpoint endpoint({.listen = {address}});
    endpoint.add("answer", answer(i));
    auto status = endpoint.start();
    ASSERT_TRUE(status) << status.error().message;
    address = endpoint.addresses().at(0);
    EXPECT_NE(get(endpoint, "/metrics").body.find("\nanswer " + std::to_string(i) + "\n"), std::string::npos);
  }
}

TEST(Endpoint, SaysWhyItDoesNotStart) {
  Endpoint first(options());
  ASSERT_TRUE(first.start());
  EXPECT_FALSE(first.start());
  Endpoint second({.listen = first.addresses()});
  const auto status = second.start();
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("address already in use"), std::string::npos)
      << status.error().message;
  EXPECT_FALSE(Endpoint({}).start());

  struct Unready final : exporter::Collector {
    Status start() override { return exporter::fail(exporter::Code::kInvalid, "no such device"); }
    Status collect(Sink&, const Scrape&) override { return {}; }
  };
  Endpoint third(options());
  third.add("unready", std::make_unique<Unready>());
  const auto unready = third.start();
  ASSERT_FALSE(unready);
  EXPECT_EQ(unready.error().message, "unready: no such device");
}

std::atomic<int> signals{0};
std::atomic<bool> on_own_thread{false};
pthread_t own_thread;

TEST(Endpoint, LeavesSignalsToTheApplication) {
  own_thread = pthread_self();
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    ++signals;
    on_own_thread = pthread_equal(pthread_self(), own_thread) != 0;
  };
  ASSERT_EQ(sigaction(SIGTERM, &action, &before), 0);
  sigset_t mask_before;
  sigset_t mask_after;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);

  Endpoint endpoint(options());
  endpoint.add("answer", answer());
  ASSERT_TRUE(endpoint.start());
  get(endpoint, "/metrics");
  kill(getpid(), SIGTERM);  // the process's, for whichever thread takes it
  EXPECT_EQ(signals, 1);
  EXPECT_TRUE(on_own_thread);

  struct sigaction now {};
  sigaction(SIGTERM, &before, &now);
  EXPECT_EQ(now.sa_handler, action.sa_handler);
  sigaction(SIGPIPE, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
  for (int signal = 1; signal < 32; ++signal)
    EXPECT_EQ(sigismember(&mask_before, signal), sigismember(&mask_after, signal));
  EXPECT_TRUE(endpoint.stop());
}

TEST(Endpoint, IsProtectedByAWebConfigFile) {
  const auto file = testing::TempDir() + "endpoint_web.yml";
  std::ofstream(file)
      << "basic_auth_users:\n  alice: $2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n";
  Endpoint endpoint(options());
  endpoint.add("answer", answer());
  EXPECT_FALSE(endpoint.protect("/nonexistent/web.yml"));
  ASSERT_TRUE(endpoint.protect(file));
  ASSERT_TRUE(endpoint.start());
  EXPECT_EQ(get(endpoint, "/metrics").status, 401);
  Client client(endpoint.addresses().at(0));
  client.write("GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6VSpV\r\n\r\n");
  EXPECT_EQ(client.read_answer().status, 200);
}

}  // namespace
