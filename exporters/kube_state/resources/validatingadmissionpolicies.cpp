// SPDX-License-Identifier: Apache-2.0
// Validating admission policies: what they apply to.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "validatingadmissionpolicy"};

enum { kInfo, kCreated };
constexpr Family kFamilies[] = {
    shared("kube_validatingadmissionpolicy_info", kExperimental,
           "The parameters of a policy, and what follows an error.", "param_api_version", "param_kind",
           "failure_policy"),
    unique("kube_validatingadmissionpolicy_created", kExperimental, kCreatedHelp),
};

constexpr Schema kParamKind({
    {1, "apiVersion", kString},
    {2, "kind", kString},
});
constexpr Schema kSpec({
    {1, "paramKind", kMessage, &kParamKind},
    {4, "failurePolicy", kString},
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
  const auto [param_kind, failure_policy] = in.pick<kSpec, "paramKind", "failurePolicy">(spec);
  const auto [api_version, kind] = in.pick<kParamKind, "apiVersion", "kind">(param_kind);
  emit(kInfo, {api_version.bytes, kind.bytes, failure_policy.bytes}, 1);
  return !in.malformed();
}

}  // namespace

extern const Resource kValidatingAdmissionPolicies{
    .name = "validatingadmissionpolicies",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kPolicy,
    .read = read,
};

}  // namespace exporter::kube
