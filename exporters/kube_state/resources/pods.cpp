// SPDX-License-Identifier: Apache-2.0
// Pods. Most of a cluster's objects are pods: nothing is allocated to read one.

#include "resources/pods.hpp"

#include "resources/pod_families.hpp"
#include "resources/pod_schema.hpp"

namespace exporter::kube {
namespace pods {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "pod", "uid"};

/// Where the pod runs, and what made it: the first owner that controls it.
void read_pod_info(FieldReader& in, Emit& emit, const ObjectMeta& meta, const Placement& placement) {
  std::string_view kind = "";
  std::string_view name = "";
  bool is_controlled = false;
  in.each<kObjectMetaSchema, "ownerReferences">(meta.message, [&](const WireField& owner) {
    const auto [owner_kind, owner_name, controls] =
        in.pick<kOwnerReferenceSchema, "kind", "name", "controller">(owner);
    if (!controls.flag() || is_controlled) return;
    is_controlled = true;
    kind = owner_kind.bytes;
    name = owner_name.bytes;
  });
  emit(kInfo,
       {placement.host_ip, own(placement.pod_ip), placement.node, kind, name, placement.priority_class,
        truth(placement.host_network)},
       1);
}

bool read(std::string_view wire, Emit& emit) {
  thread_local Scratch scratch;
  scratch.clear();
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kPod, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name, meta.uid});
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  owners(in, emit, kOwner, meta);
  read_spec(in, emit, spec, status, meta.name, scratch);
  read_status(in, emit, status, scratch);
  read_pod_info(in, emit, meta, scratch.placement);
  return !in.malformed();
}

}  // namespace
}  // namespace pods

extern const Resource kPods{
    .name = "pods",
    .version = "v1",
    .common_labels = pods::kCommonLabels,
    .families = pods::kFamilies,
    .schema = &pods::kPod,
    .read = pods::read,
};

}  // namespace exporter::kube
