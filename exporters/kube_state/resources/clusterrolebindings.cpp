// SPDX-License-Identifier: Apache-2.0
// Role bindings of the whole cluster: the role that they give.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"clusterrolebinding"};

enum { kAnnotations, kLabels, kInfo, kCreated, kVersion };
constexpr Family kFamilies[] = {
    unique("kube_clusterrolebinding_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_clusterrolebinding_labels", kExperimental, kLabelsHelp),
    shared("kube_clusterrolebinding_info", kExperimental, "The role that is given.", "roleref_kind",
           "roleref_name"),
    unique("kube_clusterrolebinding_created", kExperimental, kCreatedHelp),
    unique("kube_clusterrolebinding_metadata_resource_version", kExperimental, kVersionHelp),
};

constexpr Schema kRoleRef({
    {2, "kind", kString},
    {3, "name", kString},
});
constexpr Schema kClusterRoleBinding({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "roleRef", kMessage, &kRoleRef},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, role] = in.pick<kClusterRoleBinding, "metadata", "roleRef">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  const auto [kind, name] = in.pick<kRoleRef, "kind", "name">(role);
  emit(kInfo, {kind.bytes, name.bytes}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kClusterRoleBindings{
    .name = "clusterrolebindings",
    .group = "rbac.authorization.k8s.io",
    .version = "v1",
    .namespaced = false,
    .on_by_default = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kClusterRoleBinding,
    .read = read,
};

}  // namespace exporter::kube
