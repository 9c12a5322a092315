// SPDX-License-Identifier: Apache-2.0
// Kubeconfigs, service accounts, proxies, base64.

#include "api/options.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "api/base64.hpp"
#include "api/proxy.hpp"

namespace exporter::kube {
namespace {

std::string kubeconfig(const std::string& cluster, const std::string& user,
                       const std::string& current = "c") {
  return "apiVersion: v1\nkind: Config\ncurrent-context: " + current +
         "\ncontexts:\n- {name: other, context: {cluster: x, user: y}}\n- {name: c, context: {cluster: k, "
         "user: u}}\n"
         "clusters:\n- {name: x, cluster: {server: 'https://wrong'}}\n- {name: k, cluster: {" +
         cluster + "}}\nusers:\n- {name: u, user: {" + user + "}}\n";
}

std::string problem_of(const std::string& text) {
  const auto options = parse_kubeconfig(text, "/dir");
  return options ? "" : options.error().message;
}

TEST(Kubeconfig, TheCurrentContextCounts) {
  const auto options = parse_kubeconfig(kubeconfig("server: 'https://a:6443/p', certificate-authority-data: "
                                                   "aGk=, tls-server-name: n, proxy-url: 'http://p:1'",
                                                   "token: t, tokenFile: tok, as: bob, as-groups: [g, h]"),
                                        "/dir");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->server, "https://a:6443/p");
  EXPECT_EQ(options->ca.text, "hi");
  EXPECT_EQ(options->tls_server_name, "n");
  EXPECT_EQ(options->proxy, "http://p:1");
  EXPECT_EQ(options->token, "t");
  EXPECT_EQ(options->token_file, "/dir/tok");
  EXPECT_EQ(options->impersonate_user, "bob");
  EXPECT_EQ(options->impersonate_groups, (std::vector<std::string>{"g", "h"}));
}

TEST(Kubeconfig, FilesAreRelativeToIt) {
  const auto options = parse_kubeconfig(kubeconfig("server: s, certificate-authority: ca.crt",
                                                   "client-certificate: /abs/c.crt, client-key: sub/c.key"),
                                        "/dir");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->ca.file, "/dir/ca.crt");
  EXPECT_EQ(options->client_certificate.file, "/abs/c.crt");
  EXPECT_EQ(options->client_key.file, "/dir/sub/c.key");
}

TEST(Kubeconfig, JsonIsYamlToo) {
  const auto options = parse_kubeconfig(
      R"({"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k"}}],"clusters":[{"name":"k","cluster":{"server":"https://a","insecure-skip-tls-verify":true}}]})",
      "");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_TRUE(options->insecure);
}

TEST(Kubeconfig, MistakesSayWhere) {
  EXPECT_EQ(problem_of("{"), "line 2: did not find expected node content");
  EXPECT_EQ(problem_of(""), "it has no current-context");
  EXPECT_EQ(problem_of(kubeconfig("server: s", "token: t", "nope")),
            "context \"nope\" is not among its contexts");
  EXPECT_EQ(problem_of(kubeconfig("a: b", "token: t")), "cluster \"k\" has no server");
  EXPECT_EQ(problem_of(kubeconfig("server: s", "client-certificate: c")),
            "line 11: user \"u\" needs both a client-certificate and a client-key, or neither");
  EXPECT_EQ(problem_of(kubeconfig("server: s, certificate-authority-data: '###'", "token: t")),
            "line 9: certificate-authority-data is no base64");
  EXPECT_EQ(problem_of(kubeconfig("server: s, insecure-skip-tls-verify: perhaps", "token: t")),
            "line 9: insecure-skip-tls-verify is neither true nor false");
  EXPECT_EQ(problem_of(kubeconfig("server: s, insecure-skip-tls-verify: true, certificate-authority: x",
                                  "token: t")),
            "line 9: insecure-skip-tls-verify excludes a certificate-authority");
}

TEST(Kubeconfig, LoginProgramsAreRefused) {
  for (const std::string kind : {"exec", "auth-provider"}) {
    const auto problem =
        problem_of(kubeconfig("server: s", kind + ": {command: aws, env: [{name: A, value: s3cret}]}"));
    EXPECT_EQ(problem, "line 11: user \"u\" logs in by " + kind +
                           ", which is not supported: use a token, tokenFile or client certificate");
  }
}

TEST(Kubeconfig, NoMessageHasASecret) {
  for (const auto* user :
       {"token: s3cret, username: u, password: s3cret", "token: [s3cret]", "password: {s3cret: s3cret}",
        "client-key-data: s3cret!, client-certificate-data: s3cret!"}) {
    const auto problem = problem_of(kubeconfig("server: s", user));
    EXPECT_NE(problem, "") << user;
    EXPECT_EQ(problem.find("s3cret"), std::string::npos) << problem;
  }
}

struct Environment : testing::Test {
  Environment() { clear(); }
  ~Environment() override { clear(); }
  static void clear() {
    for (const auto* name : {"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_MASTER"}) {
      ::unsetenv(name);
    }
  }
};

TEST_F(Environment, NothingGiven) {
  const auto options = api_options("", "");
  ASSERT_FALSE(options);
  EXPECT_NE(options.error().message.find("KUBERNETES_SERVICE_HOST"), std::string::npos);
  EXPECT_NE(options.error().message.find("--kubeconfig"), std::string::npos);
  ::setenv("KUBERNETES_MASTER", "http://m:8080", 1);
  EXPECT_EQ(api_options("", "")->server, "http://m:8080");
}

TEST_F(Environment, AServerAlone) {
  const auto options = api_options("", "http://127.0.0.1:8001/prefix");
  ASSERT_TRUE(options);
  EXPECT_EQ(options->server, "http://127.0.0.1:8001/prefix");
  EXPECT_EQ(options->token_file, "");
  EXPECT_FALSE(api_options("", "ftp://x"));
  const auto with_user = api_options("", "https://u:s3cret@a/prefix");
  ASSERT_TRUE(with_user);
  EXPECT_EQ(with_user->server, "https://a:443/prefix");
  EXPECT_EQ(with_user->user, "u");
  EXPECT_EQ(with_user->password, "s3cret");
}

TEST_F(Environment, APod) {
  const std::string folder = testing::TempDir() + "sa";
  ASSERT_EQ(std::system(("mkdir -p " + folder).c_str()), 0);
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  EXPECT_FALSE(in_cluster_options(folder + "/missing"));
  std::ofstream(folder + "/token") << "t";
  std::ofstream(folder + "/ca.crt") << "c";
  const auto options = in_cluster_options(folder);
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->server, "https://[fd00::1]:443");
  EXPECT_EQ(options->token_file, folder + "/token");
  EXPECT_EQ(options->ca.file, folder + "/ca.crt");
}

TEST_F(Environment, TheFlagsServerReplacesTheFiles) {
  const std::string file = testing::TempDir() + "kubeconfig";
  std::ofstream(file) << kubeconfig("server: 'https://a'", "token: t");
  const auto options = api_options(file, "https://b:1");
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_EQ(options->server, "https://b:1");
  EXPECT_EQ(options->token, "t");
  EXPECT_EQ(api_options("/nonexistent", "").error().message,
            "kubeconfig: open /nonexistent: no such file or directory");
}

TEST(Url, Parts) {
  const auto url = parse_url("https://us%40er:p%3Aw@[fd00::1]:6443/prefix//?x", "http");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->user, "us@er");
  EXPECT_EQ(url->password, "p:w");
  EXPECT_EQ(url->host, "fd00::1");
  EXPECT_EQ(url->port, 6443);
  EXPECT_EQ(url->path, "/prefix");
  EXPECT_EQ(url->authority(), "[fd00::1]:6443");
  EXPECT_EQ(parse_url("proxy:3128", "http")->port, 3128);
  EXPECT_EQ(parse_url("https://h", "http")->port, 443);
  for (const auto* text : {"", "http://", "ftp://x", "http://x:0", "http://x:99999", "http://[::1", "[[]",
                           "[host]:1", "http://a b", "http://%zz@x"}) {
    EXPECT_FALSE(parse_url(text, "http")) << text;
  }
}

TEST(Proxy, AsGoDecides) {
  const std::map<std::string, std::string> environment = {
      {"HTTPS_PROXY", "http://secure:1"},
      {"http_proxy", "http://plain:2"},
      {"NO_PROXY", "example.com, .sub.org,10.0.0.0/8,192.168.1.5,fd00::/8,port.net:8443,*.star.io"}};
  const auto lookup = [&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  };
  const auto proxy = [&](const std::string& url) {
    return proxy_from_environment(*parse_url(url, "http"), lookup);
  };
  EXPECT_EQ(proxy("https://other.com"), "http://secure:1");
  EXPECT_EQ(proxy("http://other.com"), "http://plain:2");
  for (const auto* direct :
       {"https://example.com", "https://a.example.com", "https://EXAMPLE.com", "https://a.sub.org",
        "https://10.1.2.3", "https://192.168.1.5:6443", "https://[fd00::7]", "https://port.net:8443",
        "https://x.star.io", "https://localhost:6443", "https://127.0.0.1", "https://127.9.9.9",
        "https://[::1]:1"}) {
    EXPECT_EQ(proxy(direct), "") << direct;
  }
  for (const auto* proxied : {"https://sub.org", "https://notexample.com", "https://11.0.0.1",
                              "https://192.168.1.6", "https://port.net:443"}) {
    EXPECT_EQ(proxy(proxied), "http://secure:1") << proxied;
  }
  const auto all = [](const char* name) {
    return std::string_view(name) == "HTTPS_PROXY" ? "p:1"
           : std::string_view(name) == "NO_PROXY"  ? "*"
                                                   : nullptr;
  };
  EXPECT_EQ(proxy_from_environment(*parse_url("https://x", "http"), all), "");
}

TEST(Proxy, OpensATunnelOrSaysWhyNot) {
  for (const auto* head :
       {"HTTP/1.1 200 Connection established\r\n\r\n", "HTTP/1.0 200\r\n\r\n", "HTTP/1.1 299 X\r\n\r\n"}) {
    EXPECT_EQ(tunnel_refusal(head), "") << head;
  }
  EXPECT_EQ(tunnel_refusal("HTTP/1.1 407 Proxy Authentication Required\r\nA: b\r\n\r\n"), "407");
  for (const auto* head :
       {"HTTP/1.1 2\r\n\r\n", "HTTP/1.\r\n\r\n", "HTTP/1.1 2xx\r\n\r\n", "SSH-2.0-x\r\n\r\n", ""}) {
    EXPECT_EQ(tunnel_refusal(head), "no HTTP") << head;
  }
}

TEST(Base64, BothWays) {
  for (const std::string_view text : {"", "a", "ab", "abc", "abcd", "\xff\xfe\x00x"}) {
    EXPECT_EQ(base64_decoded(base64_encoded(text)), text);
  }
  EXPECT_EQ(base64_encoded("hello"), "aGVsbG8=");
  EXPECT_EQ(base64_decoded("aGVs\nbG8=\n"), "hello");
  for (const auto* text : {"a", "aG", "aGVsbG8", "aGV=bG8=", "a===", "!!!!"})
    EXPECT_FALSE(base64_decoded(text)) << text;
}

}  // namespace
}  // namespace exporter::kube
