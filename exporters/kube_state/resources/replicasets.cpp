// SPDX-License-Identifier: Apache-2.0
// Replica sets: replicas and owners.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "replicaset"};

enum {
  kCreated,
  kReplicas,
  kFullyLabeled,
  kReady,
  kTerminating,
  kObservedGeneration,
  kSpecReplicas,
  kGeneration,
  kOwner,
  kAnnotations,
  kLabels,
};
constexpr Family kFamilies[] = {
    unique("kube_replicaset_created", kStable, kCreatedHelp),
    unique("kube_replicaset_status_replicas", kStable, "Pods that it has."),
    unique("kube_replicaset_status_fully_labeled_replicas", kStable, "Pods with all labels of its template."),
    unique("kube_replicaset_status_ready_replicas", kStable, "Pods that are ready."),
    unique("kube_replicaset_status_terminating_replicas", kExperimental, "Pods that are ending."),
    unique("kube_replicaset_status_observed_generation", kStable, kObservedHelp),
    unique("kube_replicaset_spec_replicas", kStable, "Pods that are wanted."),
    unique("kube_replicaset_metadata_generation", kStable, kGenerationHelp),
    unique("kube_replicaset_owner", kStable, kOwnerHelp, "owner_kind", "owner_name", "owner_is_controller"),
    unique("kube_replicaset_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_replicaset_labels", kStable, kLabelsHelp),
};

constexpr Schema kSpec({
    {1, "replicas", kInteger},
});
constexpr Schema kStatus({
    {1, "replicas", kInteger},
    {2, "fullyLabeledReplicas", kInteger},
    {3, "observedGeneration", kInteger},
    {4, "readyReplicas", kInteger},
    {7, "terminatingReplicas", kInteger},
});
constexpr Schema kReplicaSet({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kReplicaSet, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  created(emit, kCreated, meta);
  emit(kGeneration, {}, meta.generation);
  owners(in, emit, kOwner, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);

  const auto [wanted] = in.pick<kSpec, "replicas">(spec);
  if_set(emit, kSpecReplicas, wanted);

  const auto [replicas, labeled, ready, terminating, observed] =
      in.pick<kStatus, "replicas", "fullyLabeledReplicas", "readyReplicas", "terminatingReplicas",
              "observedGeneration">(status);
  emit(kReplicas, {}, replicas.integer());
  emit(kFullyLabeled, {}, labeled.integer());
  emit(kReady, {}, ready.integer());
  if_set(emit, kTerminating, terminating);
  emit(kObservedGeneration, {}, observed.integer());
  return !in.malformed();
}

}  // namespace

extern const Resource kReplicaSets{
    .name = "replicasets",
    .group = "apps",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kReplicaSet,
    .read = read,
};

}  // namespace exporter::kube
