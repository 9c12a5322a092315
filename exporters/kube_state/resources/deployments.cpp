// SPDX-License-Identifier: Apache-2.0
// Deployments: replicas, conditions and the strategy of an update.

#include <algorithm>
#include <cmath>

#include <exporter/text.hpp>

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "deployment"};

enum {
  kOwner,
  kCreated,
  kReplicas,
  kReplicasReady,
  kReplicasAvailable,
  kReplicasUnavailable,
  kReplicasUpdated,
  kReplicasTerminating,
  kObservedGeneration,
  kCondition,
  kSpecReplicas,
  kPaused,
  kMaxUnavailable,
  kMaxSurge,
  kGeneration,
  kDeletionTimestamp,
  kAnnotations,
  kLabels,
};
constexpr Family kFamilies[] = {
    unique("kube_deployment_owner", kExperimental, kOwnerHelp, "owner_kind", "owner_name"),
    unique("kube_deployment_created", kStable, kCreatedHelp),
    unique("kube_deployment_status_replicas", kStable, "Pods that it has."),
    unique("kube_deployment_status_replicas_ready", kStable, "Pods that are ready."),
    unique("kube_deployment_status_replicas_available", kStable,
           "Pods that have been ready for long enough to count."),
    unique("kube_deployment_status_replicas_unavailable", kStable,
           "Pods that are missing or don't count yet."),
    unique("kube_deployment_status_replicas_updated", kStable, "Pods made of the current template."),
    unique("kube_deployment_status_terminating_replicas", kExperimental, "Pods that are ending."),
    unique("kube_deployment_status_observed_generation", kStable, kObservedHelp),
    shared("kube_deployment_status_condition", kStable, "1 for the status of each condition.", "reason",
           "condition", "status"),
    unique("kube_deployment_spec_replicas", kStable, "Pods that are wanted."),
    unique("kube_deployment_spec_paused", kStable, "Whether its roll-out is paused."),
    unique("kube_deployment_spec_strategy_rollingupdate_max_unavailable", kStable,
           "Pods that may be missing during an update."),
    unique("kube_deployment_spec_strategy_rollingupdate_max_surge", kStable,
           "Pods that may be started beyond the wanted number during an update."),
    unique("kube_deployment_metadata_generation", kStable, kGenerationHelp),
    unique("kube_deployment_deletion_timestamp", kExperimental, kDeletionHelp),
    unique("kube_deployment_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_deployment_labels", kStable, kLabelsHelp),
};

constexpr Schema kDeploymentCondition({
    {1, "type", kString},
    {2, "status", kString},
    {4, "reason", kString},
});
constexpr Schema kRollingUpdate({
    {1, "maxUnavailable", kIntOrString},
    {2, "maxSurge", kIntOrString},
});
constexpr Schema kStrategy({
    {2, "rollingUpdate", kMessage, &kRollingUpdate},
});
constexpr Schema kSpec({
    {1, "replicas", kInteger},
    {4, "strategy", kMessage, &kStrategy},
    {7, "paused", kBool},
});
constexpr Schema kStatus({
    {1, "observedGeneration", kInteger},
    {2, "replicas", kInteger},
    {3, "updatedReplicas", kInteger},
    {4, "availableReplicas", kInteger},
    {5, "unavailableReplicas", kInteger},
    {6, "conditions", kMessage, &kDeploymentCondition},
    {7, "readyReplicas", kInteger},
    {9, "terminatingReplicas", kInteger},
});
constexpr Schema kDeployment({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

// Others could be any text, and so as many series.
constexpr std::string_view kReasons[] = {
    "",
    "ReplicaSetUpdated",
    "ReplicaSetCreateError",
    "NewReplicaSetCreated",
    "FoundNewReplicaSet",
    "NewReplicaSetAvailable",
    "ProgressDeadlineExceeded",
    "DeploymentPaused",
    "DeploymentResumed",
    "MinimumReplicasAvailable",
    "MinimumReplicasUnavailable",
};

void read_owners(FieldReader& in, Emit& emit, const ObjectMeta& meta) {
  bool any = false;
  in.each<kObjectMetaSchema, "ownerReferences">(meta.message, [&](const WireField& owner) {
    const auto [kind, name] = in.pick<kOwnerReferenceSchema, "kind", "name">(owner);
    emit(kOwner, {kind.bytes, name.bytes}, 1);
    any = true;
  });
  if (!any) emit(kOwner, {"", ""}, 1);
}

void read_conditions(FieldReader& in, Emit& emit, const WireField& status) {
  in.each<kStatus, "conditions">(status, [&](const WireField& condition) {
    const auto [type, state, reason] = in.pick<kDeploymentCondition, "type", "status", "reason">(condition);
    const bool is_known = std::ranges::find(kReasons, reason.bytes) != std::end(kReasons);
    condition_states(emit, kCondition, state.bytes, is_known ? reason.bytes : "unknown", type.bytes);
  });
}

/// A number of pods, or a percentage of the wanted ones.
void pods_of(Emit& emit, std::size_t family, const WireField& field, std::int64_t replicas, bool round_up) {
  auto limit = int_or_string(field);
  if (!limit.is_text) return emit(family, {}, limit.number);
  if (!limit.text.ends_with('%')) return;
  limit.text.remove_suffix(1);
  const auto percent = parse<std::int64_t>(limit.text);
  if (!percent || limit.text.starts_with(' ')) return;
  constexpr double kMost = 0x1p62;  // what no object means, but a whole number
  const auto pods =
      std::clamp(static_cast<double>(*percent) * static_cast<double>(replicas) / 100, -kMost, kMost);
  emit(family, {}, static_cast<std::int64_t>(round_up ? std::ceil(pods) : std::floor(pods)));
}

void read_strategy(FieldReader& in, Emit& emit, const WireField& strategy, const WireField& replicas) {
  const auto [rolling_update] = in.pick<kStrategy, "rollingUpdate">(strategy);
  if (!rolling_update || !replicas) return;
  const auto [unavailable, surge] = in.pick<kRollingUpdate, "maxUnavailable", "maxSurge">(rolling_update);
  if (unavailable) pods_of(emit, kMaxUnavailable, unavailable, replicas.integer(), false);
  if (surge) pods_of(emit, kMaxSurge, surge, replicas.integer(), true);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kDeployment, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  read_owners(in, emit, meta);
  created(emit, kCreated, meta);
  emit(kGeneration, {}, meta.generation);
  deletion_timestamp(emit, kDeletionTimestamp, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);

  const auto [wanted, paused, strategy] = in.pick<kSpec, "replicas", "paused", "strategy">(spec);
  if_set(emit, kSpecReplicas, wanted);
  emit(kPaused, {}, paused.flag());
  read_strategy(in, emit, strategy, wanted);

  const auto [replicas, ready, available, unavailable, updated, terminating, observed] =
      in.pick<kStatus, "replicas", "readyReplicas", "availableReplicas", "unavailableReplicas",
              "updatedReplicas", "terminatingReplicas", "observedGeneration">(status);
  emit(kReplicas, {}, replicas.integer());
  emit(kReplicasReady, {}, ready.integer());
  emit(kReplicasAvailable, {}, available.integer());
  emit(kReplicasUnavailable, {}, unavailable.integer());
  emit(kReplicasUpdated, {}, updated.integer());
  if_set(emit, kReplicasTerminating, terminating);
  emit(kObservedGeneration, {}, observed.integer());
  read_conditions(in, emit, status);
  return !in.malformed();
}

}  // namespace

extern const Resource kDeployments{
    .name = "deployments",
    .group = "apps",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kDeployment,
    .read = read,
};

}  // namespace exporter::kube
