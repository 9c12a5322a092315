// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is exposed of custom resources: the YAML of --custom-resource-state-config and -config-file.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>

#include "custom/json_value.hpp"

namespace exporter::kube {

/// A way into an object: map keys, list indices (negative ones from the end), "[key=value]" for the list's
/// element with it, "key=value" for a map's value if it is that one.
class JsonPath {
 public:
  JsonPath() = default;
  static Result<JsonPath> make(const std::vector<std::string>& steps);

  /// Null where it leads nowhere, or to null. The answer lives as long as the object and the path.
  const Json* find(const Json& object) const;
  bool empty() const { return steps_.empty(); }
  /// The first step, which is a member of the object; "" for an empty path.
  std::string_view first() const { return steps_.empty() ? std::string_view() : steps_.front().text; }
  std::size_t size() const { return steps_.size(); }

 private:
  struct Step {
    std::string text;
    bool search = false;  // "[key=value]"
    bool pair = false;    // "key=value"
    std::string key, value;
  };
  static const Json* search(const Json& list, const Step& step);
  static const Json* take(const Json& from, const Step& step);

  std::vector<Step> steps_;
};

/// The number that a value stands for, as the original has it: truth values, "yes", times, quantities,
/// percentages. An error says what it is instead.
Result<double> json_number(const Json& value);
Result<double> text_number(std::string_view text);

/// RFC 3339: "2026-01-02T03:04:05Z", with fractions, which are cut off, and offsets.
std::optional<double> unix_seconds(std::string_view text);

using LabelPaths = std::map<std::string, JsonPath>;

struct CustomMetric {
  std::string name;  ///< with the prefix
  std::string help;
  MetricType type = MetricType::kGauge;
  std::map<std::string, std::string> common_labels;
  LabelPaths labels_from_path;

  // of `each`
  JsonPath path;
  LabelPaths each_labels_from_path;
  std::string label_from_key;     ///< gauge, info
  JsonPath value_from;            ///< gauge, state set
  bool nil_is_zero = false;       ///< gauge
  std::string label_name;         ///< state set
  std::vector<std::string> list;  ///< state set
};

struct CustomResource {
  std::string group, version, kind;  ///< the latter two may be "*"
  std::string plural;                ///< where the definition doesn't say it
  std::vector<CustomMetric> metrics;

  bool matches(std::string_view a_group, std::string_view a_version, std::string_view a_kind) const {
    const auto fits = [](std::string_view wanted, std::string_view is) {
      return wanted == "*" || wanted == is;
    };
    return group == a_group && fits(version, a_version) && fits(kind, a_kind);
  }
  bool wildcard() const { return version == "*" || kind == "*"; }
  /// A guess for what has no definition: built-in kinds, or definitions that we may not list.
  std::string likely_plural() const;
};

/// A resource that can't be used is logged and left out; what is no YAML, or has no such shape, is an error.
Result<std::vector<CustomResource>> parse_custom_config(std::string_view yaml);

}  // namespace exporter::kube
