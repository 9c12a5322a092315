// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a resource's reader writes into. It collects one object's identity and samples, family by family, in
// any order; the store then keeps them in a compact form. Nothing is allocated once its buffers have grown.

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include <exporter/metric.hpp>

#include "resource.hpp"

namespace exporter::kube {

/// A label value. Text is kept once for all objects that have it, unless it is marked as an object's own.
struct Text {
  // NOLINTBEGIN(google-explicit-constructor): label values are written as texts
  constexpr Text(std::string_view value) : text(value) {}
  constexpr Text(const char* value) : text(value) {}
  Text(const std::string& value) : text(value) {}
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

class Draft;

class Emit {
 public:
  explicit Emit(Draft& draft);

  /// The object's place in the API, and the values of the resource's common labels, in their order. Comes
  /// before the first sample. The key of an object is namespace and name; a new uid under a key replaces the
  /// old object.
  void identity(std::string_view name_space, std::string_view name, std::string_view uid,
                std::span<const std::string_view> common_values);

  /// Whether samples of a family are kept at all (metric allow and deny lists, opt-in, another shard's
  /// object): what they cost can be saved.
  bool wants(std::size_t family) const { return wanted_[family]; }

  /// A sample of the resource's family with that index; one value for each of the family's own labels.
  void operator()(std::size_t family, std::initializer_list<Text> values, Value value) {
    if (wanted_[family]) add(family, {values.begin(), values.size()}, value);
  }

  /// A sample whose own labels are only known at run time: kube_pod_labels. Names must be valid.
  void sample(std::size_t family, std::span<const std::string_view> names, std::span<const Text> values,
              Value value);

  /// An object's labels or annotations as they are: emits one sample with those that the allow-list picks,
  /// their names made valid with "label_" or "annotation_" in front, or none where there is no allow-list.
  void labels(std::size_t family, std::span<const Label> entries);
  void annotations(std::size_t family, std::span<const Label> entries);
  /// Whether any could be picked.
  bool wants_labels(std::size_t family) const;
  bool wants_annotations(std::size_t family) const;

 private:
  friend class Draft;
  void add(std::size_t family, std::span<const Text> values, Value value);

  Draft& draft_;
  const bool* wanted_;
};

}  // namespace exporter::kube
