// SPDX-License-Identifier: Apache-2.0
// Bindings of mutating admission policies: their parameters.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "mutatingadmissionpolicybinding"};

enum { kInfo, kCreated };
constexpr Family kFamilies[] = {
    unique("kube_mutatingadmissionpolicybinding_info", kExperimental,
           "The policy and the parameters that are bound.", "policy_name", "param_name", "param_namespace",
           "param_not_found_action"),
    unique("kube_mutatingadmissionpolicybinding_created", kExperimental, kCreatedHelp),
};

constexpr Schema kParamRef({
    {1, "name", kString},
    {2, "namespace", kString},
    {4, "parameterNotFoundAction", kString},
});
constexpr Schema kSpec({
    {1, "policyName", kString},
    {2, "paramRef", kMessage, &kParamRef},
});
constexpr Schema kBinding({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kBinding, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {"", meta.name});
  created(emit, kCreated, meta);
  const auto [policy, parameters] = in.pick<kSpec, "policyName", "paramRef">(spec);
  const auto [name, name_space, not_found] =
      in.pick<kParamRef, "name", "namespace", "parameterNotFoundAction">(parameters);
  emit(kInfo, {policy.bytes, name.bytes, name_space.bytes, not_found.bytes}, 1);
  return !in.malformed();
}

}  // namespace

extern const Resource kMutatingAdmissionPolicyBindings{
    .name = "mutatingadmissionpolicybindings",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kBinding,
    .read = read,
};

}  // namespace exporter::kube
