// SPDX-License-Identifier: Apache-2.0
// Replica sets: replicas and owners.

#include "resources/replicas.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "replicaset"};

constexpr Family kFamilies[] = {
    unique("kube_replicaset_created", kStable, kCreatedHelp),
    unique("kube_replicaset_status_replicas", kStable, replicas::kReplicasHelp),
    unique("kube_replicaset_status_fully_labeled_replicas", kStable, replicas::kFullyLabeledHelp),
    unique("kube_replicaset_status_ready_replicas", kStable, replicas::kReadyHelp),
    unique("kube_replicaset_status_terminating_replicas", kExperimental, "Pods that are ending."),
    unique("kube_replicaset_status_observed_generation", kStable, kObservedHelp),
    unique("kube_replicaset_spec_replicas", kStable, replicas::kSpecReplicasHelp),
    unique("kube_replicaset_metadata_generation", kStable, kGenerationHelp),
    unique("kube_replicaset_owner", kStable, kOwnerHelp, "owner_kind", "owner_name", "owner_is_controller"),
    unique("kube_replicaset_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_replicaset_labels", kStable, kLabelsHelp),
};

}  // namespace

extern const Resource kReplicaSets{
    .name = "replicasets",
    .group = "apps",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &replicas::kObject,
    .read = replicas::read<true>,
};

}  // namespace exporter::kube
