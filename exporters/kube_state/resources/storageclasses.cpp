// SPDX-License-Identifier: Apache-2.0
// Storage classes: what makes their volumes.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"storageclass"};

enum { kInfo, kCreated, kAnnotations, kLabels };
constexpr Family kFamilies[] = {
    shared("kube_storageclass_info", kStable, "What makes the volumes of a class.", "provisioner",
           "reclaim_policy", "volume_binding_mode"),
    unique("kube_storageclass_created", kStable, kCreatedHelp),
    unique("kube_storageclass_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_storageclass_labels", kStable, kLabelsHelp),
};

constexpr Schema kStorageClass({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "provisioner", kString},
    {4, "reclaimPolicy", kString},
    {7, "volumeBindingMode", kString},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, provisioner, policy, binding] =
      in.pick<kStorageClass, "metadata", "provisioner", "reclaimPolicy", "volumeBindingMode">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  emit(kInfo, {provisioner.bytes, policy ? policy.bytes : "Delete", binding ? binding.bytes : "Immediate"},
       1);
  created(emit, kCreated, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kStorageClasses{
    .name = "storageclasses",
    .group = "storage.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kStorageClass,
    .read = read,
};

}  // namespace exporter::kube
