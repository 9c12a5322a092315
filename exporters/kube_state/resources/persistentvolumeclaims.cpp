// SPDX-License-Identifier: Apache-2.0
// Persistent volume claims: what is asked for, and whether it is there.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "persistentvolumeclaim"};

enum {
  kLabels,
  kAnnotations,
  kInfo,
  kPhase,
  kRequested,
  kAccessMode,
  kCondition,
  kCreated,
  kDeletionTimestamp,
};
constexpr Family kFamilies[] = {
    unique("kube_persistentvolumeclaim_labels", kStable, kLabelsHelp),
    unique("kube_persistentvolumeclaim_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_persistentvolumeclaim_info", kStable, "The class and the volume of a claim.", "storageclass",
           "volumename", "volumemode"),
    shared("kube_persistentvolumeclaim_status_phase", kStable, "1 for the phase it is in.", "phase"),
    shared("kube_persistentvolumeclaim_resource_requests_storage_bytes", kStable, "Size that is asked for."),
    shared("kube_persistentvolumeclaim_access_mode", kStable, "How the volume will be used.", "access_mode"),
    shared("kube_persistentvolumeclaim_status_condition", kExperimental,
           "1 for the status of each condition.", "condition", "status"),
    unique("kube_persistentvolumeclaim_created", kExperimental, kCreatedHelp),
    unique("kube_persistentvolumeclaim_deletion_timestamp", kExperimental, kDeletionHelp),
};

constexpr Schema kResources({
    {2, "requests", kQuantityMap},
});
constexpr Schema kSpec({
    {1, "accessModes", kString},
    {2, "resources", kMessage, &kResources},
    {3, "volumeName", kString},
    {5, "storageClassName", kString},
    {6, "volumeMode", kString},
});
constexpr Schema kStatus({
    {1, "phase", kString},
    {4, "conditions", kMessage, &kConditionSchema},
});
constexpr Schema kClaim({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kClaim, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  labels(in, emit, kLabels, meta);
  annotations(in, emit, kAnnotations, meta);
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);

  const auto [resources, volume, storage_class, mode] =
      in.pick<kSpec, "resources", "volumeName", "storageClassName", "volumeMode">(spec);
  // The annotation is older than the field, and wins.
  const auto annotated = find_entry<"annotations">(in, meta, "volume.beta.kubernetes.io/storage-class");
  emit(kInfo, {annotated ? annotated.bytes : storage_class.bytes, own(volume.bytes), mode.bytes}, 1);
  in.each_entry<kResources, "requests">(resources, [&](const MapEntry& entry) {
    if (entry.key == "storage") emit(kRequested, {}, in_whole(entry.value));
  });
  in.each<kSpec, "accessModes">(spec, [&](const WireField& access) { emit(kAccessMode, {access.bytes}, 1); });

  const auto [phase] = in.pick<kStatus, "phase">(status);
  if (!phase.bytes.empty()) one_of(emit, kPhase, {"Lost", "Bound", "Pending"}, phase.bytes);
  conditions<kStatus, "conditions", kConditionSchema>(in, emit, kCondition, status);
  return !in.malformed();
}

}  // namespace

extern const Resource kPersistentVolumeClaims{
    .name = "persistentvolumeclaims",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kClaim,
    .read = read,
};

}  // namespace exporter::kube
