// SPDX-License-Identifier: Apache-2.0
// Roles of the whole cluster: that they are there. Their rules are not asked for.

#include "resources/presence.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"clusterrole"};

constexpr Family kFamilies[] = {
    unique("kube_clusterrole_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_clusterrole_labels", kExperimental, kLabelsHelp),
    shared("kube_clusterrole_info", kExperimental, "The cluster roles that there are."),
    unique("kube_clusterrole_created", kExperimental, kCreatedHelp),
    unique("kube_clusterrole_metadata_resource_version", kExperimental, kVersionHelp),
};

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
    .schema = &presence::kObject,
    .read = presence::read<false>,
};

}  // namespace exporter::kube
