// SPDX-License-Identifier: Apache-2.0
// Roles: that they are there. Their rules are not asked for.

#include "resources/presence.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "role"};

constexpr Family kFamilies[] = {
    unique("kube_role_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_role_labels", kExperimental, kLabelsHelp),
    shared("kube_role_info", kExperimental, "The roles that there are."),
    unique("kube_role_created", kExperimental, kCreatedHelp),
    unique("kube_role_metadata_resource_version", kExperimental, kVersionHelp),
};

}  // namespace

extern const Resource kRoles{
    .name = "roles",
    .group = "rbac.authorization.k8s.io",
    .version = "v1",
    .on_by_default = false,
    .projection = Projection::kMetadata,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &presence::kObject,
    .read = presence::read<true>,
};

}  // namespace exporter::kube
