// SPDX-License-Identifier: Apache-2.0
// Replication controllers: replicas and owners.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "replicationcontroller"};

enum {
  kCreated,
  kReplicas,
  kFullyLabeled,
  kReady,
  kAvailable,
  kObservedGeneration,
  kSpecReplicas,
  kGeneration,
  kOwner,
};
constexpr Family kFamilies[] = {
    unique("kube_replicationcontroller_created", kStable, kCreatedHelp),
    unique("kube_replicationcontroller_status_replicas", kStable, "Pods that it has."),
    unique("kube_replicationcontroller_status_fully_labeled_replicas", kStable,
           "Pods with all labels of its template."),
    unique("kube_replicationcontroller_status_ready_replicas", kStable, "Pods that are ready."),
    unique("kube_replicationcontroller_status_available_replicas", kStable,
           "Pods that have been ready for long enough to count."),
    unique("kube_replicationcontroller_status_observed_generation", kStable, kObservedHelp),
    unique("kube_replicationcontroller_spec_replicas", kStable, "Pods that are wanted."),
    unique("kube_replicationcontroller_metadata_generation", kStable, kGenerationHelp),
    unique("kube_replicationcontroller_owner", kExperimental, kOwnerHelp, "owner_kind", "owner_name",
           "owner_is_controller"),
};

constexpr Schema kSpec({
    {1, "replicas", kInteger},
});
constexpr Schema kStatus({
    {1, "replicas", kInteger},
    {2, "fullyLabeledReplicas", kInteger},
    {3, "observedGeneration", kInteger},
    {4, "readyReplicas", kInteger},
    {5, "availableReplicas", kInteger},
});
constexpr Schema kReplicationController({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kReplicationController, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  created(emit, kCreated, meta);
  emit(kGeneration, {}, meta.generation);
  owners(in, emit, kOwner, meta);

  const auto [wanted] = in.pick<kSpec, "replicas">(spec);
  if_set(emit, kSpecReplicas, wanted);

  const auto [replicas, labeled, ready, available, observed] =
      in.pick<kStatus, "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
              "observedGeneration">(status);
  emit(kReplicas, {}, replicas.integer());
  emit(kFullyLabeled, {}, labeled.integer());
  emit(kReady, {}, ready.integer());
  emit(kAvailable, {}, available.integer());
  emit(kObservedGeneration, {}, observed.integer());
  return !in.malformed();
}

}  // namespace

extern const Resource kReplicationControllers{
    .name = "replicationcontrollers",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kReplicationController,
    .read = read,
};

}  // namespace exporter::kube
