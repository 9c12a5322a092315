// SPDX-License-Identifier: Apache-2.0
// Config maps: that they are there. Their data is not asked for.

#include "resources/presence.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "configmap"};

constexpr Family kFamilies[] = {
    unique("kube_configmap_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_configmap_labels", kStable, kLabelsHelp),
    shared("kube_configmap_info", kStable, "The config maps that there are."),
    unique("kube_configmap_created", kStable, kCreatedHelp),
    unique("kube_configmap_metadata_resource_version", kExperimental, kVersionHelp),
};

}  // namespace

extern const Resource kConfigMaps{
    .name = "configmaps",
    .version = "v1",
    .projection = Projection::kMetadata,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &presence::kObject,
    .read = presence::read<true>,
};

}  // namespace exporter::kube
