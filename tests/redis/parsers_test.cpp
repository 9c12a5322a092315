// SPDX-License-Identifier: Apache-2.0
// What reads flags, addresses, passwords, numbers and answers.

#include <cmath>

#include <gtest/gtest.h>

#include "address.hpp"
#include "cluster.hpp"
#include "key_set.hpp"
#include "number.hpp"
#include "options.hpp"
#include "resp.hpp"

namespace exporter::redis {
namespace {

TEST(Address, TakesItsForms) {
  const auto plain = parse_address("localhost:6380");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->text(), "localhost:6380");
  EXPECT_FALSE(plain->tls);

  const auto full = parse_address("rediss://us%40er:p%3Aw@[::1]:7000/3");
  ASSERT_TRUE(full);
  EXPECT_TRUE(full->tls);
  EXPECT_EQ(full->user, "us@er");
  EXPECT_EQ(full->password, "p:w");
  EXPECT_EQ(full->text(), "[::1]:7000");
  EXPECT_EQ(full->database, "3");

  EXPECT_EQ(parse_address("redis://h")->port, "6379");
  EXPECT_EQ(parse_address("unix:///run/redis.sock")->path, "/run/redis.sock");
  EXPECT_EQ(parse_address("/run/redis.sock")->path, "/run/redis.sock");
}

TEST(Address, RefusesWithoutRepeatingIt) {
  for (const auto* text :
       {"http://secret", "redis://a:secret", "redis://%zz@secret", "redis://secret/x", "redis://[secret"}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos) << address.error().message;
  }
}

TEST(KeyPatterns, SplitDatabasesAndDecode) {
  const auto patterns = parse_key_patterns("db1=a*,b+c%2Cd, db2=x%3Dy");
  ASSERT_TRUE(patterns);
  ASSERT_EQ(patterns->size(), 3U);
  EXPECT_EQ((*patterns)[0].database, "1");
  EXPECT_TRUE((*patterns)[0].is_glob());
  EXPECT_EQ((*patterns)[1].database, "0");
  EXPECT_EQ((*patterns)[1].pattern, "b c,d");
  EXPECT_FALSE((*patterns)[1].is_glob());
  EXPECT_EQ((*patterns)[2].pattern, "x=y");
  EXPECT_TRUE(parse_key_patterns("")->empty());
  EXPECT_FALSE(parse_key_patterns("db1=a=b"));
  EXPECT_FALSE(parse_key_patterns("dbx=a"));
}

TEST(Csv, KnowsQuotes) {
  EXPECT_EQ(*parse_csv(R"(a,"b,""c",,d)"), (std::vector<std::string>{"a", "b,\"c", "", "d"}));
  EXPECT_FALSE(parse_csv("\"a"));
  EXPECT_FALSE(parse_csv("a\"b"));
}

TEST(Passwords, ReadOneObject) {
  const auto map = parse_passwords(R"({"redis://a:1": "x\"\u00e9\ud83d\ude00", "b":""})");
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(map->at("redis://a:1"), "x\"é😀");
  EXPECT_TRUE(parse_passwords(" {} ")->empty());
  for (const auto* text : {"", "[]", "{\"a\":1}", "{\"a\" \"b\"}", "{\"a\":\"b\",}", "{\"a\":\"b\"} x",
                           "{\"a\":\"\\ud83d\"} x"}) {
    EXPECT_FALSE(parse_passwords(text)) << text;
  }
}

TEST(Number, IsAsInGo) {
  EXPECT_EQ(go_float("1_000"), 1000);
  EXPECT_EQ(go_float("0x1p4"), 16);
  EXPECT_EQ(go_float("+.5"), 0.5);
  EXPECT_TRUE(std::isinf(*go_float("-Inf")));
  EXPECT_TRUE(std::isnan(*go_float("nan")));
  for (const auto* text :
       {"", " 1", "1 ", "0x1F", "1e400", "1.5M", "90%", "_1", "1__0", "-nan", "--1", "1e"}) {
    EXPECT_FALSE(go_float(text)) << text;
  }
  EXPECT_EQ(std::string_view(GoNumber(1073741)), "1.073741e+06");
  EXPECT_EQ(std::string_view(GoNumber(270336)), "270336");
  EXPECT_EQ(std::string_view(GoNumber(99.9)), "99.9");
  EXPECT_EQ(std::string_view(GoNumber(0)), "0");
}

TEST(Resp, WritesAndReads) {
  Commands commands;
  EXPECT_EQ(commands.add({"GET", "a b"}), 0U);
  EXPECT_EQ(commands.bytes(), "*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");

  constexpr std::string_view bytes = "+OK\r\n-ERR no\r\n:7\r\n$-1\r\n*3\r\n$1\r\nk\r\n*1\r\n:1\r\n$0\r\n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Replies replies;
    ASSERT_TRUE(replies.feed(bytes.substr(0, cut)));
    ASSERT_TRUE(replies.feed(bytes.substr(cut)));
    ASSERT_EQ(replies.size(), 5U);
    EXPECT_EQ(replies[0].text, "OK");
    EXPECT_TRUE(replies[1].failed());
    EXPECT_EQ(replies[2].integer, 7);
    EXPECT_EQ(replies[3].kind, Reply::Kind::kNil);
    EXPECT_EQ(replies[4].named("k").at(0).integer, 1);
    EXPECT_EQ(replies[4].at(9).kind, Reply::Kind::kNil);
  }
}

TEST(Resp, RefusesNonsense) {
  for (const std::string_view bytes : {"HTTP/1.1 400 Bad Request\r\n\r\n", "*2000000000\r\n", "$x\r\n"}) {
    Replies replies;
    EXPECT_FALSE(replies.feed(bytes)) << bytes;
  }
}

TEST(Cluster, ReadsNodes) {
  const auto nodes = parse_cluster_nodes(
      "aa 10.0.0.1:7000@17000,node-1 myself,master - 0 1 1 connected 0-5460\n"
      "bb [::1]:7001@17001 slave aa 0 1 1 connected\ncc :0@0 master,noaddr - 0 1 1 disconnected\n",
      false);
  ASSERT_EQ(nodes.size(), 2U);
  EXPECT_EQ(nodes[0].host, "10.0.0.1");
  EXPECT_TRUE(nodes[0].master);
  EXPECT_FALSE(nodes[1].master);
  EXPECT_EQ(
      discovery_page({nodes[0]}, true),
      "[\n  {\n    \"targets\": [\n      \"rediss://10.0.0.1:7000\"\n    ],\n    \"labels\": {}\n  }\n]");
}

TEST(KeySet, TellsKeysAndDatabasesApart) {
  KeySet seen;
  constexpr int kMany = 10000;  // so that the table grows
  for (int i = 0; i < kMany; ++i) {
    EXPECT_TRUE(seen.add("db0", "k:" + std::to_string(i)));
    EXPECT_TRUE(seen.add("db1", "k:" + std::to_string(i)));
  }
  for (int i = 0; i < kMany; ++i) EXPECT_FALSE(seen.add("db1", "k:" + std::to_string(i)));
}

}  // namespace
}  // namespace exporter::redis
