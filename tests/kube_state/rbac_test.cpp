// SPDX-License-Identifier: Apache-2.0
// The rights that the exporter asks for.

#include "api/rbac.hpp"

#include <gtest/gtest.h>

#include <exporter/yaml.hpp>

#include "api/reflectors.hpp"

namespace exporter::kube {
namespace {

constexpr Resource kPods{.name = "pods", .version = "v1"};
constexpr Resource kNodes{.name = "nodes", .version = "v1", .namespaced = false};
constexpr Resource kJobs{.name = "jobs", .group = "batch", .version = "v1"};
constexpr const Resource* kSome[] = {&kJobs, &kNodes, &kPods};

std::vector<std::string> words(const YamlNode& list) {
  std::vector<std::string> all;
  for (const auto& item : list.items()) all.push_back(item.scalar());
  return all;
}

TEST(Rbac, ListAndWatchWhatIsChosenAndNoMore) {
  const auto text = rbac_manifest({.resources = kSome, .service_account_namespace = "monitoring"});
  const auto yaml = Yaml::parse(text);
  ASSERT_TRUE(yaml) << yaml.error().message;
  const auto rules = yaml->root()["rules"].items();
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(words(rules[0]["apiGroups"]), (std::vector<std::string>{""}));
  EXPECT_EQ(words(rules[0]["resources"]), (std::vector<std::string>{"nodes", "pods"}));
  EXPECT_EQ(words(rules[0]["verbs"]), (std::vector<std::string>{"list", "watch"}));
  EXPECT_EQ(words(rules[1]["apiGroups"]), (std::vector<std::string>{"batch"}));
  const auto binding = Yaml::parse(text.substr(text.find("---\n") + 4));
  ASSERT_TRUE(binding);
  EXPECT_EQ(binding->root()["kind"].scalar(), "ClusterRoleBinding");
  EXPECT_EQ(binding->root()["subjects"].items()[0]["namespace"].scalar(), "monitoring");
}

TEST(Rbac, WhatFlagsNeedIsAdded) {
  const auto text = rbac_manifest({.auth_filter = true, .custom_resources = true, .shard_namespace = "team"});
  for (const auto* part : {"customresourcedefinitions", "tokenreviews", "subjectaccessreviews",
                           "kind: RoleBinding", "statefulsets", "namespace: team"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
  EXPECT_NE(rbac_manifest({}).find("rules: []"), std::string::npos);
}

TEST(TypeName, IsGos) {
  EXPECT_EQ(type_name(kPods), "*v1.Pod");
  EXPECT_EQ(type_name(kNodes), "*v1.Node");
  EXPECT_EQ(type_name({.name = "horizontalpodautoscalers", .version = "v2"}), "*v2.HorizontalPodAutoscaler");
  EXPECT_EQ(type_name({.name = "ingresses", .version = "v1"}), "*v1.Ingress");
  EXPECT_EQ(type_name({.name = "endpoints", .version = "v1"}), "*v1.Endpoints");
}

}  // namespace
}  // namespace exporter::kube
