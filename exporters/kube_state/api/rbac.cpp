// SPDX-License-Identifier: Apache-2.0
// The rights that the exporter needs, as a manifest.

#include "api/rbac.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace exporter::kube {
namespace {

void append_list(std::string& out, std::string_view name, const std::vector<std::string_view>& items) {
  out += name;
  out += ": [";
  std::string_view separator;
  for (const auto item : items) {
    out += separator;
    out += item.empty() ? "\"\"" : item;
    separator = ", ";
  }
  out += "]\n";
}

void append_rule(std::string& out, std::string_view group, const std::vector<std::string_view>& resources,
                 const std::vector<std::string_view>& verbs) {
  append_list(out, "  - apiGroups", {group});
  append_list(out, "    resources", resources);
  append_list(out, "    verbs", verbs);
}

void append_head(std::string& out, std::string_view kind, const RbacRequest& request,
                 std::string_view name_space) {
  out += "apiVersion: rbac.authorization.k8s.io/v1\nkind: ";
  out += kind;
  out += "\nmetadata:\n  name: ";
  out += request.name;
  if (!name_space.empty()) {
    out += "\n  namespace: ";
    out += name_space;
  }
  out += '\n';
}

void append_binding(std::string& out, std::string_view kind, const RbacRequest& request,
                    std::string_view name_space) {
  out += "---\n";
  append_head(out, std::string(kind) + "Binding", request, name_space);
  out += "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ";
  out += kind;
  out += "\n  name: ";
  out += request.name;
  out += "\nsubjects:\n  - kind: ServiceAccount\n    name: ";
  out += request.name;
  out += "\n    namespace: ";
  out += request.service_account_namespace;
  out += '\n';
}

}  // namespace

std::string rbac_manifest(const RbacRequest& request) {
  std::map<std::string_view, std::vector<std::string_view>> groups;
  for (const auto* resource : request.resources) groups[resource->group].push_back(resource->name);
  for (const auto& [group, plural] : request.custom) {
    auto& resources = groups[group];
    if (std::ranges::find(resources, plural) == resources.end()) resources.push_back(plural);
  }
  if (request.custom_resources) groups["apiextensions.k8s.io"].push_back("customresourcedefinitions");

  std::string out;
  append_head(out, "ClusterRole", request, {});
  out += groups.empty() && !request.auth_filter ? "rules: []\n" : "rules:\n";
  for (const auto& [group, resources] : groups) append_rule(out, group, resources, {"list", "watch"});
  if (request.auth_filter) {
    append_rule(out, "authentication.k8s.io", {"tokenreviews"}, {"create"});
    append_rule(out, "authorization.k8s.io", {"subjectaccessreviews"}, {"create"});
  }
  append_binding(out, "ClusterRole", request, {});
  if (!request.shard_namespace.empty()) {
    out += "---\n";
    append_head(out, "Role", request, request.shard_namespace);
    out += "rules:\n";
    append_rule(out, "", {"pods"}, {"get"});
    append_rule(out, "apps", {"statefulsets"}, {"get", "list", "watch"});
    append_binding(out, "Role", request, request.shard_namespace);
  }
  return out;
}

}  // namespace exporter::kube
