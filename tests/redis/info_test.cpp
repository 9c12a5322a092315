// SPDX-License-Identifier: Apache-2.0

#include "info.hpp"

#include <gtest/gtest.h>

#include "redis_page.hpp"

namespace exporter::redis {
namespace {

std::string page_of_info(std::string_view info, Options options = default_options(),
                         std::int64_t databases = 2) {
  return page_of(options, [&](Output& out) {
    if (options.role_label) out.set_role(info_field(info, "role"));
    write_info(info, databases, 2000, options, out);
  });
}

constexpr std::string_view kReplica =
    "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nhz:10\r\nuptime_in_seconds:500\r\n"
    "# Memory\r\nused_memory:1000\r\nused_memory_human:1.0K\r\ntotal_system_memory:4096\r\n"
    "# Stats\r\nlatest_fork_usec:2500\r\nexpired_stale_perc:0.25\r\n"
    "# Replication\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n"
    "slave_repl_offset:77\r\nslave_read_only:1\r\n"
    "slave0:ip=10.0.0.3,port=6380,state=online,offset=70,lag=1\r\nslave1:ip=10.0.0.4,broken\r\n"
    "# Keyspace\r\ndb0:keys=5,expires=2,avg_ttl=1500\r\n";

TEST(Info, WritesPlainFields) {
  const auto page = page_of_info(kReplica);
  EXPECT_TRUE(has_line(page, "redis_memory_used_bytes 1000")) << page;
  EXPECT_TRUE(has_line(page, "redis_latest_fork_seconds 0.0025"));
  EXPECT_TRUE(has_line(page, "redis_expired_stale_percentage 0.25"));
  EXPECT_TRUE(has_line(page, "redis_start_time_seconds 1500"));
  EXPECT_EQ(page.find("human"), std::string::npos);
  EXPECT_EQ(page.find("total_system_memory"), std::string::npos);
}

TEST(Info, WritesReplicationWithItsLabels) {
  const auto page = page_of_info(kReplica);
  EXPECT_TRUE(has_line(page, R"(redis_master_link_up{master_host="10.0.0.1",master_port="6379"} 0)")) << page;
  EXPECT_TRUE(has_line(page, R"(redis_slave_repl_offset{master_host="10.0.0.1",master_port="6379"} 77)"));
  EXPECT_TRUE(
      has_line(page, R"(redis_slave_info{master_host="10.0.0.1",master_port="6379",read_only="1"} 1)"));
  EXPECT_TRUE(has_line(
      page,
      R"(redis_connected_slave_lag_seconds{slave_ip="10.0.0.3",slave_port="6380",slave_state="online"} 1)"));
  EXPECT_EQ(page.find("10.0.0.4"), std::string::npos);
}

TEST(Info, PadsDatabases) {
  const auto page = page_of_info(kReplica);
  EXPECT_TRUE(has_line(page, R"(redis_db_keys{db="db0"} 5)"));
  EXPECT_TRUE(has_line(page, R"(redis_db_avg_ttl_seconds{db="db0"} 1.5)"));
  EXPECT_TRUE(has_line(page, R"(redis_db_keys{db="db1"} 0)"));
  auto options = default_options();
  options.empty_databases = false;
  EXPECT_EQ(page_of_info(kReplica, options).find("db1"), std::string::npos);
}

TEST(Info, SumsCommandsWithTheirSubcommands) {
  constexpr std::string_view info =
      "# "
      "Commandstats\r\ncmdstat_config|get:calls=2,usec=30,usec_per_call=15.00,rejected_calls=1,failed_calls="
      "0\r\n"
      "cmdstat_config:calls=1,usec=5,usec_per_call=5.00\r\ncmdstat_config-x:calls=9,usec=900,usec_per_call="
      "100\r\n"
      "# Latencystats\r\nlatency_percentiles_usec_config|get:p50=15.5,p99.9=1048576\r\n"
      "latency_percentiles_usec_gone:p50=1\r\n";
  const auto options = default_options();
  InfoFacts facts;
  const auto page = page_of(options, [&](Output& out) { facts = write_info(info, 0, 0, options, out); });
  EXPECT_EQ(facts.microseconds_of("config"), 35U);
  EXPECT_EQ(facts.microseconds_of("config|get"), 30U);
  EXPECT_EQ(facts.microseconds_of("config-x"), 900U);
  EXPECT_EQ(facts.microseconds_of("con"), 0U);
  EXPECT_TRUE(has_line(page, R"(redis_commands_total{cmd="config|get"} 2)")) << page;
  EXPECT_TRUE(has_line(page, R"(redis_commands_duration_seconds_total{cmd="config|get"} 3e-05)"));
  EXPECT_TRUE(has_line(page, R"(redis_commands_rejected_calls_total{cmd="config|get"} 1)"));
  EXPECT_EQ(page.find(R"(redis_commands_rejected_calls_total{cmd="config"})"), std::string::npos);
  EXPECT_TRUE(has_line(page, R"(redis_latency_percentiles_usec{cmd="config|get",quantile="99.9"} 1048576)"));
  EXPECT_TRUE(has_line(page, R"(redis_latency_percentiles_usec_sum{cmd="config|get"} 30)"));
  EXPECT_EQ(page.find("gone"), std::string::npos);
}

TEST(Info, LabelsTheRoleAndRenames) {
  auto options = default_options();
  options.role_label = true;
  options.prefix = "valkey";
  const auto page = page_of_info(kReplica, options);
  EXPECT_TRUE(has_line(page, R"(valkey_memory_used_bytes{instance_role="slave"} 1000)")) << page;
  EXPECT_TRUE(has_line(page, R"(valkey_db_keys{db="db0",instance_role="slave"} 5)"));
}

TEST(Info, KnowsSeveralMasters) {
  const auto page = page_of_info(
      "# Replication\r\nrole:active-replica\r\nmaster_host:a\r\nmaster_port:1\r\nmaster_link_status:up\r\n"
      "master_1_host:b\r\nmaster_1_port:2\r\nmaster_1_link_status:up\r\n");
  EXPECT_TRUE(has_line(page, R"(redis_master_link_up{master_host="a",master_port="1"} 1)")) << page;
  EXPECT_TRUE(has_line(page, R"(redis_master_link_up{master_host="b",master_port="2"} 1)"));
}

TEST(Info, PassesOtherClusterFields) {
  const auto options = default_options();
  const auto page = page_of(options, [&](Output& out) {
    write_cluster_info("cluster_state:fail\r\ncluster_stats_messages_ping-x:3\r\ncluster_word:x\r\n", out);
  });
  EXPECT_TRUE(has_line(page, "redis_cluster_state 0")) << page;
  EXPECT_TRUE(has_line(page, "redis_cluster_stats_messages_ping_x 3"));
  EXPECT_EQ(page.find("word"), std::string::npos);
}

TEST(Info, LeavesOutCommandsWithoutNumbers) {
  const auto page = page_of_info(
      "# Commandstats\ncmdstat_a:calls=nan,usec=1\ncmdstat_b:calls=2,usec=-1\ncmdstat_c:calls=3,usec=1e30\n");
  EXPECT_EQ(page.find("cmd=\"a\""), std::string::npos) << page;
  EXPECT_EQ(page.find("cmd=\"b\""), std::string::npos);
  EXPECT_TRUE(has_line(page, "redis_commands_total{cmd=\"c\"} 3"));
}

TEST(Info, SurvivesNonsense) {
  for (const std::string_view info :
       {"", "\r\n", "# Keyspace\ndb0:\ndb1:keys\ndb2:keys=x,expires=y\n", "# Commandstats\ncmdstat_:\n:\n",
        "# Latencystats", "# Replication\nmaster_:\nslave0:\nslave:1\n", "# Sentinel\nmaster0:\n"}) {
    page_of_info(info);
  }
}

}  // namespace
}  // namespace exporter::redis
