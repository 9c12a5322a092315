// SPDX-License-Identifier: Apache-2.0
// What a web config file does to a server, over real sockets.

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <exporter/server.hpp>

#include <gtest/gtest.h>

#include "detail/web.hpp"
#include "libexporter/http_client.hpp"
#include "libexporter/tls_tools.hpp"

namespace {

using exporter::Reply;
using exporter::Request;
using exporter_test::Client;
using exporter_test::Identity;
using exporter_test::make_identity;
using exporter_test::TlsClient;
using Clock = std::chrono::steady_clock;

// Of "U*U", cost 5.
constexpr std::string_view kHash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
constexpr std::string_view kAlice = "Authorization: Basic YWxpY2U6VSpV\r\n";  // alice:U*U

class Web : public testing::Test {
 protected:
  Web() {
    std::signal(SIGPIPE, SIG_IGN);
    char name[] = "/tmp/web_test.XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~Web() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  // As careful users do: a new file in the place of the old.
  void write(const std::string& name, std::string_view text) {
    std::ofstream(folder_ + "/new", std::ios::binary) << text;
    std::filesystem::rename(folder_ + "/new", folder_ + "/" + name);
  }
  void write_server(const std::string& name) {
    const auto identity = make_identity(name, "DNS:localhost");
    write("server.crt", identity.certificate);
    write("server.key", identity.key);
  }

  std::string error_of(std::string_view config) {
    write("web.yml", config);
    const auto web = exporter::detail::Web::open(folder_ + "/web.yml");
    return web ? "" : web.error().message;
  }

  void start(std::string_view config, exporter::ServerOptions options = {}) {
    write("web.yml", config);
    auto web = exporter::detail::Web::open(folder_ + "/web.yml");
    ASSERT_TRUE(web) << web.error().message;
    server_ = std::make_unique<exporter::Server>(options);
    const auto bound = server_->listen({"127.0.0.1:0"});
    ASSERT_TRUE(bound) << bound.error().message;
    address_ = bound->front();
    auto handler = (*web)->protect(*server_, [](const Request& request, Reply reply) {
      reply.send(
          {.body = exporter::shared_body(request.path == "/big" ? std::string(3 << 20, 'b') : "hello\n")});
    });
    thread_ = std::thread([this, h = std::move(handler)]() mutable { (void)server_->run(std::move(h)); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    server_->stop();
    thread_.join();
    server_.reset();
  }

  exporter_test::Answer plain(std::string_view headers = {}, std::string_view path = "/") {
    Client client(address_);
    client.write("GET " + std::string(path) + " HTTP/1.1\r\nHost: t\r\n" + std::string(headers) + "\r\n");
    return client.read_answer();
  }
  std::string tls(std::string_view path = "/") { return TlsClient().get(address_, path); }

  std::string folder_;
  std::string address_;
  std::unique_ptr<exporter::Server> server_;
  std::thread thread_;
};

constexpr std::string_view kTls = "tls_server_config: {cert_file: server.crt, key_file: server.key";

TEST_F(Web, SaysWhatIsWrongAtStart) {
  const std::string tls(kTls);
  EXPECT_NE(
      error_of(tls + "}").find("failed to read cert_file: open " + folder_ + "/server.crt: no such file"),
      std::string::npos);
  write_server("server");
  EXPECT_EQ(error_of(tls + "}"), "");
  write("server.key", make_identity("other", "DNS:other").key);
  EXPECT_NE(error_of(tls + "}").find("server.key is not the key of the certificate"), std::string::npos);
  write("server.key", "s3cret");
  EXPECT_NE(error_of(tls + "}").find("no private key without a password in key_file"), std::string::npos);
  EXPECT_EQ(error_of(tls + "}").find("s3cret"), std::string::npos);
  write_server("server");
  EXPECT_NE(
      error_of(tls + ", client_ca_file: no.crt, client_auth_type: RequestClientCert}").find("client_ca_file"),
      std::string::npos);
  write("server.crt", "nothing");
  EXPECT_NE(error_of(tls + "}").find("no certificate in cert_file"), std::string::npos);
  EXPECT_NE(exporter::detail::Web::open(folder_ + "/none.yml").error().message.find("none.yml: no such file"),
            std::string::npos);
}

TEST_F(Web, ServesTls12And13) {
  write_server("server");
  start(std::string(kTls) + "}");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client{.min_version = version, .max_version = version, .protocols = "\x02h2\x08http/1.1"};
    EXPECT_TRUE(client.get(address_, "/").ends_with("\r\n\r\nhello\n"));
    EXPECT_EQ(client.version, version);
    EXPECT_EQ(client.peer, "server");
    EXPECT_EQ(client.protocol, "http/1.1");
    EXPECT_GT(client.get(address_, "/big").size(), std::size_t{3 << 20});
  }
  TlsClient old{.max_version = TLS1_1_VERSION};
  EXPECT_EQ(old.get(address_, "/"), "");
  TlsClient weak{.max_version = TLS1_2_VERSION, .ciphers = "AES128-SHA"};
  EXPECT_EQ(weak.get(address_, "/"), "");
  TlsClient only_h2{.protocols = "\x02h2"};
  EXPECT_EQ(only_h2.get(address_, "/"), "");
}

TEST_F(Web, KeepsToVersionsAndCiphers) {
  write_server("server");
  start(std::string(kTls) +
        ", max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]}");
  TlsClient good;
  EXPECT_NE(good.get(address_, "/"), "");
  EXPECT_EQ(good.version, TLS1_2_VERSION);
  TlsClient other{.max_version = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"};
  EXPECT_EQ(other.get(address_, "/"), "");
}

TEST_F(Web, OldVersionsWhereAskedFor) {
  write_server("server");
  start(std::string(kTls) + ", min_version: TLS10}");
  TlsClient old{.max_version = TLS1_VERSION};
  EXPECT_NE(old.get(address_, "/"), "");
  EXPECT_EQ(old.version, TLS1_VERSION);
}

TEST_F(Web, TellsPlainHttpOnATlsPort) {
  write_server("server");
  start(std::string(kTls) + "}");
  const auto answer = plain();
  EXPECT_TRUE(answer.has("HTTP/1.0 400 Bad Request"));
  EXPECT_EQ(answer.body, "Client sent an HTTP request to an HTTPS server.\n");
  EXPECT_NE(tls(), "");
}

TEST_F(Web, AHandshakeHasOnlyItsTime) {
  write_server("server");
  start(std::string(kTls) + "}", {.head_timeout = std::chrono::milliseconds(300)});
  const auto begin = Clock::now();
  Client silent(address_);
  Client slow(address_);
  slow.write("\x16\x03\x01");
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(slow.at_end());
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(250));
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(Web, ClientCertificates) {
  write_server("server");
  const auto good = make_identity("good", "DNS:good.example,email:a@b.c,IP:10.1.2.3,URI:spiffe://x/y");
  const auto unknown = make_identity("unknown", "DNS:good.example");
  write("ca.crt", good.certificate);
  const auto outcome = [this](const Identity* identity) {
    TlsClient client{.identity = identity};
    return !client.get(address_, "/").empty();
  };
  struct Case {
    const char* policy;
    bool nobody, good, unknown;
  };
  for (const auto& each :
       {Case{"RequestClientCert", true, true, true}, Case{"RequireAnyClientCert", false, true, true},
        Case{"RequireClientCert", false, true, true}, Case{"VerifyClientCertIfGiven", true, true, false},
        Case{"RequireAndVerifyClientCert", false, true, false}}) {
    SCOPED_TRACE(each.policy);
    start(std::string(kTls) + ", client_ca_file: ca.crt, client_auth_type: " + each.policy + "}");
    EXPECT_EQ(outcome(nullptr), each.nobody);
    EXPECT_EQ(outcome(&good), each.good);
    EXPECT_EQ(outcome(&unknown), each.unknown);
    stop();
  }
  for (const auto& [name, allowed] :
       std::initializer_list<std::pair<const char*, bool>>{{"good.example", true},
                                                           {"a@b.c", true},
                                                           {"10.1.2.3", true},
                                                           {"spiffe://x/y", true},
                                                           {"example", false},
                                                           {"good", false}}) {
    SCOPED_TRACE(name);
    start(std::string(kTls) +
          ", client_ca_file: ca.crt, client_auth_type: RequireAndVerifyClientCert, client_allowed_sans: ['" +
          name + "']}");
    EXPECT_EQ(outcome(&good), allowed);
    EXPECT_FALSE(outcome(&unknown));
    stop();
  }
}

TEST_F(Web, TakesOverReplacedFiles) {
  write_server("first");
  start(std::string(kTls) + "}");
  TlsClient client;
  ASSERT_NE(client.get(address_, "/"), "");
  EXPECT_EQ(client.peer, "first");
  write_server("second");
  ASSERT_NE(client.get(address_, "/"), "");
  EXPECT_EQ(client.peer, "second");
  write("server.key", "broken");
  EXPECT_EQ(tls(), "");
  write_server("third");
  ASSERT_NE(client.get(address_, "/"), "");
  EXPECT_EQ(client.peer, "third");
  write("web.yml", "nonsense");
  EXPECT_EQ(tls(), "");
  write("web.yml", "{}");  // TLS does not go away while we run
  EXPECT_EQ(tls(), "");
  EXPECT_EQ(plain().status, 0);
  write("web.yml", std::string(kTls) + ", max_version: TLS12}");
  ASSERT_NE(client.get(address_, "/"), "");
  EXPECT_EQ(client.version, TLS1_2_VERSION);
}

TEST_F(Web, Users) {
  const auto config = "basic_auth_users: {alice: '" + std::string(kHash) + "'}\n" +
                      "http_server_config: {headers: {X-Frame-Options: deny}}\n";
  start(config);
  for (int i = 0; i < 3; ++i) {
    const auto answer = plain(kAlice);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello\n");
    EXPECT_TRUE(answer.has("X-Frame-Options: deny\r\n"));
  }
  for (const auto* bad :
       {"", "Authorization: Basic YWxpY2U6VSpW\r\n", "Authorization: Basic Ym9iOlUqVQ==\r\n",
        "Authorization: Bearer x\r\n", "Authorization: Basic !\r\n"}) {
    for (int i = 0; i < 2; ++i) {  // the second is out of the cache
      const auto answer = plain(bad, "/-/healthy");
      EXPECT_EQ(answer.status, 401) << bad;
      EXPECT_EQ(answer.body, "Unauthorized\n");
      EXPECT_TRUE(answer.has("WWW-Authenticate: Basic\r\n"));
      EXPECT_TRUE(answer.has("X-Frame-Options: deny\r\n"));
    }
  }
  write("web.yml", "{}");
  EXPECT_EQ(plain().status, 200);
  write("web.yml", "basic_auth_users: 1");
  EXPECT_EQ(plain().status, 500);
  EXPECT_EQ(plain(kAlice).status, 500);
  write("web.yml", config);
  EXPECT_EQ(plain().status, 401);
  EXPECT_EQ(plain(kAlice).status, 200);
}

TEST_F(Web, ManyNewClientsAtOnce) {
  start("basic_auth_users: {alice: '" + std::string(kHash) + "'}\n");
  std::vector<Client> clients;
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back(address_);
    clients.back().write("GET / HTTP/1.1\r\nHost: t\r\n" +
                         std::string(i % 2 == 0 ? kAlice : "Authorization: Basic YWxpY2U6VSpW\r\n") + "\r\n");
  }
  for (int i = 0; i < 40; ++i)
    EXPECT_EQ(clients[static_cast<std::size_t>(i)].read_answer().status, i % 2 == 0 ? 200 : 401);
}

TEST_F(Web, StopsWhilePasswordsAreChecked) {
  start("basic_auth_users: {alice: '$2a$10" + std::string(kHash.substr(6)) + "'}\n");
  std::vector<Client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(address_);
    clients.back().write("GET / HTTP/1.1\r\nHost: t\r\nAuthorization: Basic YWxpY2U6VSpV\r\n\r\n");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  clients.clear();
  stop();
}

TEST_F(Web, RateLimitComesFirst) {
  start("rate_limit: {interval: 1h, burst: 2}\nbasic_auth_users: {alice: '" + std::string(kHash) + "'}\n");
  EXPECT_EQ(plain(kAlice).status, 200);
  EXPECT_EQ(plain().status, 401);
  const auto answer = plain(kAlice);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.body, "Too Many Requests\n");
}

TEST_F(Web, RateLimitFillsUpAgain) {
  start("rate_limit: {interval: 20ms, burst: 1}\n");
  EXPECT_EQ(plain().status, 200);
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(plain().status, 200);
}

}  // namespace
