// SPDX-License-Identifier: Apache-2.0
// Containers and init containers of pods: images, resources, states.

#include "resources/pod_families.hpp"
#include "resources/pod_schema.hpp"
#include "resources/pods.hpp"

namespace exporter::kube::pods {

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

namespace {

void read_quantity(Emit& emit, std::size_t family, std::string_view container, std::string_view node,
                   const MapEntry& entry) {
  const auto unit = unit_of(entry.key);
  if (unit.empty()) return;
  const std::initializer_list<Text> values{container, node, sanitized(entry.key), unit};
  if (unit == "core") return emit(family, values, in_thousandths(entry.value));
  emit(family, values, in_whole(entry.value));
}

/// The images of a container, wanted and running.
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

}  // namespace

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

Ending read_container_status(FieldReader& in, Emit& emit, const ContainerFamilies& families,
                             const std::vector<Container>& containers, const WireField& message) {
  read_info(in, emit, families, containers, message);
  const auto [name, state, last_state, ready, restarts] =
      in.pick<kContainerStatus, "name", "state", "lastState", "ready", "restartCount">(message);
  emit(families.ready, {name.bytes}, ready.flag());
  emit(families.restarts, {name.bytes}, restarts.integer());
  read_last_state(in, emit, families, name.bytes, last_state);
  return read_state(in, emit, families, name.bytes, state);
}

}  // namespace exporter::kube::pods
