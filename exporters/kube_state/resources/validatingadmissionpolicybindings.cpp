// SPDX-License-Identifier: Apache-2.0
// Bindings of validating admission policies: their parameters.

#include "resources/policy_bindings.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "validatingadmissionpolicybinding"};

constexpr Family kFamilies[] = {
    unique("kube_validatingadmissionpolicybinding_info", kExperimental,
           "The policy and the parameters that are bound.", "policy_name", "param_name", "param_namespace",
           "param_not_found_action"),
    unique("kube_validatingadmissionpolicybinding_created", kExperimental, kCreatedHelp),
    shared("kube_validatingadmissionpolicybinding_validation_action", kExperimental,
           "What follows where the policy is not met.", "action"),
};

}  // namespace

extern const Resource kValidatingAdmissionPolicyBindings{
    .name = "validatingadmissionpolicybindings",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &policy_bindings::kBinding,
    .read = policy_bindings::read<true>,
};

}  // namespace exporter::kube
