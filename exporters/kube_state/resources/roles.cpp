// SPDX-License-Identifier: Apache-2.0
// Roles: that they are there. Their rules are not asked for.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "role"};

enum { kAnnotations, kLabels, kInfo, kCreated, kVersion };
constexpr Family kFamilies[] = {
    unique("kube_role_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_role_labels", kExperimental, kLabelsHelp),
    shared("kube_role_info", kExperimental, "The roles that there are."),
    unique("kube_role_created", kExperimental, kCreatedHelp),
    unique("kube_role_metadata_resource_version", kExperimental, kVersionHelp),
};

constexpr Schema kRole({
    {1, "metadata", kMessage, &kObjectMetaSchema},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kRole, "metadata">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kRoles{
    .name = "roles",
    .group = "rbac.authorization.k8s.io",
    .version = "v1",
    .on_by_default = false,
    .projection = Projection::kMetadata,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kRole,
    .read = read,
};

}  // namespace exporter::kube
