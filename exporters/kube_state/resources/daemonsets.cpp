// SPDX-License-Identifier: Apache-2.0
// Daemon sets: on how many nodes they run.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "daemonset"};

enum {
  kCreated,
  kCurrent,
  kDesired,
  kAvailable,
  kMisscheduled,
  kReady,
  kUnavailable,
  kObservedGeneration,
  kUpdated,
  kGeneration,
  kDeletionTimestamp,
  kAnnotations,
  kLabels,
};
constexpr Family kFamilies[] = {
    unique("kube_daemonset_created", kStable, kCreatedHelp),
    unique("kube_daemonset_status_current_number_scheduled", kStable,
           "Nodes that run at least one of its pods and should."),
    unique("kube_daemonset_status_desired_number_scheduled", kStable, "Nodes that should run its pod."),
    unique("kube_daemonset_status_number_available", kStable,
           "Nodes that should run its pod and have one that has been ready for long enough to count."),
    unique("kube_daemonset_status_number_misscheduled", kStable, "Nodes that run its pod and should not."),
    unique("kube_daemonset_status_number_ready", kStable,
           "Nodes that should run its pod and have a ready one."),
    unique("kube_daemonset_status_number_unavailable", kStable,
           "Nodes that should run its pod and have none that counts."),
    unique("kube_daemonset_status_observed_generation", kStable, kObservedHelp),
    unique("kube_daemonset_status_updated_number_scheduled", kStable,
           "Nodes that run a pod made of the current template."),
    unique("kube_daemonset_metadata_generation", kStable, kGenerationHelp),
    unique("kube_daemonset_deletion_timestamp", kExperimental, kDeletionHelp),
    unique("kube_daemonset_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_daemonset_labels", kStable, kLabelsHelp),
};

constexpr Schema kStatus({
    {1, "currentNumberScheduled", kInteger},
    {2, "numberMisscheduled", kInteger},
    {3, "desiredNumberScheduled", kInteger},
    {4, "numberReady", kInteger},
    {5, "observedGeneration", kInteger},
    {6, "updatedNumberScheduled", kInteger},
    {7, "numberAvailable", kInteger},
    {8, "numberUnavailable", kInteger},
});
constexpr Schema kDaemonSet({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, status] = in.pick<kDaemonSet, "metadata", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  created(emit, kCreated, meta);
  emit(kGeneration, {}, meta.generation);
  deletion_timestamp(emit, kDeletionTimestamp, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);

  const auto [current, desired, available, misscheduled, ready, unavailable, observed, updated] =
      in.pick<kStatus, "currentNumberScheduled", "desiredNumberScheduled", "numberAvailable",
              "numberMisscheduled", "numberReady", "numberUnavailable", "observedGeneration",
              "updatedNumberScheduled">(status);
  emit(kCurrent, {}, current.integer());
  emit(kDesired, {}, desired.integer());
  emit(kAvailable, {}, available.integer());
  emit(kMisscheduled, {}, misscheduled.integer());
  emit(kReady, {}, ready.integer());
  emit(kUnavailable, {}, unavailable.integer());
  emit(kObservedGeneration, {}, observed.integer());
  emit(kUpdated, {}, updated.integer());
  return !in.malformed();
}

}  // namespace

extern const Resource kDaemonSets{
    .name = "daemonsets",
    .group = "apps",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kDaemonSet,
    .read = read,
};

}  // namespace exporter::kube
