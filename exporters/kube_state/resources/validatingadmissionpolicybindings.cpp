// SPDX-License-Identifier: Apache-2.0
// Bindings of validating admission policies: their parameters.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "validatingadmissionpolicybinding"};

enum { kInfo, kCreated, kAction };
constexpr Family kFamilies[] = {
    unique("kube_validatingadmissionpolicybinding_info", kExperimental,
           "The policy and the parameters that are bound.", "policy_name", "param_name", "param_namespace",
           "param_not_found_action"),
    unique("kube_validatingadmissionpolicybinding_created", kExperimental, kCreatedHelp),
    shared("kube_validatingadmissionpolicybinding_validation_action", kExperimental,
           "What follows where the policy is not met.", "action"),
};

constexpr Schema kParamRef({
    {1, "name", kString},
    {2, "namespace", kString},
    {4, "parameterNotFoundAction", kString},
});
constexpr Schema kSpec({
    {1, "policyName", kString},
    {2, "paramRef", kMessage, &kParamRef},
    {4, "validationActions", kString},
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
  in.each<kSpec, "validationActions">(spec,
                                      [&](const WireField& action) { emit(kAction, {action.bytes}, 1); });
  return !in.malformed();
}

}  // namespace

extern const Resource kValidatingAdmissionPolicyBindings{
    .name = "validatingadmissionpolicybindings",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kBinding,
    .read = read,
};

}  // namespace exporter::kube
