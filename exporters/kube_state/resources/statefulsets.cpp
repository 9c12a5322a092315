// SPDX-License-Identifier: Apache-2.0
// Stateful sets: replicas, revisions and what becomes of their volumes.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "statefulset"};

enum {
  kCreated,
  kReplicas,
  kAvailable,
  kCurrent,
  kReady,
  kUpdated,
  kObservedGeneration,
  kSpecReplicas,
  kOrdinalsStart,
  kGeneration,
  kRetentionPolicy,
  kAnnotations,
  kLabels,
  kCurrentRevision,
  kUpdateRevision,
  kDeletionTimestamp,
};
constexpr Family kFamilies[] = {
    unique("kube_statefulset_created", kStable, kCreatedHelp),
    unique("kube_statefulset_status_replicas", kStable, "Pods that it has."),
    unique("kube_statefulset_status_replicas_available", kStable,
           "Pods that have been ready for long enough to count."),
    unique("kube_statefulset_status_replicas_current", kStable, "Pods of the current revision."),
    unique("kube_statefulset_status_replicas_ready", kStable, "Pods that are ready."),
    unique("kube_statefulset_status_replicas_updated", kStable,
           "Pods of the revision that it is updated to."),
    unique("kube_statefulset_status_observed_generation", kStable, kObservedHelp),
    unique("kube_statefulset_replicas", kStable, "Pods that are wanted."),
    unique("kube_statefulset_ordinals_start", kStable, "Number of its first pod."),
    unique("kube_statefulset_metadata_generation", kStable, kGenerationHelp),
    shared("kube_statefulset_persistentvolumeclaim_retention_policy", kStable,
           "What becomes of the claims made for its pods.", "when_deleted", "when_scaled"),
    unique("kube_statefulset_annotations", kStable, kAnnotationsHelp),
    unique("kube_statefulset_labels", kStable, kLabelsHelp),
    unique("kube_statefulset_status_current_revision", kStable,
           "The revision of the pods that aren't updated yet.", "revision"),
    unique("kube_statefulset_status_update_revision", kStable, "The revision that its pods are updated to.",
           "revision"),
    unique("kube_statefulset_deletion_timestamp", kStable, kDeletionHelp),
};

constexpr Schema kRetention({
    {1, "whenDeleted", kString},
    {2, "whenScaled", kString},
});
constexpr Schema kOrdinals({
    {1, "start", kInteger},
});
constexpr Schema kSpec({
    {1, "replicas", kInteger},
    {10, "persistentVolumeClaimRetentionPolicy", kMessage, &kRetention},
    {11, "ordinals", kMessage, &kOrdinals},
});
constexpr Schema kStatus({
    {1, "observedGeneration", kInteger},
    {2, "replicas", kInteger},
    {3, "readyReplicas", kInteger},
    {4, "currentReplicas", kInteger},
    {5, "updatedReplicas", kInteger},
    {6, "currentRevision", kString},
    {7, "updateRevision", kString},
    {11, "availableReplicas", kInteger},
});
constexpr Schema kStatefulSet({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

void read_spec(FieldReader& in, Emit& emit, const WireField& spec) {
  const auto [replicas, ordinals, retention] =
      in.pick<kSpec, "replicas", "ordinals", "persistentVolumeClaimRetentionPolicy">(spec);
  if_set(emit, kSpecReplicas, replicas);
  if (ordinals) {
    const auto [start] = in.pick<kOrdinals, "start">(ordinals);
    emit(kOrdinalsStart, {}, start.integer());
  }
  const auto [when_deleted, when_scaled] = in.pick<kRetention, "whenDeleted", "whenScaled">(retention);
  if (!when_deleted.bytes.empty() || !when_scaled.bytes.empty()) {
    emit(kRetentionPolicy, {when_deleted.bytes, when_scaled.bytes}, 1);
  }
}

void read_status(FieldReader& in, Emit& emit, const WireField& status) {
  const auto [replicas, available, current, ready, updated, observed, current_revision, update_revision] =
      in.pick<kStatus, "replicas", "availableReplicas", "currentReplicas", "readyReplicas", "updatedReplicas",
              "observedGeneration", "currentRevision", "updateRevision">(status);
  emit(kReplicas, {}, replicas.integer());
  emit(kAvailable, {}, available.integer());
  emit(kCurrent, {}, current.integer());
  emit(kReady, {}, ready.integer());
  emit(kUpdated, {}, updated.integer());
  emit(kObservedGeneration, {}, observed.integer());
  emit(kCurrentRevision, {current_revision.bytes}, 1);
  emit(kUpdateRevision, {update_revision.bytes}, 1);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kStatefulSet, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  created(emit, kCreated, meta);
  emit(kGeneration, {}, meta.generation);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);
  read_spec(in, emit, spec);
  read_status(in, emit, status);
  return !in.malformed();
}

}  // namespace

extern const Resource kStatefulSets{
    .name = "statefulsets",
    .group = "apps",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kStatefulSet,
    .read = read,
};

}  // namespace exporter::kube
