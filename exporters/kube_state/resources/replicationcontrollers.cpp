// SPDX-License-Identifier: Apache-2.0
// Replication controllers: replicas and owners.

#include "resources/replicas.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "replicationcontroller"};

constexpr Family kFamilies[] = {
    unique("kube_replicationcontroller_created", kStable, kCreatedHelp),
    unique("kube_replicationcontroller_status_replicas", kStable, replicas::kReplicasHelp),
    unique("kube_replicationcontroller_status_fully_labeled_replicas", kStable, replicas::kFullyLabeledHelp),
    unique("kube_replicationcontroller_status_ready_replicas", kStable, replicas::kReadyHelp),
    unique("kube_replicationcontroller_status_available_replicas", kStable,
           "Pods that have been ready for long enough to count."),
    unique("kube_replicationcontroller_status_observed_generation", kStable, kObservedHelp),
    unique("kube_replicationcontroller_spec_replicas", kStable, replicas::kSpecReplicasHelp),
    unique("kube_replicationcontroller_metadata_generation", kStable, kGenerationHelp),
    unique("kube_replicationcontroller_owner", kExperimental, kOwnerHelp, "owner_kind", "owner_name",
           "owner_is_controller"),
};

}  // namespace

extern const Resource kReplicationControllers{
    .name = "replicationcontrollers",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &replicas::kObject,
    .read = replicas::read<false>,
};

}  // namespace exporter::kube
