// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the bindings of mutating and of validating admission policies have in common.

#include "resources/common.hpp"

namespace exporter::kube::policy_bindings {

/// The families that read() fills, in the order in which both have them.
enum {
  kInfo,
  kCreated,
  kAction,  ///< of validating ones
};

inline constexpr Schema kParamRef({
    {1, "name", kString},
    {2, "namespace", kString},
    {4, "parameterNotFoundAction", kString},
});
inline constexpr Schema kSpec({
    {1, "policyName", kString},
    {2, "paramRef", kMessage, &kParamRef},
    {4, "validationActions", kString},
});
inline constexpr Schema kBinding({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

template <bool validating>
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
  if constexpr (validating) {
    in.each<kSpec, "validationActions">(spec,
                                        [&](const WireField& action) { emit(kAction, {action.bytes}, 1); });
  }
  return !in.malformed();
}

}  // namespace exporter::kube::policy_bindings
