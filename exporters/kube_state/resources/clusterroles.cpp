// SPDX-License-Identifier: Apache-2.0
// Roles of the whole cluster: that they are there. Their rules are not asked for.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"clusterrole"};

enum { kAnnotations, kLabels, kInfo, kCreated, kVersion };
constexpr Family kFamilies[] = {
    unique("kube_clusterrole_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_clusterrole_labels", kExperimental, kLabelsHelp),
    shared("kube_clusterrole_info", kExperimental, "The cluster roles that there are."),
    unique("kube_clusterrole_created", kExperimental, kCreatedHelp),
    unique("kube_clusterrole_metadata_resource_version", kExperimental, kVersionHelp),
};

constexpr Schema kClusterRole({
    {1, "metadata", kMessage, &kObjectMetaSchema},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kClusterRole, "metadata">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kClusterRoles{
    .name = "clusterroles",
    .group = "rbac.authorization.k8s.io",
    .version = "v1",
    .namespaced = false,
    .on_by_default = false,
    .projection = Projection::kMetadata,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kClusterRole,
    .read = read,
};

}  // namespace exporter::kube
