// SPDX-License-Identifier: Apache-2.0
#pragma once

// A resource of the API server as the exporter sees it: where it is listed, which families its objects have,
// and the function that reads an object and emits its samples. resources/<kind>.cpp has one each, all alike:
//
//     constexpr Family kFamilies[] = {
//         unique("kube_namespace_created", kStable, "Creation time, in seconds since 1970."),
//         shared("kube_namespace_status_phase", kStable, "1 for the current phase.", "phase"),
//     };
//     void read(std::string_view wire, Emit& emit) { ... emit(kCreated, {}, seconds); ... }
//     extern const Resource kNamespaces{...};

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <exporter/metric.hpp>

#include "api/schema.hpp"

namespace exporter::kube {

class Emit;

enum class Stability : std::uint8_t {
  kStable,
  kExperimental,
  kDeprecated,  ///< stable, and its help says since when it is deprecated
};

/// A metric family of a resource. Its labels are the resource's common labels, in front, and its own.
struct Family {
  std::string_view name;
  std::string_view help;  ///< without the "[STABLE] " that is printed in front of a stable one's
  Stability stability = Stability::kStable;
  MetricType type = MetricType::kGauge;
  /// Whether many objects have the same samples (a phase, a restart policy): these are kept once for all.
  /// Else they are kept with the object.
  bool shared = false;
  bool opt_in = false;
  std::array<std::string_view, 20> labels{};  ///< its own label names, in order; unused ones are empty
};

/// A family of which each object has samples of its own: times, addresses, owners.
template <class... L>
constexpr Family unique(std::string_view name, Stability stability, std::string_view help, L... labels) {
  return {name, help, stability, MetricType::kGauge, false, false, {std::string_view(labels)...}};
}
/// A family whose samples are the same for many objects.
template <class... L>
constexpr Family shared(std::string_view name, Stability stability, std::string_view help, L... labels) {
  return {name, help, stability, MetricType::kGauge, true, false, {std::string_view(labels)...}};
}
constexpr Family as_counter(Family family) {
  family.type = MetricType::kCounter;
  return family;
}
constexpr Family opt_in(Family family) {
  family.opt_in = true;
  return family;
}

/// What is asked of the API server for each object.
enum class Projection : std::uint8_t {
  kFull,
  kMetadata,       ///< PartialObjectMetadata: nothing but metadata is sent
  kTableMetadata,  ///< a Table with PartialObjectMetadata, whose Type column is a secret's type
};

struct Resource {
  std::string_view name;     ///< plural, lower case, as in --resources
  std::string_view group{};  ///< "" for the core group
  std::string_view version{};
  bool namespaced = true;
  bool on_by_default = true;
  Projection projection = Projection::kFull;
  std::span<const std::string_view> common_labels{};  ///< "namespace", "pod", "uid"
  std::span<const Family> families{};                 ///< in the order of exposition
  const MessageSchema* schema = nullptr;              ///< for servers that answer in JSON
  /// Reads an object and emits its identity and samples. False where it is malformed: what was emitted is
  /// dropped.
  bool (*read)(std::string_view wire, Emit& emit) = nullptr;
};

/// All built-in resources, sorted by name.
std::span<const Resource* const> resources();

}  // namespace exporter::kube
