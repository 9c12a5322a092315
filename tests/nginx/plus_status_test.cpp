// SPDX-License-Identifier: Apache-2.0
// The answers of NGINX Plus's API as families: recorded answers against the page they have to give.

#include "plus_status.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <exporter/page.hpp>

#include "exposition.hpp"

namespace exporter::nginx {
namespace {

const std::string kFolder = std::string(TEST_SOURCE_DIR) + "/fixtures/nginx_plus/";

testing::Exposition page_of(const Sink& sink) {
  const Sink* const sinks[] = {&sink};
  std::string text;
  PageBuilder builder;
  EXPECT_EQ(builder.build(sinks, PageFormat::kText, text).dropped, 0U);
  return testing::parse_exposition(text);
}

const PlusSection& section(std::string_view path) {
  const auto all = plus_http_sections();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.path == path; });
  EXPECT_NE(found, all.end()) << path;
  return *found;
}

testing::Exposition written(std::string_view path, std::string_view json) {
  Sink sink;
  const auto status = write_plus_section(sink, section(path), json);
  EXPECT_TRUE(status) << status.error().message;
  return page_of(sink);
}

TEST(PlusStatus, RecordedAnswersGiveThePage) {
  Sink sink;
  write_plus_up(sink, true);
  for (const auto sections : {plus_http_sections(), plus_stream_sections()}) {
    for (const auto& s : sections) {
      const auto json = testing::read_text(kFolder + "9/" + std::string(s.path) + ".json");
      const auto status = write_plus_section(sink, s, json);
      EXPECT_TRUE(status) << s.path << ": " << status.error().message;
    }
  }
  const auto page = page_of(sink);
  const auto expected = testing::parse_exposition(testing::read_text(kFolder + "expected.prom"));
  EXPECT_EQ(page.types, expected.types);
  EXPECT_EQ(page.samples, expected.samples);
  EXPECT_EQ(page.types.size(), plus_metrics().size()) << "the recorded answers have all there is";
}

TEST(PlusStatus, ServersOfOneNameAreAddedUp) {
  const auto page = written("http/upstreams", R"({"u":{"peers":[
      {"server":"a","state":"up","requests":1,"header_time":9,"responses":{"2xx":1,"codes":{"200":1,"299":1}}},
      {"server":"a","state":"down","requests":2,"header_time":5,"responses":{"codes":{"299":2}}}]}})");
  const auto value = [&](const std::string& name, const std::string& code = "") {
    const auto found =
        page.samples.find("nginxplus_upstream_server_" + name + "{" + code + "server=\"a\",upstream=\"u\"}");
    return found == page.samples.end() ? -1 : found->second;
  };
  EXPECT_EQ(value("requests"), 3);
  EXPECT_EQ(value("header_time"), 9);
  EXPECT_EQ(value("state"), 3);
  EXPECT_EQ(value("responses", "code=\"2xx\","), 1);
  EXPECT_EQ(value("responses_codes", "code=\"200\","), 1);
  EXPECT_EQ(value("responses_codes", "code=\"299\","), -1) << "the list of codes is fixed";
  EXPECT_EQ(value("responses_codes", "code=\"404\","), 0);
  EXPECT_EQ(value("health_checks_checks"), -1) << "there are none without health checks";
}

TEST(PlusStatus, WhatIsMissingIsZeroOrAbsent) {
  EXPECT_EQ(written("ssl", "null").samples.at("nginxplus_ssl_handshakes"), 0);
  EXPECT_EQ(written("ssl", R"({"Handshakes":3})").samples.at("nginxplus_ssl_handshakes"), 3);
  EXPECT_TRUE(written("http/caches", "{}").samples.empty());
  EXPECT_EQ(written("license", R"({"active_till":5})").samples.size(), 1U);
  EXPECT_EQ(written("license", R"({"reporting":null})").samples.size(), 1U);
  EXPECT_EQ(written("license", R"({"reporting":{}})").samples.size(), 4U);
}

TEST(PlusStatus, RefusesWhatIsNoCount) {
  for (const auto* json :
       {"", "[", R"({"handshakes":-1})", R"({"handshakes":"1"})", R"({"handshakes":1.5})"}) {
    Sink sink;
    EXPECT_FALSE(write_plus_section(sink, section("ssl"), json)) << json;
  }
}

TEST(PlusList, TellsWhatThereIs) {
  EXPECT_TRUE(parse_plus_list(R"(["http","stream"])")->stream);
  EXPECT_FALSE(parse_plus_list("[]")->stream);
  EXPECT_FALSE(parse_plus_list("{}"));
  const auto list = parse_plus_list(R"(["server_zones","zone_sync"])");
  EXPECT_TRUE(list->has("stream/server_zones"));
  EXPECT_FALSE(list->has("stream/zone_sync")) << "only together with limit_conns";
  EXPECT_EQ(newest_plus_version("[1,2,8,9,10]", 9), 9U);
  EXPECT_EQ(newest_plus_version("[10]", 9), 0U);
  EXPECT_FALSE(newest_plus_version("x", 9));
}

}  // namespace
}  // namespace exporter::nginx
