// SPDX-License-Identifier: Apache-2.0
// What is wanted of a pod: tolerations, volumes, claims, overhead.

#include <algorithm>
#include <string>

#include "resources/pod_families.hpp"
#include "resources/pod_schema.hpp"
#include "resources/pods.hpp"

namespace exporter::kube::pods {
namespace {

void read_toleration(FieldReader& in, Emit& emit, const WireField& toleration) {
  const auto [key, operation, value, effect, seconds] =
      in.pick<kToleration, "key", "operator", "value", "effect", "tolerationSeconds">(toleration);
  const Digits digits(seconds.integer());
  emit(kTolerations,
       {key.bytes, operation.bytes, value.bytes, effect.bytes, seconds ? std::string_view(digits) : ""}, 1);
}

void read_volume(FieldReader& in, Emit& emit, const WireField& volume, std::string_view pod) {
  const auto [name, source] = in.pick<kVolume, "name", "volumeSource">(volume);
  const auto [claim, ephemeral] = in.pick<kVolumeSource, "persistentVolumeClaim", "ephemeral">(source);
  if (claim) {
    const auto [claim_name, read_only] = in.pick<kClaimVolume, "claimName", "readOnly">(claim);
    emit(kVolumeClaim, {name.bytes, own(claim_name.bytes), "false"}, 1);
    emit(kVolumeClaimReadOnly, {name.bytes, own(claim_name.bytes), "false"}, read_only.flag());
  } else if (ephemeral) {
    // The claim is made with the pod, under this name.
    const std::string made = std::string(pod) + '-' + std::string(name.bytes);
    emit(kVolumeClaim, {name.bytes, own(made), "true"}, 1);
    emit(kVolumeClaimReadOnly, {name.bytes, own(made), "true"}, 0);
  }
}

/// A claim by name, or one made of a template, whose name stands in the status once it is made.
void read_resource_claim(FieldReader& in, Emit& emit, const WireField& claim, const WireField& status) {
  const auto [name, claim_name, template_name] =
      in.pick<kResourceClaimSchema, "name", "resourceClaimName", "resourceClaimTemplateName">(claim);
  if (!claim_name && !template_name) return;
  auto resolved = claim_name.bytes;
  if (!claim_name) {
    in.each<kStatus, "resourceClaimStatuses">(status, [&](const WireField& message) {
      const auto [of, made] = in.pick<kResourceClaimStatus, "name", "resourceClaimName">(message);
      if (of.bytes == name.bytes) resolved = made.bytes;
    });
  }
  emit(kResourceClaim, {name.bytes, own(resolved), template_name.bytes}, 1);
}

void read_overhead(Emit& emit, const MapEntry& entry) {
  if (entry.key == "cpu") emit(kOverheadCpu, {}, in_thousandths(entry.value));
  if (entry.key == "memory") emit(kOverheadMemory, {}, in_whole(entry.value));
}

}  // namespace

void read_spec(FieldReader& in, Emit& emit, const WireField& spec, const WireField& status,
               std::string_view pod, Scratch& scratch) {
  const auto [restart_policy, account, node, host_network, scheduler, priority_class, runtime_class] =
      in.pick<kSpec, "restartPolicy", "serviceAccountName", "nodeName", "hostNetwork", "schedulerName",
              "priorityClassName", "runtimeClassName">(spec);
  scratch.placement.node = node.bytes;
  scratch.placement.priority_class = priority_class.bytes;
  scratch.placement.host_network = host_network.flag();
  emit(kRestartPolicy, {restart_policy.bytes}, 1);
  emit(kServiceAccount, {account.bytes}, 1);
  emit(kScheduler, {scheduler.bytes}, 1);
  if (runtime_class) emit(kRuntimeClass, {runtime_class.bytes}, 1);
  in.each<kSpec>(
      spec, on<"containers">([&, node = node](const WireField& container) {
        scratch.containers.push_back(read_container(in, emit, kContainers, container, node.bytes));
      }),
      on<"initContainers">([&, node = node](const WireField& container) {
        scratch.init_containers.push_back(read_container(in, emit, kInitContainers, container, node.bytes));
      }),
      on<"tolerations">([&](const WireField& toleration) {
        // Each once, even where it is listed twice.
        auto& seen = scratch.tolerations;
        if (std::ranges::find(seen, toleration.bytes) != seen.end()) return;
        seen.push_back(toleration.bytes);
        read_toleration(in, emit, toleration);
      }),
      on<"volumes">([&](const WireField& volume) { read_volume(in, emit, volume, pod); }),
      on<"resourceClaims">([&](const WireField& claim) { read_resource_claim(in, emit, claim, status); }),
      on<"overhead">([&](const WireField& entry) { read_overhead(emit, in.entry(entry)); }));
  if (emit.wants(kNodeSelectors)) {
    all_entries(emit, kNodeSelectors, "nodeselector", sorted_entries<kSpec, "nodeSelector">(in, spec));
  }
}

}  // namespace exporter::kube::pods
