// SPDX-License-Identifier: Apache-2.0
// The walk over the VTS page.

#include "vts_status.hpp"

#include <gtest/gtest.h>

#include <exporter/page.hpp>

namespace exporter::nginx_vts {
namespace {

std::string written(std::string_view page, std::string_view prefix = "nginx") {
  Sink sink;
  const Names names(prefix);
  const auto status = write_vts_status(sink, names, page);
  EXPECT_TRUE(status) << status.error().message;
  const Sink* const sinks[] = {&sink};
  std::string text;
  PageBuilder builder;
  EXPECT_EQ(builder.build(sinks, PageFormat::kText, text).dropped, 0U);
  return text;
}

bool fails(std::string_view page) {
  Sink sink;
  return !write_vts_status(sink, Names("nginx"), page);
}

TEST(VtsStatus, WritesWhatThePageHas) {
  const auto text = written(R"({"hostName":"h","nginxVersion":"1.22","loadMsec":1000,"nowMsec":4999,
    "connections":{"active":2,"requests":9},"sharedZones":{"name":"z","maxSize":5,"usedSize":6,"usedNode":7},
    "serverZones":{"a\"b":{"requestCounter":3,"inBytes":4,"outBytes":18446744073709551615,"requestMsec":8,
      "responses":{"2xx":2,"hit":1},"requestMsecs":{"times":[1,2],"msecs":[3,4]}}},
    "filterZones":{"f":{"n":{"requestCounter":1,"responses":{}}}},
    "upstreamZones":{"u":[{"server":"1.1.1.1:1","requestCounter":1,"responseMsec":5},{"server":"1.1.1.1:1","requestCounter":2,"responseMsec":4}]},
    "cacheZones":{"c":{"inBytes":1,"outBytes":2,"responses":{"miss":3}}}})");
  for (const auto* line :
       {"nginx_server_info{hostName=\"h\",nginxVersion=\"1.22\"} 3\n",
        "nginx_server_connections{status=\"active\"} 2\n", "nginx_server_connections{status=\"waiting\"} 0\n",
        "nginx_server_sharedzones{name=\"z\",memstat=\"usednode\"} 7\n",
        "nginx_server_bytes{direction=\"out\",host=\"a\\\"b\"} 18446744073709551615\n",
        "nginx_server_requests{code=\"total\",host=\"a\\\"b\"} 3\n",
        "nginx_server_cache{host=\"a\\\"b\",status=\"hit\"} 1\n",
        "nginx_server_requestMsec{host=\"a\\\"b\"} 8\n",
        "nginx_filter_requests{code=\"total\",filter=\"f\",filterName=\"n\"} 1\n",
        "nginx_upstream_requests{backend=\"1.1.1.1:1\",code=\"total\",upstream=\"u\"} 3\n",
        "nginx_upstream_responseMsec{backend=\"1.1.1.1:1\",upstream=\"u\"} 5\n",
        "nginx_cache_requests{status=\"miss\",zone=\"c\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(VtsStatus, NothingIsZeros) {
  for (const auto* page : {"null", "{}", R"({"unknown":[1,{"a":2}]})"}) {
    const auto text = written(page, "other");
    EXPECT_NE(text.find("other_server_info{hostName=\"\",nginxVersion=\"\"} 0\n"), std::string::npos);
    EXPECT_EQ(text.find("nginx_"), std::string::npos);
  }
}

TEST(VtsStatus, RefusesWhatIsNoCount) {
  EXPECT_TRUE(fails(""));
  EXPECT_TRUE(fails("# HELP nginx_vts_info"));
  for (const auto* value : {"-1", "1.5", "\"1\"", "{}"}) {
    EXPECT_TRUE(fails(std::string(R"({"serverZones":{"a":{"inBytes":)") + value + "}}}")) << value;
  }
  EXPECT_TRUE(fails(R"({"serverZones":{"a":{"inBytes":1}})"));
}

}  // namespace
}  // namespace exporter::nginx_vts
