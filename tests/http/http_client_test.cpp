// SPDX-License-Identifier: Apache-2.0
// The HTTP client against our own server, and against a socket that says what it likes.

#include <exporter/http_client.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <exporter/server.hpp>

namespace exporter {
namespace {

using namespace std::chrono_literals;
using Clock = Scrape::Clock;

class HttpClientTest : public testing::Test {
 protected:
  void serve(const std::vector<std::string>& addresses) {
    auto listening = server_.listen(addresses);
    ASSERT_TRUE(listening) << listening.error().message;
    address_ = listening->front();
    thread_ = std::thread([this] {
      (void)server_.run([this](const Request& r, Reply reply) { answer(r, std::move(reply)); });
    });
  }
  void SetUp() override { serve({"127.0.0.1:0"}); }
  void TearDown() override {
    server_.stop();
    thread_.join();
  }
  void answer(const Request& request, Reply reply) {
    std::string text = request.path + "\n";
    for (const auto* name : {"host", "authorization", "user-agent", "x-more"})
      text += std::string(request.header(name)) + "\n";
    if (request.path == "/silent") std::this_thread::sleep_for(600ms);
    if (request.path == "/large") text.assign(100000, 'x');
    if (request.path == "/away") return reply.send({.status = 302, .headers = {{"Location", "/there"}}});
    if (request.path == "/missing") return reply.send({.status = 404, .body = shared_body("no\n")});
    reply.send({.body = shared_body(text)});
  }
  std::string url(const std::string& path) const { return "http://" + address_ + path; }

  Server server_;
  std::string address_;
  std::thread thread_;
};

TEST_F(HttpClientTest, SendsWhatItWasTold) {
  HttpClient client(
      {.user_agent = "Test/1", .headers = {"X-More: yes"}, .host = "example.org", .bearer = "t0ken"});
  for (int i = 0; i < 2; ++i) {
    auto answer = client.get(url("/a?b"), Clock::now() + 5s);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "/a\nexample.org\nBearer t0ken\nTest/1\nyes\n");
    EXPECT_EQ(answer->content_type, "text/plain; charset=utf-8");
  }
}

TEST_F(HttpClientTest, BasicAuthentication) {
  HttpClient client({.user = "me", .password = "secret"});
  auto answer = client.get(url("/"), Clock::now() + 5s);
  ASSERT_TRUE(answer);
  EXPECT_NE(answer->body.find("Basic bWU6c2VjcmV0\n"), std::string::npos);
}

TEST_F(HttpClientTest, AnyStatusIsAnAnswer) {
  HttpClient client({});
  EXPECT_EQ(client.get(url("/missing"), Clock::now() + 5s)->status, 404);
  EXPECT_EQ(client.get(url("/away"), Clock::now() + 5s)->status, 302);
  HttpClient follower({.follow_redirects = true});
  EXPECT_EQ(follower.get(url("/away"), Clock::now() + 5s)->body.substr(0, 7), "/there\n");
}

TEST_F(HttpClientTest, KeepsTheDeadline) {
  HttpClient client({});
  const auto before = Clock::now();
  auto answer = client.get(url("/silent"), before + 150ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kTimeout);
  EXPECT_LT(Clock::now() - before, 500ms);
  EXPECT_EQ(client.get(url("/"), Clock::now() - 1s).error().code, Code::kTimeout);
}

TEST_F(HttpClientTest, LargeAnswersAreErrors) {
  HttpClient client({.max_body = 1000});
  auto answer = client.get(url("/large"), Clock::now() + 5s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kInvalid);
  EXPECT_NE(answer.error().message.find("larger than 1000 bytes"), std::string::npos)
      << answer.error().message;
  EXPECT_TRUE(client.get(url("/"), Clock::now() + 5s));
}

TEST(HttpClient, ErrorsHoldNoSecrets) {
  HttpClient client({.bearer = "t0ken"});
  auto answer = client.get("http://me:secret@127.0.0.1:1/a?key=hidden", Clock::now() + 5s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  const auto& message = answer.error().message;
  EXPECT_NE(message.find("get http://xxxxx@127.0.0.1:1/a: "), std::string::npos) << message;
  for (const auto* secret : {"secret", "hidden", "t0ken", "\n"})
    EXPECT_EQ(message.find(secret), std::string::npos);
  EXPECT_FALSE(client.get("no url", Clock::now() + 5s));
  EXPECT_FALSE(client.get("file:///etc/passwd", Clock::now() + 5s));
  EXPECT_EQ(shown_url("https://u:p@h/x@y?z#w"), "https://xxxxx@h/x@y");
  EXPECT_EQ(shown_url("h/x"), "h/x");
}

class UnixSocketTest : public HttpClientTest {
  void SetUp() override { serve({"unix:" + path_}); }

 protected:
  std::string path_ = "/tmp/exporter-http-test-" + std::to_string(getpid()) + ".sock";
};

TEST_F(UnixSocketTest, Answers) {
  HttpClient client({.unix_socket = path_});
  auto answer = client.get("http://unix/status", Clock::now() + 5s);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body.substr(0, 13), "/status\nunix\n");
}

TEST(AnswerBy, LeavesTimeForThePage) {
  const auto now = Clock::now();
  const Scrape scrape(now + 10s);
  EXPECT_LT(answer_by(scrape, 1h), now + 9900ms);
  EXPECT_GT(answer_by(scrape, 1h), now + 9500ms);
  EXPECT_LT(answer_by(scrape, 5s), now + 5500ms);
}

}  // namespace
}  // namespace exporter
