// SPDX-License-Identifier: Apache-2.0
// Pod disruption budgets: how many pods may be taken away.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "poddisruptionbudget"};

enum {
  kAnnotations,
  kLabels,
  kCreated,
  kCurrentHealthy,
  kDesiredHealthy,
  kAllowed,
  kExpected,
  kObservedGeneration,
  kDeletionTimestamp,
};
constexpr Family kFamilies[] = {
    unique("kube_poddisruptionbudget_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_poddisruptionbudget_labels", kExperimental, kLabelsHelp),
    unique("kube_poddisruptionbudget_created", kStable, kCreatedHelp),
    shared("kube_poddisruptionbudget_status_current_healthy", kStable, "Pods that are healthy."),
    shared("kube_poddisruptionbudget_status_desired_healthy", kStable, "Healthy pods that there must be."),
    shared("kube_poddisruptionbudget_status_pod_disruptions_allowed", kStable,
           "Pods that may be taken away now."),
    shared("kube_poddisruptionbudget_status_expected_pods", kStable, "Pods that it counts."),
    shared("kube_poddisruptionbudget_status_observed_generation", kStable, kObservedHelp),
    unique("kube_poddisruptionbudget_deletion_timestamp", kExperimental, kDeletionHelp),
};

constexpr Schema kStatus({
    {1, "observedGeneration", kInteger},
    {3, "disruptionsAllowed", kInteger},
    {4, "currentHealthy", kInteger},
    {5, "desiredHealthy", kInteger},
    {6, "expectedPods", kInteger},
});
constexpr Schema kBudget({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, status] = in.pick<kBudget, "metadata", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);

  const auto [current, desired, allowed, expected, observed] =
      in.pick<kStatus, "currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods",
              "observedGeneration">(status);
  emit(kCurrentHealthy, {}, current.integer());
  emit(kDesiredHealthy, {}, desired.integer());
  emit(kAllowed, {}, allowed.integer());
  emit(kExpected, {}, expected.integer());
  emit(kObservedGeneration, {}, observed.integer());
  return !in.malformed();
}

}  // namespace

extern const Resource kPodDisruptionBudgets{
    .name = "poddisruptionbudgets",
    .group = "policy",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kBudget,
    .read = read,
};

}  // namespace exporter::kube
