// SPDX-License-Identifier: Apache-2.0
// Config maps: that they are there. Their data is not asked for.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "configmap"};

enum { kAnnotations, kLabels, kInfo, kCreated, kVersion };
constexpr Family kFamilies[] = {
    unique("kube_configmap_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_configmap_labels", kStable, kLabelsHelp),
    shared("kube_configmap_info", kStable, "The config maps that there are."),
    unique("kube_configmap_created", kStable, kCreatedHelp),
    unique("kube_configmap_metadata_resource_version", kExperimental, kVersionHelp),
};

constexpr Schema kConfigMap({
    {1, "metadata", kMessage, &kObjectMetaSchema},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kConfigMap, "metadata">(wire);
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

extern const Resource kConfigMaps{
    .name = "configmaps",
    .version = "v1",
    .projection = Projection::kMetadata,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kConfigMap,
    .read = read,
};

}  // namespace exporter::kube
