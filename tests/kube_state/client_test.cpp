// SPDX-License-Identifier: Apache-2.0
// Single requests, TLS, proxies, and servers that can't be reached.

#include "api/client.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "kube_state/stub_cluster.hpp"

namespace kube_test {
namespace {

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;

auto in(std::chrono::milliseconds time) { return Client::Clock::now() + time; }

const exporter_test::Identity& identity() {
  static const auto made = exporter_test::make_identity("stub", "DNS:localhost,IP:127.0.0.1");
  return made;
}
const exporter_test::Identity& other_identity() {
  static const auto made = exporter_test::make_identity("other", "DNS:elsewhere");
  return made;
}

/// The error that a request for the version ends with, or "".
std::string problem_of(const ApiOptions& options) {
  Client client(options);
  if (auto status = client.start(); !status) return status.error().message;
  const auto answer = client.call({.path = "/version"}, in(10s));
  client.stop();
  return answer ? "" : answer.error().message;
}

TEST(ApiClient, AsksAndPosts) {
  for (const auto* identity_or_none : {static_cast<const exporter_test::Identity*>(nullptr), &identity()}) {
    StubCluster cluster({.identity = identity_or_none});
    Client client(
        {.server = cluster.server().url(), .user_agent = "test/1", .ca = {.text = identity().certificate}});
    ASSERT_TRUE(client.start());
    for (int i = 0; i < 3; ++i) {
      const auto answer = client.call({.path = "/version"}, in(10s));
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(answer->status, 200);
      EXPECT_EQ(answer->body, R"({"major":"1","minor":"36"})");
    }
    const std::string body(100'000, 'x');
    const auto posted =
        client.call({.method = "POST", .path = "/echo", .body = body, .content_type = "text/plain"}, in(10s));
    ASSERT_TRUE(posted) << posted.error().message;
    EXPECT_EQ(posted->body, "POST " + body);
    EXPECT_EQ(posted->content_type, "text/plain");
    EXPECT_EQ(cluster.requests()[0].headers.at("user-agent"), "test/1");
    EXPECT_EQ(cluster.server().connections(), identity_or_none != nullptr ? 1 : 4);
  }
}

TEST(ApiClient, AnotherStatusIsAnAnswer) {
  StubCluster cluster;
  cluster.token = "secret";
  Client client({.server = cluster.server().url(), .token = "wrong"});
  ASSERT_TRUE(client.start());
  const auto answer = client.call({.path = "/api/v1/things"}, in(10s));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 401);
}

TEST(ApiClient, ADeadlineHolds) {
  StubCluster cluster({.silent = true});
  Client client({.server = cluster.server().url()});
  ASSERT_TRUE(client.start());
  const auto begin = Client::Clock::now();
  const auto answer = client.call({.path = "/version?x=secret"}, in(100ms));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, exporter::Code::kTimeout);
  EXPECT_LT(Client::Clock::now() - begin, 5s);
  EXPECT_EQ(answer.error().message.find("secret"), std::string::npos);
}

TEST(ApiClient, StoppingEndsWhatIsUnderWay) {
  StubCluster cluster({.silent = true});
  Client client({.server = cluster.server().url()});
  ASSERT_TRUE(client.start());
  std::thread stopper([&] {
    std::this_thread::sleep_for(50ms);
    client.stop();
  });
  const auto answer = client.call({.path = "/version"}, in(20s));
  stopper.join();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, exporter::Code::kCancelled);
  EXPECT_FALSE(client.call({.path = "/version"}, in(20s)));
}

TEST(ApiClient, CredentialsAndImpersonation) {
  StubCluster cluster;
  Client basic({.server = cluster.server().url() + "/prefix/",
                .user = "u",
                .password = "p",
                .impersonate_user = "bob",
                .impersonate_groups = {"g1", "g2"}});
  ASSERT_TRUE(basic.start());
  ASSERT_TRUE(basic.call({.path = "/echo", .content_type = ""}, in(10s)).has_value() || true);
  const auto request = cluster.requests().at(0);
  EXPECT_EQ(request.path, "/prefix/echo");
  EXPECT_EQ(request.headers.at("authorization"), "Basic dTpw");
  EXPECT_EQ(request.headers.at("impersonate-user"), "bob");
}

TEST(ApiClient, CertificatesAreChecked) {
  StubCluster cluster({.identity = &identity()});
  ApiOptions options{.server = cluster.server().url()};
  options.ca.text = identity().certificate;
  EXPECT_EQ(problem_of(options), "");
  options.server = "https://localhost:" + std::to_string(cluster.server().port());
  EXPECT_EQ(problem_of(options), "");
  options.tls_server_name = "elsewhere";
  EXPECT_NE(problem_of(options).find("tls-server-name"), std::string::npos) << problem_of(options);
  options.tls_server_name = "127.0.0.1";
  EXPECT_EQ(problem_of(options), "");
  options.ca.text = other_identity().certificate;
  EXPECT_NE(problem_of(options).find("certificate-authority"), std::string::npos) << problem_of(options);
  options.ca = {};
  options.insecure = true;
  EXPECT_EQ(problem_of(options), "");
}

TEST(ApiClient, AClockThatIsWrongIsTold) {
  const struct {
    exporter_test::Identity identity;
    const char* what;
  } cases[] = {
      {exporter_test::make_identity("late", "IP:127.0.0.1", -7200, -3600), "expired"},
      {exporter_test::make_identity("early", "IP:127.0.0.1", 3600, 7200), "not yet valid"},
  };
  for (const auto& each : cases) {
    StubCluster cluster({.identity = &each.identity});
    const auto problem =
        problem_of({.server = cluster.server().url(), .ca = {.text = each.identity.certificate}});
    EXPECT_NE(problem.find(each.what), std::string::npos) << problem;
    EXPECT_NE(problem.find("(it is 20"), std::string::npos) << problem;
  }
}

TEST(ApiClient, BadFilesAreToldAtTheStart) {
  StubCluster cluster({.identity = &identity()});
  ApiOptions options{.server = cluster.server().url()};
  options.ca.text = "nonsense";
  EXPECT_EQ(problem_of(options), "no certificate in certificate-authority-data");
  options.ca = {.file = "/nonexistent"};
  EXPECT_EQ(problem_of(options), "open /nonexistent: no such file or directory");
  options.ca = {.text = identity().certificate};
  options.client_certificate.text = identity().certificate;
  options.client_key.text = other_identity().key;
  EXPECT_EQ(problem_of(options), "client-key-data is not the key of the client certificate");
  options.client_key.text = identity().key;
  EXPECT_EQ(problem_of(options), "");
  options.token_file = "/nonexistent";
  EXPECT_EQ(problem_of(options), "open /nonexistent: no such file or directory");
}

TEST(ApiClient, WhoIsNotThereIsNamed) {
  StubCluster cluster;
  const std::string address = "127.0.0.1:" + std::to_string(cluster.server().port());
  cluster.server().stop();
  EXPECT_EQ(problem_of({.server = "http://" + address}), "API server " + address + ": connection refused");
  EXPECT_NE(problem_of({.server = "http://nowhere.invalid"}).find("no address of nowhere.invalid"),
            std::string::npos);
}

TEST(ApiClient, TlsToAPlainServerIsExplained) {
  StubCluster cluster;
  const auto problem = problem_of(
      {.server = "https://127.0.0.1:" + std::to_string(cluster.server().port()), .insecure = true});
  EXPECT_NE(problem.find("TLS"), std::string::npos) << problem;
}

TEST(ApiClient, PlainRequestsGoThroughAProxy) {
  StubCluster proxy;
  Client client({.server = "http://api.invalid:8001",
                 .proxy = "http://u:p@127.0.0.1:" + std::to_string(proxy.server().port())});
  ASSERT_TRUE(client.start());
  (void)client.call({.path = "/version"}, in(10s));
  const auto request = proxy.requests().at(0);
  EXPECT_EQ(request.path, "http://api.invalid:8001/version");
  EXPECT_EQ(request.headers.at("proxy-authorization"), "Basic dTpw");
}

/// A proxy that makes tunnels to one place, whatever it's asked for.
class Tunnel {
 public:
  Tunnel(int port, std::string answer) : to_(port), answer_(std::move(answer)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listening_, 4), 0);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { work(); });
  }
  ~Tunnel() {
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;
  std::string url() const { return "http://u:p@127.0.0.1:" + std::to_string(port_); }
  std::string head() const { return head_; }

 private:
  void work() {
    const int client = ::accept(listening_, nullptr, nullptr);
    if (client < 0) return;
    char byte = 0;
    while (!head_.ends_with("\r\n\r\n") && ::recv(client, &byte, 1, 0) == 1) head_ += byte;
    (void)!::send(client, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<in_port_t>(to_));
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      std::thread back([&] { pump(server, client); });
      pump(client, server);
      back.join();
    }
    ::close(server);
    ::close(client);
  }
  static void pump(int from, int to) {
    char buffer[4096];
    for (ssize_t got = 0; (got = ::recv(from, buffer, sizeof buffer, 0)) > 0;) {
      if (::send(to, buffer, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) break;
    }
    ::shutdown(to, SHUT_RDWR);
    ::shutdown(from, SHUT_RDWR);
  }

  const int to_;
  const std::string answer_;
  int listening_ = -1;
  int port_ = 0;
  std::string head_;
  std::thread thread_;
};

TEST(ApiClient, TlsGoesThroughATunnel) {
  StubCluster cluster({.identity = &identity()});
  std::string head;
  {
    Tunnel proxy(cluster.server().port(), "HTTP/1.1 200 Connection established\r\n\r\n");
    ApiOptions options{
        .server = "https://api.invalid:6443", .tls_server_name = "localhost", .proxy = proxy.url()};
    options.ca.text = identity().certificate;
    EXPECT_EQ(problem_of(options), "");
    head = proxy.head();
  }
  EXPECT_EQ(head,
            "CONNECT api.invalid:6443 HTTP/1.1\r\nHost: api.invalid:6443\r\nProxy-Authorization: Basic "
            "dTpw\r\n\r\n");
}

TEST(ApiClient, AProxyThatRefusesIsNamed) {
  StubCluster cluster({.identity = &identity()});
  Tunnel proxy(cluster.server().port(), "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  const auto problem =
      problem_of({.server = "https://api.invalid:6443", .insecure = true, .proxy = proxy.url()});
  EXPECT_NE(problem.find("the proxy refused the tunnel: 407"), std::string::npos) << problem;
  EXPECT_EQ(problem.find("u:p"), std::string::npos);
}

TEST(ApiClient, OtherProxiesAreRefused) {
  EXPECT_NE(
      problem_of({.server = "https://127.0.0.1", .proxy = "socks5://127.0.0.1:1080"}).find("proxy's URL"),
      std::string::npos);
  EXPECT_NE(
      problem_of({.server = "https://127.0.0.1", .proxy = "https://127.0.0.1:1080"}).find("only http://"),
      std::string::npos);
}

}  // namespace
}  // namespace kube_test
