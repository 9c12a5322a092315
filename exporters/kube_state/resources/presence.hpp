// SPDX-License-Identifier: Apache-2.0
#pragma once

// Resources of which only metadata is asked for: that an object is there, since when, its labels and
// annotations.

#include "resources/common.hpp"

namespace exporter::kube::presence {

/// The families that the readers fill, in the order in which each of these resources has them.
enum { kAnnotations, kLabels, kInfo, kCreated, kVersion };

inline constexpr Schema kObject({
    {1, "metadata", kMessage, &kObjectMetaSchema},
});

template <bool namespaced>
bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kObject, "metadata">(wire);
  const auto meta = read_meta(in, metadata);
  if constexpr (namespaced) {
    identity(emit, meta, {meta.name_space, meta.name});
  } else {
    identity(emit, meta, {meta.name});
  }
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  return !in.malformed();
}

}  // namespace exporter::kube::presence
