// SPDX-License-Identifier: Apache-2.0
// Bindings of mutating admission policies: their parameters.

#include "resources/policy_bindings.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "mutatingadmissionpolicybinding"};

constexpr Family kFamilies[] = {
    unique("kube_mutatingadmissionpolicybinding_info", kExperimental,
           "The policy and the parameters that are bound.", "policy_name", "param_name", "param_namespace",
           "param_not_found_action"),
    unique("kube_mutatingadmissionpolicybinding_created", kExperimental, kCreatedHelp),
};

}  // namespace

extern const Resource kMutatingAdmissionPolicyBindings{
    .name = "mutatingadmissionpolicybindings",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &policy_bindings::kBinding,
    .read = policy_bindings::read<false>,
};

}  // namespace exporter::kube
