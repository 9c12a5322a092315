// SPDX-License-Identifier: Apache-2.0
#pragma once

// What all objects have in common: metadata, owners, conditions, times, quantities.

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/fields.hpp"

namespace exporter::kube {

/// Go's zero time in seconds since 1970: what a time that must be there but isn't set is exposed as.
constexpr std::int64_t kZeroTime = -62135596800;

inline constexpr Schema kOwnerReferenceSchema({
    {1, "kind", FieldKind::kString},
    {3, "name", FieldKind::kString},
    {6, "controller", FieldKind::kBool},
});

inline constexpr Schema kObjectMetaSchema({
    {1, "name", FieldKind::kString},
    {2, "generateName", FieldKind::kString},
    {3, "namespace", FieldKind::kString},
    {5, "uid", FieldKind::kString},
    {6, "resourceVersion", FieldKind::kString},
    {7, "generation", FieldKind::kInteger},
    {8, "creationTimestamp", FieldKind::kTime},
    {9, "deletionTimestamp", FieldKind::kTime},
    {11, "labels", FieldKind::kStringMap},
    {12, "annotations", FieldKind::kStringMap},
    {13, "ownerReferences", FieldKind::kMessage, &kOwnerReferenceSchema},
});

/// A condition of most kinds, as far as its state goes.
inline constexpr Schema kConditionSchema({
    {1, "type", FieldKind::kString},
    {2, "status", FieldKind::kString},
});

/// An object's metadata; what there are many of stays in the wire format.
struct ObjectMeta {
  std::string_view name;
  std::string_view generate_name;  ///< what the name begins with where a controller made it, or ""
  std::string_view name_space;
  std::string_view uid;
  std::string_view resource_version;
  std::int64_t generation = 0;
  std::optional<std::int64_t> created;  ///< seconds since 1970
  std::optional<std::int64_t> deletion;
  WireField message;
};

/// A Time's (or MicroTime's) seconds since 1970; nothing where it isn't there or not set.
inline std::optional<std::int64_t> time_of(const WireField& field) {
  if (field.bytes.empty()) return std::nullopt;
  const auto seconds = only(field.bytes, 1).integer();
  if (seconds == kZeroTime) return std::nullopt;
  return seconds;
}

/// A Quantity's text.
inline std::string_view quantity_text(const WireField& field) { return only(field.bytes, 1).bytes; }

inline ObjectMeta read_meta(FieldReader& in, const WireField& message) {
  const auto [name, generate_name, name_space, uid, resource_version, generation, created, deletion] =
      in.pick<kObjectMetaSchema, "name", "generateName", "namespace", "uid", "resourceVersion", "generation",
              "creationTimestamp", "deletionTimestamp">(message);
  return {name.bytes,           generate_name.bytes, name_space.bytes,  uid.bytes, resource_version.bytes,
          generation.integer(), time_of(created),    time_of(deletion), message};
}

/// The value of a label or an annotation, or a field that isn't there.
template <FieldName map>
WireField find_entry(FieldReader& in, const ObjectMeta& meta, std::string_view key) {
  WireField found;
  in.each_entry<kObjectMetaSchema, map>(meta.message, [&](const MapEntry& entry) {
    if (entry.key == key) found = entry.value;
  });
  return found;
}

/// An IntOrString: an integer, or a text such as "25%".
struct IntOrString {
  bool is_text = false;
  std::int64_t number = 0;
  std::string_view text;
};
inline IntOrString int_or_string(const WireField& field) {
  return {only(field.bytes, 1).flag(), only(field.bytes, 2).integer(), only(field.bytes, 3).bytes};
}

}  // namespace exporter::kube
