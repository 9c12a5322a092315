// SPDX-License-Identifier: Apache-2.0
// What has become of a pod: phase, conditions, reasons, addresses.

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "resources/pod_families.hpp"
#include "resources/pod_schema.hpp"
#include "resources/pods.hpp"

namespace exporter::kube::pods {
namespace {

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

}  // namespace

void read_status(FieldReader& in, Emit& emit, const WireField& status, Scratch& scratch) {
  const auto [phase, reason, host_ip, pod_ip, started, qos_class] =
      in.pick<kStatus, "phase", "reason", "hostIP", "podIP", "startTime", "qosClass">(status);
  scratch.placement.host_ip = host_ip.bytes;
  scratch.placement.pod_ip = pod_ip.bytes;
  time_if_set(emit, kStartTime, started);
  if (!phase.bytes.empty()) {
    one_of(emit, kPhase, {"Pending", "Succeeded", "Failed", "Unknown", "Running"}, phase.bytes);
  }
  if (!qos_class.bytes.empty()) {
    one_of(emit, kQosClass, {"BestEffort", "Burstable", "Guaranteed"}, qos_class.bytes);
  }
  Reasons reasons;
  std::int64_t completed = 0;
  in.each<kStatus>(
      status, on<"conditions">([&](const WireField& condition) {
        const auto [type, state, changed, why] =
            in.pick<kPodCondition, "type", "status", "lastTransitionTime", "reason">(condition);
        read_condition(emit, type.bytes, state.bytes, time_of(changed).value_or(kZeroTime), why.bytes);
        reasons.note(why.bytes);
      }),
      on<"containerStatuses">([&](const WireField& container) {
        const auto ending = read_container_status(in, emit, kContainers, scratch.containers, container);
        reasons.note(ending.reason);
        completed = std::max(completed, ending.finished.value_or(0));
      }),
      on<"initContainerStatuses">([&](const WireField& container) {
        read_container_status(in, emit, kInitContainers, scratch.init_containers, container);
      }),
      on<"podIPs">([&](const WireField& ip) { read_ip(in, emit, ip); }));
  if (completed > 0) emit(kCompletionTime, {}, completed);
  reasons.emit(emit, reason.bytes);
}

}  // namespace exporter::kube::pods
