// SPDX-License-Identifier: Apache-2.0
// The page at "/" and /-/status, as a client without a browser gets them; a browser looks at them in
// tests/integration/landing_page_test.py.

#include <libdeflate.h>

#include <string>
#include <string_view>

#include <exporter/json.hpp>

#include <gtest/gtest.h>

#include "detail/landing_page.hpp"

namespace {

using exporter::JsonReader;
using exporter::Request;
using exporter::Response;
using exporter::detail::landing_response;
using exporter::detail::LandingPage;
using exporter::detail::status_response;

Request asks(std::string encodings, std::string tag = "") {
  Request request;
  request.headers = {{"accept-encoding", std::move(encodings)}, {"if-none-match", std::move(tag)}};
  return request;
}

LandingPage some_page() {
  LandingPage page{.title = "Some Exporter", .description = "Exposes something.", .metrics_path = "/metrics"};
  page.collectors = {{"good", true, true, false, 0.25, ""},
                     {"broken", true, false, false, 0.5, "cannot read \"<x>\""},
                     {"absent", true, false, true, 0, "no such device"},
                     {"new", false, false, false, 0, ""}};
  return page;
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

std::string gunzip(std::string_view packed) {
  auto* decompressor = libdeflate_alloc_decompressor();
  std::string text(1 << 20, '\0');
  std::size_t used = 0;
  std::size_t size = 0;
  const auto result = libdeflate_gzip_decompress_ex(decompressor, packed.data(), packed.size(), text.data(),
                                                    text.size(), &used, &size);
  libdeflate_free_decompressor(decompressor);
  EXPECT_EQ(result, LIBDEFLATE_SUCCESS);
  EXPECT_EQ(used, packed.size()) << "more than one gzip member";
  text.resize(result == LIBDEFLATE_SUCCESS ? size : 0);
  return text;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST(LandingPage, IsTheSameWithAndWithoutGzip) {
  const auto packed = landing_response(some_page(), asks("br, gzip"));
  const auto plain = landing_response(some_page(), asks(""));
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  EXPECT_EQ(gunzip(*packed.body), *plain.body);
  EXPECT_TRUE(plain.body->starts_with("<!doctype html>"));
  EXPECT_TRUE(plain.body->ends_with("</html>\n"));
  EXPECT_LT(packed.body->size(), plain.body->size() / 2);
}

TEST(LandingPage, IsWholeWhereItIsLongerThanOneStoredBlock) {
  auto page = some_page();
  page.collectors[1].problem = std::string(200'000, 'p');
  const auto packed = landing_response(page, asks("gzip"));
  EXPECT_EQ(gunzip(*packed.body), *landing_response(page, asks("")).body);
  EXPECT_TRUE(has(gunzip(*packed.body), page.collectors[1].problem));
}

TEST(LandingPage, SaysEverythingWithoutScripts) {
  auto page = some_page();
  const std::string other = "/discover";
  page.links = {other};
  page.forms = {{"/probe", {{"target", "host:1", true}, {"module", "", false}}}};
  const auto text = *landing_response(page, asks("")).body;
  EXPECT_TRUE(has(text, "<title>Some Exporter</title>"));
  EXPECT_TRUE(has(text, "<h1>Some Exporter</h1><p>Exposes something.</p>"));
  EXPECT_TRUE(has(text, "<a href=\"./metrics\">Metrics</a>")) << "relative, for proxies with a prefix";
  EXPECT_TRUE(has(text, "<a href=\"./discover\">/discover</a>"));
  EXPECT_TRUE(has(text, "<form action=\"./probe\">"));
  EXPECT_TRUE(has(text, "<input name=\"target\" placeholder=\"host:1\" required>"));
  EXPECT_TRUE(has(text, "<input name=\"module\" placeholder=\"\">"));
  EXPECT_TRUE(has(text, "<li class=\"ok\"><span class=\"name\">good</span>"));
  EXPECT_TRUE(has(text, "250 ms"));
  EXPECT_TRUE(has(text, "<li class=\"failed\"><span class=\"name\">broken</span>"));
  EXPECT_TRUE(has(text, "cannot read &quot;&lt;x&gt;&quot;"));
  EXPECT_TRUE(has(text, "<li class=\"no_data\"><span class=\"name\">absent</span>"));
  EXPECT_TRUE(has(text, "<li class=\"waiting\"><span class=\"name\">new</span>"));
}

TEST(LandingPage, TakesNoTextForHtml) {
  auto page = some_page();
  page.title = page.description = page.query_example = "</title><script>alert('x')</script>\"'&";
  page.collectors[1].problem = "<img src=x onerror=alert(1)>";
  const auto text = *landing_response(page, asks("")).body;
  EXPECT_FALSE(has(text, "<script>alert"));
  EXPECT_FALSE(has(text, "<img"));
}

TEST(LandingPage, LetsTheBrowserRunNothingElse) {
  const auto response = landing_response(some_page(), asks("gzip"));
  const auto policy = header(response, "Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'; script-src 'sha256-"));
  EXPECT_TRUE(has(policy, "; style-src 'sha256-"));
  EXPECT_FALSE(has(policy, "unsafe"));
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
}

TEST(LandingPage, IsNotSentAgainUnchanged) {
  const auto first = landing_response(some_page(), asks("gzip"));
  const auto tag = header(first, "ETag");
  const auto again = landing_response(some_page(), asks("gzip", tag));
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, nullptr);
  EXPECT_EQ(header(again, "ETag"), tag);
  EXPECT_EQ(landing_response(some_page(), asks("", tag)).status, 200) << "another coding is another body";
  auto page = some_page();
  page.collectors[0].seconds = 1;
  EXPECT_EQ(landing_response(page, asks("gzip", tag)).status, 200);
}

TEST(LandingPage, StatusIsJson) {
  const auto response = status_response(some_page());
  EXPECT_TRUE(response.content_type.starts_with("application/json"));
  JsonReader json(*response.body);
  std::vector<std::string> states;
  std::vector<double> seconds;
  std::string title;
  std::string problem;
  double now = 0;
  json.object([&](std::string_view key) {
    if (key == "title") title = json.string();
    if (key == "now") now = json.number();
    if (key != "collectors") return;
    json.array([&] {
      json.object([&](std::string_view member) {
        if (member == "state") states.emplace_back(json.string());
        if (member == "seconds") seconds.push_back(json.number());
        if (member == "problem" && states.back() == "failed") problem = json.string();
      });
    });
  });
  EXPECT_TRUE(json.finish());
  EXPECT_EQ(title, "Some Exporter");
  EXPECT_GT(now, 1.6e9);
  EXPECT_EQ(states, (std::vector<std::string>{"ok", "failed", "no_data", "waiting"}));
  EXPECT_EQ(seconds, (std::vector<double>{0.25, 0.5, 0, 0}));
  EXPECT_EQ(problem, "cannot read \"<x>\"");
}

}  // namespace
