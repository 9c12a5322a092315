// SPDX-License-Identifier: Apache-2.0
// Nodes: what they are, what they can hold, and their conditions.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"node"};

enum {
  kAnnotations,
  kCreated,
  kDeletionTimestamp,
  kInfo,
  kLabels,
  kRole,
  kPodCidrs,
  kTaint,
  kUnschedulable,
  kAllocatable,
  kCapacity,
  kCondition,
  kAddresses,
};
constexpr Family kFamilies[] = {
    unique("kube_node_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_node_created", kStable, kCreatedHelp),
    unique("kube_node_deletion_timestamp", kExperimental, kDeletionHelp),
    unique("kube_node_info", kStable, "What a node is, and the versions that run there.", "kernel_version",
           "os_image", "container_runtime_version", "kubelet_version", "kubeproxy_version", "provider_id",
           "pod_cidr", "system_uuid", "internal_ip"),
    unique("kube_node_labels", kStable, kLabelsHelp),
    shared("kube_node_role", kExperimental, "The roles of a node.", "role"),
    unique("kube_node_spec_pod_cidrs", kExperimental, "The address ranges of its pods.", "pod_cidr"),
    shared("kube_node_spec_taint", kStable, "The taints of a node.", "key", "value", "effect"),
    shared("kube_node_spec_unschedulable", kStable, "Whether it takes no new pods."),
    shared("kube_node_status_allocatable", kStable, "What of a node pods can have.", "resource", "unit"),
    shared("kube_node_status_capacity", kStable, "What a node has.", "resource", "unit"),
    shared("kube_node_status_condition", kStable, "1 for the status of each condition.", "condition",
           "status"),
    unique("kube_node_status_addresses", kExperimental, "The addresses of a node.", "type", "address"),
};

constexpr Schema kTaintSchema({
    {1, "key", kString},
    {2, "value", kString},
    {3, "effect", kString},
});
constexpr Schema kSpec({
    {1, "podCIDR", kString},
    {3, "providerID", kString},
    {4, "unschedulable", kBool},
    {5, "taints", kMessage, &kTaintSchema},
    {7, "podCIDRs", kString},
});
constexpr Schema kAddress({
    {1, "type", kString},
    {2, "address", kString},
});
constexpr Schema kNodeInfo({
    {2, "systemUUID", kString},
    {4, "kernelVersion", kString},
    {5, "osImage", kString},
    {6, "containerRuntimeVersion", kString},
    {7, "kubeletVersion", kString},
});
constexpr Schema kStatus({
    {1, "capacity", kQuantityMap},
    {2, "allocatable", kQuantityMap},
    {4, "conditions", kMessage, &kConditionSchema},
    {5, "addresses", kMessage, &kAddress},
    {7, "nodeInfo", kMessage, &kNodeInfo},
});
constexpr Schema kNode({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

void read_roles(FieldReader& in, Emit& emit, const ObjectMeta& meta) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  in.each_entry<kObjectMetaSchema, "labels">(meta.message, [&](const MapEntry& label) {
    if (label.key.starts_with(kPrefix)) emit(kRole, {label.key.substr(kPrefix.size())}, 1);
  });
}

void read_quantity(Emit& emit, std::size_t family, const MapEntry& entry) {
  const auto unit = entry.key == "pods" ? "integer" : unit_of(entry.key);
  if (!unit.empty()) emit(family, {sanitized(entry.key), unit}, in_thousandths(entry.value));
}

/// Addresses; the last internal one is the node's in kube_node_info.
std::string_view read_addresses(FieldReader& in, Emit& emit, const WireField& status) {
  std::string_view internal = "";
  in.each<kStatus, "addresses">(status, [&](const WireField& message) {
    const auto [type, address] = in.pick<kAddress, "type", "address">(message);
    emit(kAddresses, {type.bytes, own(address.bytes)}, 1);
    if (type.bytes == "InternalIP") internal = address.bytes;
  });
  return internal;
}

void read_spec(FieldReader& in, Emit& emit, const WireField& spec) {
  const auto [unschedulable] = in.pick<kSpec, "unschedulable">(spec);
  emit(kUnschedulable, {}, unschedulable.flag());
  in.each<kSpec, "podCIDRs">(spec, [&](const WireField& range) { emit(kPodCidrs, {own(range.bytes)}, 1); });
  in.each<kSpec, "taints">(spec, [&](const WireField& taint) {
    const auto [key, value, effect] = in.pick<kTaintSchema, "key", "value", "effect">(taint);
    emit(kTaint, {key.bytes, value.bytes, effect.bytes}, 1);
  });
}

void read_info(FieldReader& in, Emit& emit, const WireField& spec, const WireField& status,
               std::string_view internal_ip) {
  const auto [pod_cidr, provider_id] = in.pick<kSpec, "podCIDR", "providerID">(spec);
  const auto [info] = in.pick<kStatus, "nodeInfo">(status);
  const auto [kernel, os, runtime, kubelet, uuid] =
      in.pick<kNodeInfo, "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion",
              "systemUUID">(info);
  // What a node says about its kube-proxy has never been right.
  constexpr std::string_view kKubeProxy = "deprecated";
  emit(kInfo,
       {kernel.bytes, os.bytes, runtime.bytes, kubelet.bytes, kKubeProxy, own(provider_id.bytes),
        own(pod_cidr.bytes), own(uuid.bytes), own(internal_ip)},
       1);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kNode, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  annotations(in, emit, kAnnotations, meta);
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);
  labels(in, emit, kLabels, meta);
  read_roles(in, emit, meta);
  read_spec(in, emit, spec);
  in.each_entry<kStatus, "capacity">(status,
                                     [&](const MapEntry& entry) { read_quantity(emit, kCapacity, entry); });
  in.each_entry<kStatus, "allocatable">(
      status, [&](const MapEntry& entry) { read_quantity(emit, kAllocatable, entry); });
  conditions<kStatus, "conditions", kConditionSchema>(in, emit, kCondition, status);
  const auto internal_ip = read_addresses(in, emit, status);
  read_info(in, emit, spec, status, internal_ip);
  return !in.malformed();
}

}  // namespace

extern const Resource kNodes{
    .name = "nodes",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kNode,
    .read = read,
};

}  // namespace exporter::kube
