// SPDX-License-Identifier: Apache-2.0
// Pushing, against a server of our own; tests/install has a real Pushgateway.

#include <exporter/push.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include <exporter/server.hpp>

namespace exporter {
namespace {

using namespace std::chrono_literals;

constexpr auto kSize = gauge("backup_bytes", "Size of the last backup.");

std::unique_ptr<Collector> backup() {
  return collector_from([](Sink& sink, const Scrape&) -> Status {
    sink(kSize, 1234);
    return {};
  });
}

class Push : public testing::Test {
 protected:
  void SetUp() override {
    auto listening = server_.listen({"127.0.0.1:0"});
    ASSERT_TRUE(listening) << listening.error().message;
    url_ = "http://" + listening->front();
    thread_ = std::thread([this] {
      (void)server_.run([this](const Request& request, Reply reply) { answer(request, std::move(reply)); });
    });
  }
  void TearDown() override {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
      changed_.notify_all();
    }
    server_.stop();
    thread_.join();
  }
  void answer(const Request& request, Reply reply) {
    {
      std::unique_lock lock(mutex_);
      seen_ += request.method + " " + request.path + " " + std::string(request.header("content-length")) +
               " " + std::string(request.header("content-type")) + " " +
               std::string(request.header("authorization")) + "\n";
      if (silent_) changed_.wait(lock, [this] { return over_; });
    }
    reply.send({.status = status_, .body = shared_body(text_)});
  }
  Pusher pusher(HttpOptions http = {}) {
    Pusher result(
        {.url = url_ + "/", .job = "backup", .grouping = {{"instance", "db 1"}}, .http = std::move(http)});
    result.add(backup());
    return result;
  }

  Server server_;
  std::string url_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string seen_;
  bool silent_ = false;
  bool over_ = false;
  int status_ = 200;
  std::string text_;
};

TEST_F(Push, PutsPostsAndDeletesAGroup) {
  auto pushed = pusher({.user = "alice", .password = "secret"});
  ASSERT_TRUE(pushed.push(5s));
  status_ = 202;
  ASSERT_TRUE(pushed.push_add(5s));
  ASSERT_TRUE(pushed.remove(5s));
  const std::string what = " /metrics/job/backup/instance/db 1 ";
  const std::string type = " text/plain; version=0.0.4; charset=utf-8 Basic YWxpY2U6c2VjcmV0\n";
  const auto page = std::string(
      "# HELP backup_bytes Size of the last backup.\n# TYPE backup_bytes gauge\nbackup_bytes 1234\n");
  const auto size = std::to_string(page.size());
  EXPECT_EQ(seen_, "PUT" + what + size + type + "POST" + what + size + type + "DELETE" + what + "0" + type);
}

TEST_F(Push, SaysWhatTheGatewaySays) {
  status_ = 400;
  text_ = "text format parsing error in line 1\nmore\n";
  auto status = pusher({.password = "secret"}).push(5s);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInvalid);
  EXPECT_EQ(status.error().message, "PUT " + url_ +
                                        "/metrics/job/backup/instance/db%201: the gateway answered 400: " +
                                        "text format parsing error in line 1");
  status_ = 401;
  text_.clear();
  status = pusher().push(5s);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kDenied);
}

TEST_F(Push, EndsAtItsLimit) {
  silent_ = true;
  const auto before = std::chrono::steady_clock::now();
  const auto status = pusher().push(300ms);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kTimeout) << status.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - before, 10s);
}

TEST_F(Push, SendsNothingWhenACollectorFails) {
  auto pushed = pusher();
  pushed.add(collector_from([](Sink&, const Scrape&) -> Status { throw std::runtime_error("no disk"); }));
  const auto status = pushed.push(5s);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "no disk");
  EXPECT_EQ(seen_, "");
}

TEST(PushPath, HoldsAnyValue) {
  const auto path = [](std::string_view job, std::vector<std::pair<std::string, std::string>> grouping = {}) {
    return push_path(job, grouping).value_or("invalid");
  };
  EXPECT_EQ(path("a"), "/metrics/job/a");
  EXPECT_EQ(path("a b", {{"dir", "/var/tmp"}}), "/metrics/job/a%20b/dir@base64/L3Zhci90bXA=");
  EXPECT_EQ(path("a", {{"x", ""}, {"y", "\xc3\xa4"}}), "/metrics/job/a/x@base64/=/y/%C3%A4");
  EXPECT_EQ(path("a", {{"x", "/?>"}, {"y", ".."}}), "/metrics/job/a/x@base64/Lz8-/y@base64/Li4=");
  EXPECT_EQ(path(""), "invalid");
  EXPECT_EQ(path("a", {{"b/c", "d"}}), "invalid");
  EXPECT_EQ(path("a", {{"job", "b"}}), "invalid");
}

}  // namespace
}  // namespace exporter
