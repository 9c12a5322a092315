// SPDX-License-Identifier: Apache-2.0
// The HTTP client against our own server, and against a socket that says what it likes.

#include <exporter/http_client.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include <exporter/server.hpp>

#include "../../libexporter/http/proxy_header.hpp"

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

class SecretFile {
 public:
  explicit SecretFile(const std::string& text) { write(text); }
  ~SecretFile() { std::remove(path.c_str()); }
  /// Replaces the file, as those who turn secrets do.
  void write(const std::string& text) const {
    std::ofstream(path + ".new") << text;
    std::rename((path + ".new").c_str(), path.c_str());
  }
  const std::string path = "/tmp/exporter-http-test-" + std::to_string(getpid()) + ".secret";
};

TEST_F(HttpClientTest, FilesWithSecretsAreReadAgainWhenTheyChange) {
  const SecretFile file("secret\n");
  HttpClient basic({.user = "me", .password_file = file.path});
  HttpClient bearer({.bearer = "not this", .bearer_file = file.path});
  const auto sent = [&](HttpClient& client) {
    auto answer = client.get(url("/"), Clock::now() + 5s);
    return answer ? std::string(answer->body) : answer.error().message;
  };
  EXPECT_NE(sent(basic).find("Basic bWU6c2VjcmV0\n"), std::string::npos);
  EXPECT_NE(sent(bearer).find("Bearer secret\n"), std::string::npos);
  file.write("other");
  EXPECT_NE(sent(basic).find("Basic bWU6b3RoZXI=\n"), std::string::npos);
  EXPECT_NE(sent(bearer).find("Bearer other\n"), std::string::npos);
  std::remove(file.path.c_str());
  EXPECT_NE(sent(basic).find("open " + file.path + ": no such file"), std::string::npos) << sent(basic);
  file.write("\n");
  EXPECT_NE(sent(bearer).find("is empty"), std::string::npos);
  file.write("secret");
  EXPECT_NE(sent(bearer).find("Bearer secret\n"), std::string::npos);
}

template <class T>
sockaddr_storage stored(const T& address) {
  sockaddr_storage storage{};
  std::memcpy(&storage, &address, sizeof address);
  return storage;
}

TEST(ProxyHeader, TellsBothEnds) {
  using detail::proxy_header;
  const std::string signature("\r\n\r\n\0\r\nQUIT\n\x21", 13);
  const auto v4 = [](const char* text, std::uint16_t port) {
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
    inet_pton(AF_INET, text, &address.sin_addr);
    return stored(address);
  };
  EXPECT_EQ(proxy_header(v4("1.2.3.4", 0x102), v4("5.6.7.8", 80)),
            signature + std::string("\x11\0\x0c\1\2\3\4\5\6\7\x08\1\2\0\x50", 15));
  sockaddr_in6 six{.sin6_family = AF_INET6,
                   .sin6_port = htons(1),
                   .sin6_flowinfo = 0,
                   .sin6_addr = in6addr_loopback,
                   .sin6_scope_id = 0};
  const auto header = proxy_header(stored(six), stored(six));
  EXPECT_EQ(header.substr(0, 16), signature + std::string("\x21\0\x24", 3));
  EXPECT_EQ(header.size(), 16U + 36U);
  EXPECT_EQ(header.substr(48), std::string("\0\1\0\1", 4));
  sockaddr_un local{.sun_family = AF_UNIX, .sun_path = "/a"};
  EXPECT_EQ(proxy_header(stored(local), stored(local)).size(), 16U + 216U);
  EXPECT_EQ(proxy_header(stored(local), stored(local)).substr(124, 3), std::string("/a\0", 3));
  EXPECT_EQ(proxy_header(stored(local), stored(six)), signature + std::string("\0\0\0", 3));
}

TEST(HttpAddress, Forms) {
  EXPECT_EQ(parse_http_address("unix:/run/a.sock:/status?auto")->unix_socket, "/run/a.sock");
  EXPECT_EQ(parse_http_address("unix:/run/a.sock:status?auto")->url, "http://unix/status?auto");
  EXPECT_EQ(parse_http_address("unix:/run/a.sock")->url, "http://unix/");
  EXPECT_EQ(parse_http_address("https://h/x")->url, "https://h/x");
  for (const auto* bad : {"", "unix:", "unix::/x", "ftp://h", "h/x", "http://", "https:///x"})
    EXPECT_FALSE(parse_http_address(bad)) << bad;
  EXPECT_EQ(parse_http_address("x://me:secret@h").error().message.find("secret"), std::string::npos);
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
  EXPECT_EQ(shown_url("u:p@http://h/x"), "xxxxx@http://h/x");
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
