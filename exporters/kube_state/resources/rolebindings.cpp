// SPDX-License-Identifier: Apache-2.0
// Role bindings: the role that they give.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "rolebinding"};

enum { kAnnotations, kLabels, kInfo, kCreated, kVersion };
constexpr Family kFamilies[] = {
    unique("kube_rolebinding_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_rolebinding_labels", kExperimental, kLabelsHelp),
    shared("kube_rolebinding_info", kExperimental, "The role that is given.", "roleref_kind", "roleref_name"),
    unique("kube_rolebinding_created", kExperimental, kCreatedHelp),
    unique("kube_rolebinding_metadata_resource_version", kExperimental, kVersionHelp),
};

constexpr Schema kRoleRef({
    {2, "kind", kString},
    {3, "name", kString},
});
constexpr Schema kRoleBinding({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "roleRef", kMessage, &kRoleRef},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, role] = in.pick<kRoleBinding, "metadata", "roleRef">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  const auto [kind, name] = in.pick<kRoleRef, "kind", "name">(role);
  emit(kInfo, {kind.bytes, name.bytes}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kRoleBindings{
    .name = "rolebindings",
    .group = "rbac.authorization.k8s.io",
    .version = "v1",
    .on_by_default = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kRoleBinding,
    .read = read,
};

}  // namespace exporter::kube
