// SPDX-License-Identifier: Apache-2.0
// Secrets: their types and owners. What is secret in them is not asked for.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "secret"};

enum { kInfo, kType, kAnnotations, kLabels, kCreated, kVersion, kOwner };
constexpr Family kFamilies[] = {
    shared("kube_secret_info", kStable, "The secrets that there are."),
    shared("kube_secret_type", kStable, "The type of a secret.", "type"),
    unique("kube_secret_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_secret_labels", kStable, kLabelsHelp),
    unique("kube_secret_created", kStable, kCreatedHelp),
    unique("kube_secret_metadata_resource_version", kExperimental, kVersionHelp),
    unique("kube_secret_owner", kExperimental, kOwnerHelp, "owner_kind", "owner_name", "owner_is_controller"),
};

constexpr Schema kSecret({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "type", kString},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, type] = in.pick<kSecret, "metadata", "type">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  emit(kInfo, {}, 1);
  emit(kType, {type.bytes}, 1);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  owners(in, emit, kOwner, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kSecrets{
    .name = "secrets",
    .version = "v1",
    .projection = Projection::kTableMetadata,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kSecret,
    .read = read,
};

}  // namespace exporter::kube
