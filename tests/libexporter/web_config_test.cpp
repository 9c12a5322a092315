// SPDX-License-Identifier: Apache-2.0
// The web config file. Each file in fixtures/web_config says in its first line what is to come of it.

#include <algorithm>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "detail/web_config.hpp"
#include "detail/web_config_file.hpp"

namespace {

using exporter::detail::ClientAuth;
using exporter::detail::make_web_config;
using exporter::detail::parse_web_config;
using exporter::detail::read_small_file;

const std::string kFolder = TEST_SOURCE_DIR "/fixtures/web_config/";

TEST(WebConfig, EveryFixture) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    SCOPED_TRACE(entry.path().filename());
    const auto text = read_small_file(entry.path());
    ASSERT_TRUE(text);
    const auto config = parse_web_config(*text, "/etc/exporter");
    constexpr std::string_view kError = "# error: ";
    if (text->starts_with(kError)) {
      const auto expected = text->substr(kError.size(), text->find('\n') - kError.size());
      ASSERT_FALSE(config) << "expected: " << expected;
      EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
      EXPECT_TRUE(config.error().message.starts_with("line ")) << config.error().message;
      EXPECT_EQ(config.error().message.find("s3cret"), std::string::npos) << config.error().message;
      EXPECT_EQ(config.error().message.find('\n'), std::string::npos) << config.error().message;
    } else {
      EXPECT_TRUE(config) << config.error().message;
    }
    ++count;
  }
  EXPECT_GT(count, 30);
}

TEST(WebConfig, TakesEverything) {
  const auto config = parse_web_config(*read_small_file(kFolder + "all.yml"), "/etc/exporter");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_TRUE(config->tls);
  const auto& tls = *config->tls;
  EXPECT_EQ(tls.certificate.file, "/etc/exporter/server.crt");
  EXPECT_EQ(tls.key.file, "/etc/server.key");
  EXPECT_EQ(tls.client_ca.file, "/etc/exporter/sub/ca.crt");
  EXPECT_EQ(tls.client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_TRUE(tls.check_sans);
  EXPECT_EQ(tls.allowed_sans, (std::vector<std::string>{"good.example", "10.1.2.3"}));
  EXPECT_EQ(tls.min_version, 0x0302);
  EXPECT_EQ(tls.max_version, 0x0304);
  EXPECT_EQ(tls.ciphers, "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305");
  EXPECT_EQ(tls.groups, "X25519:P-256");
  EXPECT_FALSE(tls.server_preference);
  EXPECT_FALSE(config->http2);
  ASSERT_TRUE(config->headers);
  EXPECT_EQ(config->headers->size(), 2U);
  EXPECT_EQ(config->users.size(), 2U);
  ASSERT_TRUE(config->rate_limit);
  EXPECT_EQ(config->rate_limit->interval, std::chrono::milliseconds(1500));
  EXPECT_EQ(config->rate_limit->burst, 3);
}

TEST(WebConfig, DefaultsAreOfTheEmptyFile) {
  const auto config = parse_web_config("", "");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->tls);
  EXPECT_TRUE(config->http2);
  EXPECT_FALSE(config->headers);
  EXPECT_TRUE(config->users.empty());
  EXPECT_FALSE(config->rate_limit);
}

TEST(WebConfig, VersionsAloneAreNoTls) {
  const auto config = parse_web_config(*read_small_file(kFolder + "only_versions.yml"), "");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->tls);
}

TEST(WebConfig, CiphersOfTls13AloneLeaveNothingElse) {
  const auto config =
      parse_web_config("tls_server_config: {cert: a, key: b, cipher_suites: [TLS_AES_128_GCM_SHA256]}", "");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->tls->min_version, 0x0304);
}

TEST(WebConfig, AnEmptyListOfNamesIsAList) {
  const auto config = parse_web_config(
      "tls_server_config: {cert: a, key: b, client_auth_type: RequireAnyClientCert, client_allowed_sans: []}",
      "");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->tls->check_sans);
}

TEST(WebConfig, OfFlags) {
  auto config = make_web_config(
      {.certificate_file = "c", .key_file = "k", .client_ca_file = "a", .user = "u", .password = "p"});
  ASSERT_TRUE(config);
  ASSERT_TRUE(config->tls);
  EXPECT_EQ(config->tls->client_auth, ClientAuth::kRequireAndVerify);
  EXPECT_EQ(config->tls->min_version, 0x0303);
  EXPECT_TRUE(config->plain_passwords);
  EXPECT_EQ(config->users.at("u"), "p");
  config = make_web_config({.key_file = "k", .user = "u"});
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->tls);
  EXPECT_TRUE(config->users.empty());
  EXPECT_FALSE(make_web_config({.certificate_file = "c", .key_file = "k", .min_tls_version = "TLS1.2"}));
  EXPECT_FALSE(make_web_config({.user = "u", .password_hash = "p"}));
  EXPECT_FALSE(make_web_config({.user = "u", .password = "p", .password_hash = "$2y$10$"}));
}

}  // namespace
