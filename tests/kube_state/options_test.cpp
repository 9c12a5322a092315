// SPDX-License-Identifier: Apache-2.0
// Flags and the --config file.

#include "options.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "config.hpp"

namespace exporter::kube {
namespace {

using Strings = std::vector<std::string>;

Result<Options> read(std::vector<const char*> arguments) {
  Flags flags("kube-state-metrics", "", Flags::Style::kPflag);
  const OptionFlags options(flags);
  arguments.insert(arguments.begin(), "kube-state-metrics");
  auto outcome = flags.parse(static_cast<int>(arguments.size()), arguments.data());
  if (!outcome) return fail(outcome);
  return options.read();
}

TEST(Options, ListsMayBeRepeatedAndJoined) {
  const auto o = read({"--resources=pods,nodes", "--resources", "jobs", "--namespaces=a, b",
                       "--metric-denylist=^kube_pod_,x", "--metric-labels-allowlist=pods=[a,b*],*=[c]",
                       "-v=4", "--logtostderr=false", "--stderrthreshold", "2"});
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->resources, (Strings{"pods", "nodes", "jobs"}));
  EXPECT_EQ(o->namespaces, (Strings{"a", "b"}));
  EXPECT_EQ(o->metric_denylist, (Strings{"^kube_pod_", "x"}));
  ASSERT_EQ(o->labels_allowlist.size(), 2U);
  EXPECT_EQ(o->labels_allowlist[0].keys, (Strings{"a", "b*"}));
  EXPECT_EQ(o->port, 8080);
  EXPECT_EQ(o->telemetry_port, 8081);
}

TEST(Options, WhatCannotWorkIsRefused) {
  const std::vector<std::vector<const char*>> cases = {{"--shard=2", "--total-shards=2"},
                                                       {"--total-shards=0"},
                                                       {"--shard=-1"},
                                                       {"--port=70000"},
                                                       {"--metric-labels-allowlist=pods=[a"},
                                                       {"--metric-allowlist=a", "--metric-denylist=b"},
                                                       {"--nope"},
                                                       {"--port=x"},
                                                       {"--config=/does/not/exist"}};
  for (const auto& arguments : cases) EXPECT_FALSE(read(arguments)) << arguments.front();
}

TEST(Options, WhatIsOnlyOddStarts) {
  const std::vector<std::vector<const char*>> cases = {
      {"--node=n"},
      {"--pod=p"},
      {"--object-limit=-1"},
      {"--auto-gomemlimit-ratio=7"},
      {"--metric-labels-allowlist=pods"},
      {"--config=/does/not/exist", "--continue-without-config"},
      {"--shard=5", "--pod=p", "--pod-namespace=n"}};
  for (const auto& arguments : cases) {
    const auto o = read(arguments);
    EXPECT_TRUE(o) << arguments.front() << ": " << o.error().message;
  }
}

TEST(Config, OverridesTheFlags) {
  const auto path =
      std::filesystem::temp_directory_path() / ("kube-config-" + std::to_string(::getpid()) + ".yaml");
  std::ofstream(path) << R"(
resources: {pods: {}, nodes: {}}
metric_denylist: {"^kube_pod_": {}}
labels_allow_list: {pods: [app], "*": ["*"]}
namespaces: [a, b]
port: 1234
telemetry_host: 127.0.0.1
shard: 1
total_shards: 3
enable_gzip_encoding: true
server_write_timeout: 2m
custom_resource_config: |
  spec: {}
auto-gomemlimit: true
)";
  const auto flag = "--config=" + path.string();
  const auto o = read({flag.c_str(), "--port=1", "--resources=secrets", "--host=h"});
  std::filesystem::remove(path);
  ASSERT_TRUE(o) << o.error().message;
  EXPECT_EQ(o->resources, (Strings{"pods", "nodes"}));
  EXPECT_EQ(o->port, 1234);
  EXPECT_EQ(o->host, "h");
  EXPECT_EQ(o->telemetry_host, "127.0.0.1");
  EXPECT_EQ(o->shard, (Shard{1, 3}));
  EXPECT_EQ(o->labels_allowlist.size(), 2U);
  EXPECT_TRUE(o->gzip);
  EXPECT_EQ(o->write_timeout, std::chrono::minutes(2));
  EXPECT_EQ(o->custom_resource_config, "spec: {}\n");
}

TEST(Config, ErrorsNameTheLine) {
  const struct {
    const char* yaml;
    const char* part;
  } cases[] = {{"port: x", "line 1"},
               {"resources: [pods]", "map"},
               {"a: 1\nnamespaces: a", "line 2"},
               {"port: 1\nport: 2", "twice"},
               {"- x", "map"},
               {"port: [", "line"},
               {"shard: -1", "negative"}};
  for (const auto& c : cases) {
    Options o;
    const auto status = apply_config(c.yaml, o);
    ASSERT_FALSE(status) << c.yaml;
    EXPECT_NE(status.error().message.find(c.part), std::string::npos) << status.error().message;
  }
  Options o;
  EXPECT_TRUE(apply_config("", o));
  EXPECT_TRUE(apply_config("unknown: 1", o));
}

TEST(ListenAddress, TakesWhatGoDoes) {
  EXPECT_EQ(listen_address("::", 8080), ":8080");
  EXPECT_EQ(listen_address("0.0.0.0", 1), "0.0.0.0:1");
  EXPECT_EQ(listen_address("::1", 2), "[::1]:2");
  EXPECT_EQ(listen_address("localhost", 3), "localhost:3");
}

}  // namespace
}  // namespace exporter::kube
