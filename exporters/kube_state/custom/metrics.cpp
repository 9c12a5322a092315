// SPDX-License-Identifier: Apache-2.0
// Gauges, infos and state sets from an object's tree.

#include "custom/metrics.hpp"

#include <map>
#include <set>

#include "policy/label_names.hpp"

namespace exporter::kube {
namespace {

using Labels = std::map<std::string, std::string>;

std::string label_name(std::string_view key) {
  std::string name;
  append_sanitized(name, key);
  if (name.empty() || (name.front() >= '0' && name.front() <= '9')) name.insert(0, "_");
  return name;
}

std::string printed(const Json& value) {
  std::string text;
  value.print(text);
  return text;
}

bool is_star(std::string_view key) { return key.starts_with('*') || key.ends_with('*'); }

/// "*" and "prefix*" copy a map, and come first, so that the others override them.
void add_labels(const Json& object, const LabelPaths& paths, Labels& labels) {
  for (const auto& [key, path] : paths) {
    if (!is_star(key)) continue;
    const auto* found = path.find(object);
    if (found == nullptr || found->kind() != Json::Kind::kMap) continue;
    const auto prefix = key.ends_with('*') ? key.substr(0, key.size() - 1) : std::string();
    for (const auto& [name, value] : found->members()) labels[label_name(prefix + name)] = printed(value);
  }
  for (const auto& [key, path] : paths) {
    if (is_star(key)) continue;
    if (const auto* found = path.find(object)) labels[label_name(key)] = printed(*found);
  }
}

class Reading {
 public:
  Reading(const CustomMetric& metric, const Json& object, const CustomSample& sample,
          const CustomProblem& problem)
      : metric_(metric), sample_(sample), problem_(problem) {
    for (const auto& [name, value] : metric.common_labels) base_[name] = value;
    add_labels(object, metric.labels_from_path, base_);
  }

  void gauge(const Json* value) {
    if (value != nullptr && value->kind() == Json::Kind::kMap) {
      for (const auto& [key, element] : value->members()) gauge_of_member(*value, key, element);
    } else if (value != nullptr && value->kind() == Json::Kind::kList) {
      for (const auto& element : value->items()) gauge_of(element);
    } else {
      gauge_of(value == nullptr ? kNull : *value);
    }
  }

  void info(const Json* value) {
    if (value == nullptr) return;
    if (value->kind() == Json::Kind::kList) {
      for (const auto& element : value->items()) info_of(element);
      return;
    }
    if (value->kind() == Json::Kind::kMap) {
      for (const auto& [key, element] : value->members()) {
        Labels labels;
        if (!key.empty() && !metric_.label_from_key.empty()) labels[metric_.label_from_key] = key;
        add_labels(element, metric_.each_labels_from_path, labels);
        if (!labels.empty()) emit(std::move(labels), 1);
      }
    }
    info_of(*value);
  }

  void state_set(const Json* value) {
    if (value != nullptr && value->kind() == Json::Kind::kList) {
      for (const auto& element : value->items()) state_set_of(element);
    } else {
      state_set_of(value == nullptr ? kNull : *value);
    }
  }

 private:
  static inline const Json kNull{};

  const Json* resolve(const JsonPath& path, const Json& from) const {
    return from.kind() == Json::Kind::kNull ? nullptr : path.find(from);
  }

  /// Nothing where there is no value; problems are told.
  bool number_of(const Json& from, double& number) const {
    const auto* value = resolve(metric_.value_from, from);
    if (value == nullptr) {
      if (!metric_.nil_is_zero && from.kind() == Json::Kind::kNull)
        problem_(metric_.name + ": there is nothing at its path");
      number = 0;
      return metric_.nil_is_zero;
    }
    return number_at(*value, number);
  }
  bool number_at(const Json& value, double& number) const {
    if (value.kind() == Json::Kind::kNull && metric_.nil_is_zero) return number = 0, true;
    const auto parsed = json_number(value);
    if (!parsed) return problem_(metric_.name + ": " + parsed.error().message), false;
    number = *parsed;
    return true;
  }

  void gauge_of(const Json& element) {
    double number = 0;
    if (!number_of(element, number)) return;
    Labels labels;
    add_labels(element, metric_.each_labels_from_path, labels);
    emit(std::move(labels), number);
  }

  void gauge_of_member(const Json& map, const std::string& key, const Json& element) {
    double number = 0;
    // A path of one step may mean the map's own member, too.
    const bool itself = metric_.value_from.size() == 1 && metric_.value_from.first() == key;
    if (!(itself ? number_at(element, number) : number_of(element, number))) return;
    Labels labels;
    if (!key.empty() && !metric_.label_from_key.empty()) labels[metric_.label_from_key] = key;
    add_labels(element, metric_.each_labels_from_path, labels);
    add_labels(map, metric_.each_labels_from_path, labels);
    emit(std::move(labels), number);
  }

  void info_of(const Json& value) {
    if (value.kind() == Json::Kind::kNull) return;
    Labels labels;
    add_labels(value, metric_.each_labels_from_path, labels);
    if (!labels.empty()) emit(std::move(labels), 1);
  }

  void state_set_of(const Json& value) {
    const auto* state = resolve(metric_.value_from, value);
    if (state == nullptr || state->kind() != Json::Kind::kString) {
      if (metric_.path.first() != "status") problem_(metric_.name + ": expected a text at its path");
      return;
    }
    for (const auto& entry : metric_.list) {
      Labels labels;
      labels[metric_.label_name] = entry;
      add_labels(value, metric_.each_labels_from_path, labels);
      emit(std::move(labels), state->text() == entry ? 1 : 0);
    }
  }

  void emit(Labels labels, double value) {
    labels.insert(base_.begin(), base_.end());
    const auto [it, fresh] = emitted_.emplace(labels.begin(), labels.end());
    if (fresh) sample_(*it, value);
  }

  const CustomMetric& metric_;
  const CustomSample& sample_;
  const CustomProblem& problem_;
  Labels base_;
  std::set<std::vector<std::pair<std::string, std::string>>> emitted_;
};

}  // namespace

void read_custom_metric(const CustomMetric& metric, const Json& object, const CustomSample& sample,
                        const CustomProblem& problem) {
  Reading reading(metric, object, sample, problem);
  const auto* value = metric.path.find(object);
  switch (metric.type) {
    case MetricType::kInfo:
      return reading.info(value);
    case MetricType::kStateset:
      return reading.state_set(value);
    default:
      return reading.gauge(value);
  }
}

}  // namespace exporter::kube
