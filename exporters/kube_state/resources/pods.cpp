// SPDX-License-Identifier: Apache-2.0
// Pods: phase, conditions, containers, resources, volumes. Most of a cluster's objects are pods: nothing is
// allocated to read one.

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "pod", "uid"};

enum {
  kCompletionTime,
  kContainerInfo,
  kContainerLimits,
  kContainerRequests,
  kContainerStarted,
  kContainerLastReason,
  kContainerLastExitCode,
  kContainerLastTime,
  kContainerReady,
  kContainerRestarts,
  kContainerRunning,
  kContainerTerminated,
  kContainerTerminatedReason,
  kContainerWaiting,
  kContainerWaitingReason,
  kCreated,
  kDeletionTimestamp,
  kInfo,
  kIps,
  kInitContainerInfo,
  kInitContainerLimits,
  kInitContainerRequests,
  kInitContainerStarted,
  kInitContainerLastReason,
  kInitContainerLastExitCode,
  kInitContainerLastTime,
  kInitContainerReady,
  kInitContainerRestarts,
  kInitContainerRunning,
  kInitContainerTerminated,
  kInitContainerTerminatedReason,
  kInitContainerWaiting,
  kInitContainerWaitingReason,
  kAnnotations,
  kLabels,
  kOverheadCpu,
  kOverheadMemory,
  kOwner,
  kResourceClaim,
  kRestartPolicy,
  kRuntimeClass,
  kVolumeClaim,
  kVolumeClaimReadOnly,
  kStartTime,
  kPhase,
  kQosClass,
  kReady,
  kReadyTime,
  kInitializedTime,
  kContainersReadyTime,
  kReason,
  kDisruptionReason,
  kScheduled,
  kScheduledTime,
  kUnschedulable,
  kUnscheduledTime,
  kTolerations,
  kNodeSelectors,
  kServiceAccount,
  kScheduler,
};
constexpr Family kFamilies[] = {
    unique("kube_pod_completion_time", kStable, "When its last container ended, in seconds since 1970."),
    unique("kube_pod_container_info", kStable, "The image of each container, wanted and running.",
           "container", "image_spec", "image", "image_id", "container_id"),
    unique("kube_pod_container_resource_limits", kStable, "What a container may use at most.", "container",
           "node", "resource", "unit"),
    unique("kube_pod_container_resource_requests", kStable, "What is set aside for a container.", "container",
           "node", "resource", "unit"),
    unique("kube_pod_container_state_started", kStable, "When a container started, in seconds since 1970.",
           "container"),
    shared("kube_pod_container_status_last_terminated_reason", kExperimental,
           "Why a container ended the last time.", "container", "reason"),
    shared("kube_pod_container_status_last_terminated_exitcode", kExperimental,
           "Exit status with which a container ended the last time.", "container"),
    unique("kube_pod_container_status_last_terminated_timestamp", kExperimental,
           "When a container ended the last time, in seconds since 1970.", "container"),
    shared("kube_pod_container_status_ready", kStable, "Whether a container is ready.", "container"),
    as_counter(shared("kube_pod_container_status_restarts_total", kStable,
                      "How often a container has been started again.", "container")),
    shared("kube_pod_container_status_running", kStable, "Whether a container runs.", "container"),
    shared("kube_pod_container_status_terminated", kStable, "Whether a container has ended.", "container"),
    shared("kube_pod_container_status_terminated_reason", kExperimental, "Why a container has ended.",
           "container", "reason"),
    shared("kube_pod_container_status_waiting", kStable, "Whether a container waits to be started.",
           "container"),
    shared("kube_pod_container_status_waiting_reason", kStable, "Why a container waits to be started.",
           "container", "reason"),
    unique("kube_pod_created", kStable, kCreatedHelp),
    unique("kube_pod_deletion_timestamp", kExperimental, kDeletionHelp),
    unique("kube_pod_info", kStable, "Where a pod runs, and what made it.", "host_ip", "pod_ip", "node",
           "created_by_kind", "created_by_name", "priority_class", "host_network"),
    unique("kube_pod_ips", kExperimental, "The addresses of a pod.", "ip", "ip_family"),
    unique("kube_pod_init_container_info", kStable, "The image of each init container, wanted and running.",
           "container", "image_spec", "image", "image_id", "container_id", "restart_policy"),
    unique("kube_pod_init_container_resource_limits", kExperimental,
           "What an init container may use at most.", "container", "node", "resource", "unit"),
    unique("kube_pod_init_container_resource_requests", kExperimental,
           "What is set aside for an init container.", "container", "node", "resource", "unit"),
    unique("kube_pod_init_container_state_started", kExperimental,
           "When an init container started, in seconds since 1970.", "container"),
    shared("kube_pod_init_container_status_last_terminated_reason", kExperimental,
           "Why an init container ended the last time.", "container", "reason"),
    shared("kube_pod_init_container_status_last_terminated_exitcode", kExperimental,
           "Exit status with which an init container ended the last time.", "container"),
    unique("kube_pod_init_container_status_last_terminated_timestamp", kExperimental,
           "When an init container ended the last time, in seconds since 1970.", "container"),
    shared("kube_pod_init_container_status_ready", kStable, "Whether an init container is ready.",
           "container"),
    as_counter(shared("kube_pod_init_container_status_restarts_total", kStable,
                      "How often an init container has been started again.", "container")),
    shared("kube_pod_init_container_status_running", kStable, "Whether an init container runs.", "container"),
    shared("kube_pod_init_container_status_terminated", kStable, "Whether an init container has ended.",
           "container"),
    shared("kube_pod_init_container_status_terminated_reason", kExperimental,
           "Why an init container has ended.", "container", "reason"),
    shared("kube_pod_init_container_status_waiting", kStable,
           "Whether an init container waits to be started.", "container"),
    shared("kube_pod_init_container_status_waiting_reason", kExperimental,
           "Why an init container waits to be started.", "container", "reason"),
    unique("kube_pod_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_pod_labels", kStable, kLabelsHelp),
    shared("kube_pod_overhead_cpu_cores", kExperimental, "CPU cores that running the pod takes by itself."),
    shared("kube_pod_overhead_memory_bytes", kExperimental, "Memory that running the pod takes by itself."),
    unique("kube_pod_owner", kStable, kOwnerHelp, "owner_kind", "owner_name", "owner_is_controller"),
    unique("kube_pod_resourceclaim_info", kExperimental, "The resource claims of a pod.", "claim_name",
           "resourceclaim_name", "resourceclaim_template_name"),
    shared("kube_pod_restart_policy", kStable, "When ended containers are started again.", "type"),
    shared("kube_pod_runtimeclass_name_info", kExperimental, "The runtime class of a pod.",
           "runtimeclass_name"),
    unique("kube_pod_spec_volumes_persistentvolumeclaims_info", kStable,
           "The volumes of a pod that are claimed.", "volume", "persistentvolumeclaim", "ephemeral"),
    unique("kube_pod_spec_volumes_persistentvolumeclaims_readonly", kStable,
           "Whether a claimed volume can't be written.", "volume", "persistentvolumeclaim", "ephemeral"),
    unique("kube_pod_start_time", kStable, "When a node accepted it, in seconds since 1970."),
    shared("kube_pod_status_phase", kStable, "1 for the phase it is in.", "phase"),
    shared("kube_pod_status_qos_class", kExperimental, "1 for its class of service.", "qos_class"),
    shared("kube_pod_status_ready", kStable, "Whether it can serve requests.", "condition"),
    unique("kube_pod_status_ready_time", kExperimental, "When it became ready, in seconds since 1970."),
    unique("kube_pod_status_initialized_time", kExperimental,
           "When its init containers were through, in seconds since 1970."),
    unique("kube_pod_status_container_ready_time", kExperimental,
           "When all its containers became ready, in seconds since 1970."),
    shared("kube_pod_status_reason", kExperimental, "Why it is in the state that it is in.", "reason"),
    shared("kube_pod_status_disruption_reason", kExperimental, "Why it is made to end.", "reason"),
    shared("kube_pod_status_scheduled", kStable, "Whether it has a node.", "condition"),
    unique("kube_pod_status_scheduled_time", kStable, "When it got a node, in seconds since 1970."),
    shared("kube_pod_status_unschedulable", kStable, "1 where no node has been found for it."),
    unique("kube_pod_status_unscheduled_time", kExperimental,
           "Since when no node is found for it, in seconds since 1970."),
    shared("kube_pod_tolerations", kExperimental, "The taints that it tolerates.", "key", "operator", "value",
           "effect", "toleration_seconds"),
    opt_in(unique("kube_pod_nodeselectors", kExperimental, "The labels that its node must have.")),
    shared("kube_pod_service_account", kExperimental, "The service account that it runs as.",
           "service_account"),
    shared("kube_pod_scheduler", kExperimental, "The scheduler that finds its node.", "name"),
};

constexpr Schema kResourceRequirements({
    {1, "limits", kQuantityMap},
    {2, "requests", kQuantityMap},
});
constexpr Schema kContainer({
    {1, "name", kString},
    {2, "image", kString},
    {8, "resources", kMessage, &kResourceRequirements},
    {24, "restartPolicy", kString},
});
constexpr Schema kClaimVolume({
    {1, "claimName", kString},
    {2, "readOnly", kBool},
});
constexpr Schema kVolumeSource({
    {10, "persistentVolumeClaim", kMessage, &kClaimVolume},
    {29, "ephemeral", kPresence},
});
constexpr Schema kVolume({
    {1, "name", kString},
    {2, "volumeSource", kInline, &kVolumeSource},
});
constexpr Schema kToleration({
    {1, "key", kString},
    {2, "operator", kString},
    {3, "value", kString},
    {4, "effect", kString},
    {5, "tolerationSeconds", kInteger},
});
constexpr Schema kResourceClaimSchema({
    {1, "name", kString},
    {3, "resourceClaimName", kString},
    {4, "resourceClaimTemplateName", kString},
});
constexpr Schema kSpec({
    {1, "volumes", kMessage, &kVolume},
    {2, "containers", kMessage, &kContainer},
    {3, "restartPolicy", kString},
    {7, "nodeSelector", kStringMap},
    {8, "serviceAccountName", kString},
    {10, "nodeName", kString},
    {11, "hostNetwork", kBool},
    {19, "schedulerName", kString},
    {20, "initContainers", kMessage, &kContainer},
    {22, "tolerations", kMessage, &kToleration},
    {24, "priorityClassName", kString},
    {29, "runtimeClassName", kString},
    {32, "overhead", kQuantityMap},
    {39, "resourceClaims", kMessage, &kResourceClaimSchema},
});

constexpr Schema kRunning({
    {1, "startedAt", kTime},
});
constexpr Schema kWaiting({
    {1, "reason", kString},
});
constexpr Schema kTerminated({
    {1, "exitCode", kInteger},
    {3, "reason", kString},
    {5, "startedAt", kTime},
    {6, "finishedAt", kTime},
});
constexpr Schema kContainerState({
    {1, "waiting", kMessage, &kWaiting},
    {2, "running", kMessage, &kRunning},
    {3, "terminated", kMessage, &kTerminated},
});
constexpr Schema kContainerStatus({
    {1, "name", kString},
    {2, "state", kMessage, &kContainerState},
    {3, "lastState", kMessage, &kContainerState},
    {4, "ready", kBool},
    {5, "restartCount", kInteger},
    {6, "image", kString},
    {7, "imageID", kString},
    {8, "containerID", kString},
});
constexpr Schema kPodCondition({
    {1, "type", kString},
    {2, "status", kString},
    {4, "lastTransitionTime", kTime},
    {5, "reason", kString},
});
constexpr Schema kPodIp({
    {1, "ip", kString},
});
constexpr Schema kResourceClaimStatus({
    {1, "name", kString},
    {2, "resourceClaimName", kString},
});
constexpr Schema kStatus({
    {1, "phase", kString},
    {2, "conditions", kMessage, &kPodCondition},
    {4, "reason", kString},
    {5, "hostIP", kString},
    {6, "podIP", kString},
    {7, "startTime", kTime},
    {8, "containerStatuses", kMessage, &kContainerStatus},
    {9, "qosClass", kString},
    {10, "initContainerStatuses", kMessage, &kContainerStatus},
    {12, "podIPs", kMessage, &kPodIp},
    {15, "resourceClaimStatuses", kMessage, &kResourceClaimStatus},
});
constexpr Schema kPod({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

/// The families of containers or of init containers.
struct ContainerFamilies {
  std::size_t info, limits, requests, started, last_reason, last_exit_code, last_time, ready, restarts,
      running, terminated, terminated_reason, waiting, waiting_reason;
};
constexpr ContainerFamilies kContainers{
    kContainerInfo,       kContainerLimits,        kContainerRequests,   kContainerStarted,
    kContainerLastReason, kContainerLastExitCode,  kContainerLastTime,   kContainerReady,
    kContainerRestarts,   kContainerRunning,       kContainerTerminated, kContainerTerminatedReason,
    kContainerWaiting,    kContainerWaitingReason,
};
constexpr ContainerFamilies kInitContainers{
    kInitContainerInfo,     kInitContainerLimits,        kInitContainerRequests,
    kInitContainerStarted,  kInitContainerLastReason,    kInitContainerLastExitCode,
    kInitContainerLastTime, kInitContainerReady,         kInitContainerRestarts,
    kInitContainerRunning,  kInitContainerTerminated,    kInitContainerTerminatedReason,
    kInitContainerWaiting,  kInitContainerWaitingReason,
};

// Reasons that are exposed as they are, in this order.
constexpr std::string_view kReasons[] = {
    "Evicted",
    "NodeAffinity",
    "NodeLost",
    "PreemptionByScheduler",
    "SchedulingGated",
    "Shutdown",
    "TerminationByKubelet",
    "UnexpectedAdmissionError",
};
constexpr std::string_view kDisruptionReasons[] = {
    "PreemptionByScheduler", "DeletionByTaintManager", "EvictionByEvictionAPI",
    "DeletionByPodGC",       "TerminationByKubelet",
};

/// What of a container's specification is exposed with its status.
struct Container {
  std::string_view name, image, restart_policy;
};

/// What is needed later than it is met; the buffers are kept from pod to pod.
struct Scratch {
  std::vector<Container> containers, init_containers;
  std::vector<std::string_view> tolerations;

  void clear() {
    containers.clear();
    init_containers.clear();
    tolerations.clear();
  }
};

/// The images of a container, wanted and running. Statuses are joined with the specification by name.
void read_info(FieldReader& in, Emit& emit, const ContainerFamilies& families,
               const std::vector<Container>& containers, const WireField& status) {
  const auto [name, image, image_id, id] =
      in.pick<kContainerStatus, "name", "image", "imageID", "containerID">(status);
  for (const auto& container : containers) {
    if (container.name != name.bytes) continue;
    if (families.info == kContainerInfo) {
      emit(kContainerInfo, {name.bytes, container.image, image.bytes, image_id.bytes, own(id.bytes)}, 1);
    } else {
      emit(
          kInitContainerInfo,
          {name.bytes, container.image, image.bytes, image_id.bytes, own(id.bytes), container.restart_policy},
          1);
    }
  }
}

void read_quantity(Emit& emit, std::size_t family, std::string_view container, std::string_view node,
                   const MapEntry& entry) {
  const auto unit = unit_of(entry.key);
  if (unit.empty()) return;
  const std::initializer_list<Text> values{container, node, sanitized(entry.key), unit};
  if (unit == "core") return emit(family, values, in_thousandths(entry.value));
  emit(family, values, in_whole(entry.value));
}

Container read_container(FieldReader& in, Emit& emit, const ContainerFamilies& families,
                         const WireField& message, std::string_view node) {
  const auto [name, image, restart_policy, resources] =
      in.pick<kContainer, "name", "image", "restartPolicy", "resources">(message);
  const auto read_quantities = [&](std::size_t family, const WireField& entry) {
    read_quantity(emit, family, name.bytes, node, in.entry(entry));
  };
  in.each<kResourceRequirements>(
      resources, on<"limits">([&](const WireField& entry) { read_quantities(families.limits, entry); }),
      on<"requests">([&](const WireField& entry) { read_quantities(families.requests, entry); }));
  return {name.bytes, image.bytes, restart_policy.bytes};
}

/// The state that a container was in before its current one.
void read_last_state(FieldReader& in, Emit& emit, const ContainerFamilies& families,
                     std::string_view container, const WireField& state) {
  const auto [terminated] = in.pick<kContainerState, "terminated">(state);
  if (!terminated) return;
  const auto [reason, exit_code, finished] =
      in.pick<kTerminated, "reason", "exitCode", "finishedAt">(terminated);
  emit(families.last_reason, {container, reason.bytes}, 1);
  emit(families.last_exit_code, {container}, exit_code.integer());
  emit(families.last_time, {container}, time_of(finished).value_or(kZeroTime));
}

/// Why a pod is in its state stands in its status, its conditions and its ended containers.
class Reasons {
 public:
  void note(std::string_view reason) {
    const auto* const at = std::ranges::find(kReasons, reason);
    if (at != std::end(kReasons)) known_[static_cast<std::size_t>(at - kReasons)] = true;
  }
  void emit(Emit& emit, std::string_view of_status) {
    note(of_status);
    for (std::size_t i = 0; i < known_.size(); ++i) {
      if (known_[i]) emit(kReason, {kReasons[i]}, 1);
    }
    const bool is_known = std::ranges::find(kReasons, of_status) != std::end(kReasons);
    if (!of_status.empty() && !is_known) emit(kReason, {"Other"}, 1);
  }

 private:
  std::array<bool, std::size(kReasons)> known_{};
};

/// How a container ended.
struct Ending {
  std::string_view reason = "";
  std::optional<std::int64_t> finished;
};

Ending read_state(FieldReader& in, Emit& emit, const ContainerFamilies& families, std::string_view container,
                  const WireField& state) {
  const auto [waiting, running, terminated] =
      in.pick<kContainerState, "waiting", "running", "terminated">(state);
  emit(families.waiting, {container}, bool(waiting));
  emit(families.running, {container}, bool(running));
  emit(families.terminated, {container}, bool(terminated));
  if (waiting) {
    const auto [reason] = in.pick<kWaiting, "reason">(waiting);
    emit(families.waiting_reason, {container, reason.bytes}, 1);
  }
  if (running) {
    const auto [started] = in.pick<kRunning, "startedAt">(running);
    emit(families.started, {container}, time_of(started).value_or(kZeroTime));
  }
  if (!terminated) return {};
  const auto [reason, started, finished] =
      in.pick<kTerminated, "reason", "startedAt", "finishedAt">(terminated);
  emit(families.terminated_reason, {container, reason.bytes}, 1);
  if (!running) emit(families.started, {container}, time_of(started).value_or(kZeroTime));
  return {reason.bytes, time_of(finished)};
}

Ending read_container_status(FieldReader& in, Emit& emit, const ContainerFamilies& families,
                             const WireField& message) {
  const auto [name, state, last_state, ready, restarts] =
      in.pick<kContainerStatus, "name", "state", "lastState", "ready", "restartCount">(message);
  emit(families.ready, {name.bytes}, ready.flag());
  emit(families.restarts, {name.bytes}, restarts.integer());
  read_last_state(in, emit, families, name.bytes, last_state);
  return read_state(in, emit, families, name.bytes, state);
}

void read_condition(Emit& emit, std::string_view type, std::string_view status, std::int64_t changed,
                    std::string_view reason) {
  if (type == "Ready") {
    condition_states(emit, kReady, status);
    if (status == "True") emit(kReadyTime, {}, changed);
  } else if (type == "ContainersReady") {
    if (status == "True") emit(kContainersReadyTime, {}, changed);
  } else if (type == "Initialized") {
    if (status == "True") emit(kInitializedTime, {}, changed);
  } else if (type == "PodScheduled") {
    condition_states(emit, kScheduled, status);
    if (status == "True") emit(kScheduledTime, {}, changed);
    if (status == "False") {
      emit(kUnschedulable, {}, 1);
      emit(kUnscheduledTime, {}, changed);
    }
  } else if (type == "DisruptionTarget") {
    const bool is_known = std::ranges::find(kDisruptionReasons, reason) != std::end(kDisruptionReasons);
    emit(kDisruptionReason, {is_known ? reason : "Other"}, 1);
  }
}

/// "4", "6", or "" for what is no address. A zone ("fe80::1%eth0") belongs to an address of version 6.
std::string_view ip_family(std::string_view address) {
  char text[INET6_ADDRSTRLEN + 1];
  const auto zone = address.find('%');
  const auto bare = address.substr(0, zone);
  if (bare.size() >= sizeof text || address.size() == zone + 1) return "";
  text[bare.copy(text, sizeof text - 1)] = '\0';
  in6_addr parsed{};
  if (inet_pton(AF_INET, text, &parsed) == 1) return zone == std::string_view::npos ? "4" : "";
  if (inet_pton(AF_INET6, text, &parsed) != 1) return "";
  return IN6_IS_ADDR_V4MAPPED(&parsed) ? "4" : "6";
}

void read_ip(FieldReader& in, Emit& emit, const WireField& message) {
  const auto [ip] = in.pick<kPodIp, "ip">(message);
  const auto version = ip_family(ip.bytes);
  if (!version.empty()) emit(kIps, {own(ip.bytes), version}, 1);
}

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

/// Returns the node.
std::string_view read_spec(FieldReader& in, Emit& emit, const WireField& spec, const WireField& status,
                           const ObjectMeta& meta, Scratch& scratch) {
  const auto [restart_policy, account, node, scheduler, runtime_class] =
      in.pick<kSpec, "restartPolicy", "serviceAccountName", "nodeName", "schedulerName", "runtimeClassName">(
          spec);
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
      on<"volumes">([&](const WireField& volume) { read_volume(in, emit, volume, meta.name); }),
      on<"resourceClaims">([&](const WireField& claim) { read_resource_claim(in, emit, claim, status); }),
      on<"overhead">([&](const WireField& entry) { read_overhead(emit, in.entry(entry)); }));
  if (emit.wants(kNodeSelectors)) {
    all_entries(emit, kNodeSelectors, "nodeselector", sorted_entries<kSpec, "nodeSelector">(in, spec));
  }
  return node.bytes;
}

void read_status(FieldReader& in, Emit& emit, const WireField& status, const Scratch& scratch) {
  const auto [phase, reason, started, qos_class] =
      in.pick<kStatus, "phase", "reason", "startTime", "qosClass">(status);
  time_if_set(emit, kStartTime, started);
  if (!phase.bytes.empty()) {
    one_of(emit, kPhase, {"Pending", "Succeeded", "Failed", "Unknown", "Running"}, phase.bytes);
  }
  if (!qos_class.bytes.empty()) {
    one_of(emit, kQosClass, {"BestEffort", "Burstable", "Guaranteed"}, qos_class.bytes);
  }
  Reasons reasons;
  std::int64_t completed = 0;
  in.each<kStatus>(status, on<"conditions">([&](const WireField& condition) {
                     const auto [type, state, changed, why] =
                         in.pick<kPodCondition, "type", "status", "lastTransitionTime", "reason">(condition);
                     read_condition(emit, type.bytes, state.bytes, time_of(changed).value_or(kZeroTime),
                                    why.bytes);
                     reasons.note(why.bytes);
                   }),
                   on<"containerStatuses">([&](const WireField& container) {
                     read_info(in, emit, kContainers, scratch.containers, container);
                     const auto ending = read_container_status(in, emit, kContainers, container);
                     reasons.note(ending.reason);
                     completed = std::max(completed, ending.finished.value_or(0));
                   }),
                   on<"initContainerStatuses">([&](const WireField& container) {
                     read_info(in, emit, kInitContainers, scratch.init_containers, container);
                     read_container_status(in, emit, kInitContainers, container);
                   }),
                   on<"podIPs">([&](const WireField& ip) { read_ip(in, emit, ip); }));
  if (completed > 0) emit(kCompletionTime, {}, completed);
  reasons.emit(emit, reason.bytes);
}

/// Where the pod runs, and what made it: the first owner that controls it.
void read_pod_info(FieldReader& in, Emit& emit, const ObjectMeta& meta, const WireField& spec,
                   const WireField& status, std::string_view node) {
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
  const auto [priority_class, host_network] = in.pick<kSpec, "priorityClassName", "hostNetwork">(spec);
  const auto [host_ip, pod_ip] = in.pick<kStatus, "hostIP", "podIP">(status);
  emit(kInfo,
       {host_ip.bytes, own(pod_ip.bytes), node, kind, name, priority_class.bytes, truth(host_network.flag())},
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
  const auto node = read_spec(in, emit, spec, status, meta, scratch);
  read_status(in, emit, status, scratch);
  read_pod_info(in, emit, meta, spec, status, node);
  return !in.malformed();
}

}  // namespace

extern const Resource kPods{
    .name = "pods",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kPod,
    .read = read,
};

}  // namespace exporter::kube
