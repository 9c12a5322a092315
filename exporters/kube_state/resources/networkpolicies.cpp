// SPDX-License-Identifier: Apache-2.0
// Network policies: the number of their rules.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "networkpolicy"};

enum { kCreated, kAnnotations, kLabels, kIngressRules, kEgressRules };
constexpr Family kFamilies[] = {
    unique("kube_networkpolicy_created", kExperimental, kCreatedHelp),
    unique("kube_networkpolicy_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_networkpolicy_labels", kExperimental, kLabelsHelp),
    shared("kube_networkpolicy_spec_ingress_rules", kExperimental, "Rules for what comes in."),
    shared("kube_networkpolicy_spec_egress_rules", kExperimental, "Rules for what goes out."),
};

constexpr Schema kSpec({
    {2, "ingress", kPresence},
    {3, "egress", kPresence},
});
constexpr Schema kNetworkPolicy({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kNetworkPolicy, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  emit(kCreated, {}, meta.created.value_or(kZeroTime));
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  int ingress = 0;
  int egress = 0;
  in.each<kSpec, "ingress">(spec, [&](const WireField&) { ++ingress; });
  in.each<kSpec, "egress">(spec, [&](const WireField&) { ++egress; });
  emit(kIngressRules, {}, ingress);
  emit(kEgressRules, {}, egress);
  return !in.malformed();
}

}  // namespace

extern const Resource kNetworkPolicies{
    .name = "networkpolicies",
    .group = "networking.k8s.io",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kNetworkPolicy,
    .read = read,
};

}  // namespace exporter::kube
