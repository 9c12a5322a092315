// SPDX-License-Identifier: Apache-2.0
// Namespaces: phase and conditions.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace"};

enum { kCreated, kAnnotations, kLabels, kPhase, kCondition };
constexpr Family kFamilies[] = {
    unique("kube_namespace_created", kStable, kCreatedHelp),
    unique("kube_namespace_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_namespace_labels", kStable, kLabelsHelp),
    shared("kube_namespace_status_phase", kStable, "1 for the phase it is in.", "phase"),
    shared("kube_namespace_status_condition", kExperimental, "1 for the status of each condition.",
           "condition", "status"),
};

constexpr Schema kStatus({
    {1, "phase", kString},
    {2, "conditions", kMessage, &kConditionSchema},
});
constexpr Schema kNamespace({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, status] = in.pick<kNamespace, "metadata", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  created(emit, kCreated, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  const auto [phase] = in.pick<kStatus, "phase">(status);
  one_of(emit, kPhase, {"Active", "Terminating"}, phase.bytes);
  conditions<kStatus, "conditions", kConditionSchema>(in, emit, kCondition, status);
  return !in.malformed();
}

}  // namespace

extern const Resource kNamespaces{
    .name = "namespaces",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kNamespace,
    .read = read,
};

}  // namespace exporter::kube
