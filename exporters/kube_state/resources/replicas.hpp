// SPDX-License-Identifier: Apache-2.0
#pragma once

// What replica sets and replication controllers have in common: nearly all but their families' names.

#include "resources/common.hpp"

namespace exporter::kube::replicas {

/// The families that read() fills, in the order in which both have them.
enum {
  kCreated,
  kReplicas,
  kFullyLabeled,
  kReady,
  kTerminatingOrAvailable,  ///< of a set or of a controller
  kObservedGeneration,
  kSpecReplicas,
  kGeneration,
  kOwner,
  kAnnotations,  ///< of sets, as is what follows
  kLabels,
};
constexpr std::string_view kReplicasHelp = "Pods that it has.";
constexpr std::string_view kFullyLabeledHelp = "Pods with all labels of its template.";
constexpr std::string_view kReadyHelp = "Pods that are ready.";
constexpr std::string_view kSpecReplicasHelp = "Pods that are wanted.";

inline constexpr Schema kSpec({
    {1, "replicas", kInteger},
});
inline constexpr Schema kStatus({
    {1, "replicas", kInteger},
    {2, "fullyLabeledReplicas", kInteger},
    {3, "observedGeneration", kInteger},
    {4, "readyReplicas", kInteger},
    {5, "availableReplicas", kInteger},
    {7, "terminatingReplicas", kInteger},
});
inline constexpr Schema kObject({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

template <bool is_set>
bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kObject, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  created(emit, kCreated, meta);
  emit(kGeneration, {}, meta.generation);
  owners(in, emit, kOwner, meta);

  const auto [wanted] = in.pick<kSpec, "replicas">(spec);
  if_set(emit, kSpecReplicas, wanted);

  const auto [replicas, labeled, ready, available, terminating, observed] =
      in.pick<kStatus, "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
              "terminatingReplicas", "observedGeneration">(status);
  emit(kReplicas, {}, replicas.integer());
  emit(kFullyLabeled, {}, labeled.integer());
  emit(kReady, {}, ready.integer());
  emit(kObservedGeneration, {}, observed.integer());
  if constexpr (is_set) {
    if_set(emit, kTerminatingOrAvailable, terminating);
    annotations(in, emit, kAnnotations, meta);
    labels(in, emit, kLabels, meta);
  } else {
    emit(kTerminatingOrAvailable, {}, available.integer());
  }
  return !in.malformed();
}

}  // namespace exporter::kube::replicas
