// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a resource's reader writes into. It collects one object's identity and samples, family by family, in
// any order; the store then keeps them in a compact form. Nothing is allocated once its buffers have grown.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/metric.hpp>

#include "resource.hpp"

namespace exporter::kube {

/// A label value. Text is kept once for all objects that have it, unless it is marked as an object's own.
struct Text {
  // NOLINTBEGIN(google-explicit-constructor): label values are written as texts
  constexpr Text(std::string_view text) : text(text) {}
  constexpr Text(const char* text) : text(text) {}
  // NOLINTEND(google-explicit-constructor)
  std::string_view text;
  bool own = false;
};

/// A value that (nearly) no other object has: an address, a container's id, a claim's name.
constexpr Text own(std::string_view text) {
  Text result(text);
  result.own = true;
  return result;
}

class LabelChoice;  // policy/label_choice.hpp: which labels and annotations an allow-list picks

class Emit {
 public:
  /// The values of the resource's common labels, in their order, and the object's place in the API. `key` of
  /// an object is namespace and name; a new uid under a key replaces the old object.
  void identity(std::string_view name_space, std::string_view name, std::string_view uid,
                std::span<const std::string_view> common_values);

  /// Whether a family is exposed at all (metric allow and deny lists, opt-in): what it costs can be saved.
  bool wants(std::size_t family) const;

  /// A sample of the resource's family with that index; one value for each of the family's own labels.
  void operator()(std::size_t family, std::initializer_list<Text> values, Value value);

  /// A sample whose own labels are only known at run time: kube_pod_labels. Names must be valid.
  void sample(std::size_t family, std::span<const std::string_view> names, std::span<const Text> values,
              Value value);

  /// Prefix "label" or "annotation", and the object's map entries: emits one sample with those that the
  /// allow-list picks, or none where there is no list for the resource.
  void labels(std::size_t family, std::span<const Label> entries);
  void annotations(std::size_t family, std::span<const Label> entries);
};

}  // namespace exporter::kube
