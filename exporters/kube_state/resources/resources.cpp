// SPDX-License-Identifier: Apache-2.0
// The table of all resources.

#include "resource.hpp"

namespace exporter::kube {

extern const Resource kCertificateSigningRequests;
extern const Resource kClusterRoleBindings;
extern const Resource kClusterRoles;
extern const Resource kConfigMaps;
extern const Resource kCronJobs;
extern const Resource kDaemonSets;
extern const Resource kDeployments;
extern const Resource kEndpoints;
extern const Resource kEndpointSlices;
extern const Resource kHorizontalPodAutoscalers;
extern const Resource kIngressClasses;
extern const Resource kIngresses;
extern const Resource kJobs;
extern const Resource kLeases;
extern const Resource kLimitRanges;
extern const Resource kMutatingAdmissionPolicies;
extern const Resource kMutatingAdmissionPolicyBindings;
extern const Resource kMutatingWebhookConfigurations;
extern const Resource kNamespaces;
extern const Resource kNetworkPolicies;
extern const Resource kNodes;
extern const Resource kPersistentVolumeClaims;
extern const Resource kPersistentVolumes;
extern const Resource kPodDisruptionBudgets;
extern const Resource kPods;
extern const Resource kReplicaSets;
extern const Resource kReplicationControllers;
extern const Resource kResourceQuotas;
extern const Resource kRoleBindings;
extern const Resource kRoles;
extern const Resource kSecrets;
extern const Resource kServiceAccounts;
extern const Resource kServices;
extern const Resource kStatefulSets;
extern const Resource kStorageClasses;
extern const Resource kValidatingAdmissionPolicies;
extern const Resource kValidatingAdmissionPolicyBindings;
extern const Resource kValidatingWebhookConfigurations;
extern const Resource kVolumeAttachments;

std::span<const Resource* const> resources() {
  // Sorted by name, which is the order on the page.
  static constexpr const Resource* kAll[] = {
      &kCertificateSigningRequests,
      &kClusterRoleBindings,
      &kClusterRoles,
      &kConfigMaps,
      &kCronJobs,
      &kDaemonSets,
      &kDeployments,
      &kEndpoints,
      &kEndpointSlices,
      &kHorizontalPodAutoscalers,
      &kIngressClasses,
      &kIngresses,
      &kJobs,
      &kLeases,
      &kLimitRanges,
      &kMutatingAdmissionPolicies,
      &kMutatingAdmissionPolicyBindings,
      &kMutatingWebhookConfigurations,
      &kNamespaces,
      &kNetworkPolicies,
      &kNodes,
      &kPersistentVolumeClaims,
      &kPersistentVolumes,
      &kPodDisruptionBudgets,
      &kPods,
      &kReplicaSets,
      &kReplicationControllers,
      &kResourceQuotas,
      &kRoleBindings,
      &kRoles,
      &kSecrets,
      &kServiceAccounts,
      &kServices,
      &kStatefulSets,
      &kStorageClasses,
      &kValidatingAdmissionPolicies,
      &kValidatingAdmissionPolicyBindings,
      &kValidatingWebhookConfigurations,
      &kVolumeAttachments,
  };
  return kAll;
}

}  // namespace exporter::kube
