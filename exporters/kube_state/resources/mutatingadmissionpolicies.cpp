// SPDX-License-Identifier: Apache-2.0
// Mutating admission policies: what they apply to.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "mutatingadmissionpolicy"};

enum { kInfo, kCreated };
constexpr Family kFamilies[] = {
    shared("kube_mutatingadmissionpolicy_info", kExperimental,
           "The parameters of a policy, and what follows an error.", "param_api_version", "param_kind",
           "failure_policy", "reinvocation_policy"),
    unique("kube_mutatingadmissionpolicy_created", kExperimental, kCreatedHelp),
};

constexpr Schema kParamKind({
    {1, "apiVersion", kString},
    {2, "kind", kString},
});
constexpr Schema kSpec({
    {1, "paramKind", kMessage, &kParamKind},
    {5, "failurePolicy", kString},
    {7, "reinvocationPolicy", kString},
});
constexpr Schema kPolicy({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kPolicy, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {"", meta.name});
  created(emit, kCreated, meta);
  const auto [param_kind, failure_policy, reinvocation] =
      in.pick<kSpec, "paramKind", "failurePolicy", "reinvocationPolicy">(spec);
  const auto [api_version, kind] = in.pick<kParamKind, "apiVersion", "kind">(param_kind);
  emit(kInfo, {api_version.bytes, kind.bytes, failure_policy.bytes, reinvocation.bytes}, 1);
  return !in.malformed();
}

}  // namespace

extern const Resource kMutatingAdmissionPolicies{
    .name = "mutatingadmissionpolicies",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kPolicy,
    .read = read,
};

}  // namespace exporter::kube
