// SPDX-License-Identifier: Apache-2.0
// What an Accept header gets.

#include "endpoints.hpp"

#include <gtest/gtest.h>

namespace exporter::kube {
namespace {

TEST(NegotiatePage, OffersTextAndOpenMetrics) {
  const std::string text = "text/plain; version=0.0.4; charset=utf-8";
  const auto open = [](const std::string& version, const std::string& escaping = "underscores") {
    return "application/openmetrics-text; version=" + version + "; charset=utf-8; escaping=" + escaping;
  };
  const struct {
    std::string accept, type;
  } cases[] = {
      {"", text},
      {"*/*", text},
      {"text/html", text},
      {"text/plain;version=0.0.4", text},
      {"application/openmetrics-text", open("0.0.1")},
      {"application/openmetrics-text;version=1.0.0", open("1.0.0")},
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8,text/plain;q=0.5",
       open("1.0.0", "allow-utf-8")},
      {"application/openmetrics-text;version=9,text/plain;q=0.1", text},
      {"application/openmetrics-text;version=1.0.0;q=0.2,text/plain;version=0.0.4;q=0.9", text},
      {"text/plain;q=0.5,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1", open("0.0.1")},
      // Where protobuf is liked best the answer is text.
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
       "application/openmetrics-text;version=1.0.0;q=0.8",
       text},
      {"application/openmetrics-text;version=1.0.0;q=0", text},
  };
  for (const auto& c : cases) {
    const auto page = negotiate_page(c.accept);
    EXPECT_EQ(page.content_type, c.type) << c.accept;
    EXPECT_EQ(page.format == PageFormat::kOpenMetrics, c.type != text) << c.accept;
  }
}

TEST(ConfigHash, IsTheOriginals) {
  // MD5 of "": d41d8cd98f00b204...; six bytes, the lowest first.
  EXPECT_EQ(config_hash(""), 0x00'8f'd9'8c'1d'd4ULL);
}

}  // namespace
}  // namespace exporter::kube
