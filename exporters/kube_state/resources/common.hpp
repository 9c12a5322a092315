// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the resources' readers have in common: samples that many kinds of object have.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include <exporter/text.hpp>

#include "api/fields.hpp"
#include "api/meta.hpp"
#include "resource.hpp"
#include "store/emit.hpp"

namespace exporter::kube {

using enum FieldKind;
using enum Stability;

constexpr std::string_view kCreatedHelp = "When it was created, in seconds since 1970.";
constexpr std::string_view kDeletionHelp = "When it is due to be gone, in seconds since 1970.";
constexpr std::string_view kGenerationHelp =
    "Number of the specification, which grows with each change of it.";
constexpr std::string_view kObservedHelp = "Number of the specification that the controller has seen last.";
constexpr std::string_view kVersionHelp = "Version of the object, which grows with each change of it.";
constexpr std::string_view kAnnotationsHelp =
    "Its annotations, as far as --metric-annotations-allowlist picks them.";
constexpr std::string_view kLabelsHelp = "Its labels, as far as --metric-labels-allowlist picks them.";
constexpr std::string_view kOwnerHelp = "The objects that own it.";

/// The names of an object and the values of its resource's common labels.
inline void identity(Emit& emit, const ObjectMeta& meta, std::initializer_list<std::string_view> common) {
  emit.identity(meta.name_space, meta.name, meta.uid, {common.begin(), common.size()});
}

constexpr std::string_view truth(bool value) { return value ? "true" : "false"; }

/// "true" or "false", or "" for a field that isn't there.
inline std::string_view truth_if_set(const WireField& field) { return field ? truth(field.flag()) : ""; }

/// The field's number, or no sample where it isn't there.
inline void if_set(Emit& emit, std::size_t family, const WireField& field) {
  if (field) emit(family, {}, field.integer());
}

/// The field's time, or no sample where it isn't there. One that is there but zero is Go's zero time.
inline void time_if_set(Emit& emit, std::size_t family, const WireField& field) {
  if (field) emit(family, {}, time_of(field).value_or(kZeroTime));
}

inline void created(Emit& emit, std::size_t family, const ObjectMeta& meta) {
  if (meta.created) emit(family, {}, *meta.created);
}

inline void deletion_timestamp(Emit& emit, std::size_t family, const ObjectMeta& meta) {
  if (meta.deletion) emit(family, {}, *meta.deletion);
}

/// The resource version where it is a number.
void resource_version(Emit& emit, std::size_t family, const ObjectMeta& meta);

/// Kind, name and whether it controls the object, for each owner; without any one sample with empty labels.
void owners(FieldReader& in, Emit& emit, std::size_t family, const ObjectMeta& meta);

/// kube_<kind>_labels and kube_<kind>_annotations, as far as the allow-lists pick any.
void labels(FieldReader& in, Emit& emit, std::size_t family, const ObjectMeta& meta);
void annotations(FieldReader& in, Emit& emit, std::size_t family, const ObjectMeta& meta);

/// The entries of a map of strings, sorted by key; good until the next call on the thread.
template <const auto& schema, FieldName name>
std::span<const Label> sorted_entries(FieldReader& in, const WireField& message);

/// One sample with all entries as labels, whatever the allow-lists say.
void all_entries(Emit& emit, std::size_t family, std::string_view prefix, std::span<const Label> entries);

/// A sample for each choice, which is its only label: 1 for the one that is `current` and 0 for the others.
inline void one_of(Emit& emit, std::size_t family, std::initializer_list<std::string_view> choices,
                   std::string_view current) {
  for (const auto choice : choices) emit(family, {choice}, choice == current);
}

/// "true", "false" and "unknown" as the last label, 1 for the one that is the condition's status. One that is
/// none of the three has three zeros.
template <class... Labels>
void condition_states(Emit& emit, std::size_t family, std::string_view status, Labels... labels) {
  emit(family, {labels..., "true"}, status == "True");
  emit(family, {labels..., "false"}, status == "False");
  emit(family, {labels..., "unknown"}, status == "Unknown");
}

/// The states of all conditions in a list whose elements have type and status.
template <const auto& schema, FieldName name, const auto& condition_schema>
void conditions(FieldReader& in, Emit& emit, std::size_t family, const WireField& message) {
  in.each<schema, name>(message, [&](const WireField& condition) {
    const auto [type, status] = in.pick<condition_schema, "type", "status">(condition);
    condition_states(emit, family, status.bytes, type.bytes);
  });
}

/// A quantity rounded up to thousandths or to whole numbers; 0 where it is none.
double in_thousandths(const WireField& quantity);
std::int64_t in_whole(const WireField& quantity);
/// The nearest double.
double as_written(const WireField& quantity);

/// How a resource of a container or a node is exposed: its unit, or "" where it isn't.
std::string_view unit_of(std::string_view resource);

/// A name with everything but letters, digits and "_" replaced; good until the next call on the thread.
std::string_view sanitized(std::string_view name);

namespace detail {
std::vector<Label>& entry_buffer();
void sort_entries(std::vector<Label>& entries);
}  // namespace detail

template <const auto& schema, FieldName name>
std::span<const Label> sorted_entries(FieldReader& in, const WireField& message) {
  auto& entries = detail::entry_buffer();
  entries.clear();
  in.each_entry<schema, name>(message, [&](const MapEntry& entry) {
    entries.push_back({entry.key, entry.value.bytes});
  });
  detail::sort_entries(entries);
  return entries;
}

}  // namespace exporter::kube
