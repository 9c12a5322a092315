// SPDX-License-Identifier: Apache-2.0
// The walk over the VTS page.

#include "vts_status.hpp"

#include "module_names.hpp"
#include "vts_collector.hpp"

#include <gtest/gtest.h>

#include <exporter/page.hpp>

namespace exporter::nginx_vts {
namespace {

std::string written(std::string_view page, std::string_view prefix = "nginx",
                    NameSets sets = {.module = false}) {
  Sink sink;
  const Names names(prefix);
  const auto status = write_vts_status(sink, names, sets, page);
  EXPECT_TRUE(status) << status.error().message;
  const Sink* const sinks[] = {&sink};
  std::string text;
  PageBuilder builder;
  EXPECT_EQ(builder.build(sinks, PageFormat::kText, text).dropped, 0U);
  return text;
}

bool fails(std::string_view page) {
  Sink sink;
  return !write_vts_status(sink, Names("nginx"), {}, page);
}

TEST(VtsStatus, WritesWhatThePageHas) {
  const auto text = written(R"({"hostName":"h","nginxVersion":"1.22","loadMsec":1000,"nowMsec":4999,
    "connections":{"active":2,"requests":9},"sharedZones":{"name":"z","maxSize":5,"usedSize":6,"usedNode":7},
    "serverZones":{"a\"b":{"requestCounter":3,"inBytes":4,"outBytes":18446744073709551615,"requestMsec":8,
      "responses":{"2xx":2,"hit":1},"requestMsecs":{"times":[1,2],"msecs":[3,4]}}},
    "filterZones":{"f":{"n":{"requestCounter":1,"responses":{}}}},
    "upstreamZones":{"u":[{"server":"1.1.1.1:1","requestCounter":3,"responseMsec":5,"weight":1,"down":true},{"server":"1.1.1.1:1","requestCounter":3,"responseMsec":5,"weight":2,"down":false}]},
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
        "nginx_upstream_weight{backend=\"1.1.1.1:1\",upstream=\"u\"} 3\n",
        "nginx_upstream_down{backend=\"1.1.1.1:1\",upstream=\"u\"} 0\n",
        "nginx_cache_requests{status=\"miss\",zone=\"c\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

TEST(VtsStatus, TheModulesOwnNames) {
  const auto text =
      written(R"({"hostName":"h","moduleVersion":"v1","nginxVersion":"1.22","loadMsec":1795616649028,
    "sharedZones":{"freeSize":9},
    "serverZones":{"a":{"requestCounter":3,"outBytes":18446744073709551615,"requestMsec":8,"requestMsecCounter":1234,
      "statusCodes":{"other":1,"200":2},"responses":{"2xx":3,"hit":1},
      "requestBuckets":{"msecs":[5,1050],"counters":[1,3]}}, "b":{"requestBuckets":{"msecs":[],"counters":[]}}},
    "filterZones":{"f":{"n)"
              "\xff"
              R"(":{"requestCounter":1}}},
    "upstreamZones":{"u":[{"server":"s","requestCounter":2,"responseMsecCounter":5},{"server":"unused"}]},
    "cacheZones":{"c":{"maxSize":10,"usedSize":4,"inBytes":1}}})",
              "nginx", {.exporter = false});
  for (const auto* line :
       {"nginx_vts_info{hostname=\"h\",module_version=\"v1\",version=\"1.22\"} 1\n",
        "nginx_vts_start_time_seconds 1795616649.028\n",
        "nginx_vts_main_shm_usage_bytes{shared=\"free_size\"} 9\n",
        "nginx_vts_main_connections{status=\"active\"} 0\n",
        "nginx_vts_server_bytes_total{host=\"a\",direction=\"out\"} 18446744073709551615\n",
        "nginx_vts_server_requests_total{host=\"a\",code=\"2xx\"} 3\n",
        "nginx_vts_status_code_requests_total{host=\"a\",code=\"other\"} 1\n",
        "nginx_vts_server_request_seconds_total{host=\"a\"} 1.234\n",
        "nginx_vts_server_request_seconds{host=\"a\"} 0.008\n",
        "# TYPE nginx_vts_server_request_duration_seconds histogram\n",
        "nginx_vts_server_request_duration_seconds_bucket{host=\"a\",le=\"0.005\"} 1\n",
        "nginx_vts_server_request_duration_seconds_bucket{host=\"a\",le=\"1.050\"} 3\n",
        "nginx_vts_server_request_duration_seconds_bucket{host=\"a\",le=\"+Inf\"} 3\n",
        "nginx_vts_server_request_duration_seconds_sum{host=\"a\"} 1.234\n",
        "nginx_vts_server_request_duration_seconds_count{host=\"a\"} 3\n",
        "nginx_vts_filter_requests_total{filter=\"f\",filter_name=\"n\\\\xFF\",code=\"1xx\"} 0\n",
        "nginx_vts_upstream_response_seconds_total{upstream=\"u\",backend=\"s\"} 0.005\n",
        "nginx_vts_cache_usage_bytes{cache_zone=\"c\",cache_size=\"used\"} 4\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(text.find("duration_seconds_count{host=\"b\"}"), std::string::npos) << "no buckets, no histogram";
  EXPECT_EQ(text.find("unused"), std::string::npos) << "the module shows no backend before its first request";
  EXPECT_EQ(text.find("\nnginx_server"), std::string::npos);
}

TEST(ModuleText, BytesThatAreNoText) {
  std::string scratch;
  const auto shown = [&](std::string_view text) { return std::string(module_text(text, scratch)); };
  EXPECT_EQ(shown("plain \"\\"), "plain \"\\");
  EXPECT_EQ(shown("\xC3\xA9\xEF\xBF\xBD"), "\xC3\xA9\xEF\xBF\xBD")
      << "valid, a replacement character included";
  EXPECT_EQ(shown("cut\xE2\x82"), "cut\\xE2\\x82");
  EXPECT_EQ(shown("\xEF\xEF\xBF\xBD\xFF"), "\\xEF\xEF\xBF\xBD\\xFF");
}

TEST(JsonFormatUrl, StandsBesideTheOtherFormats) {
  EXPECT_EQ(json_format_url("http://h/status"), "http://h/status/format/json");
  EXPECT_EQ(json_format_url("http://h/status/?x=1"), "http://h/status/format/json");
  EXPECT_EQ(json_format_url("http://h/status/format/prometheus"), "http://h/status/format/json");
  EXPECT_EQ(json_format_url("http://h/format/a/b"), "http://h/format/a/b/format/json");
  EXPECT_EQ(json_format_url("http://h/status/format/json"), "");
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
