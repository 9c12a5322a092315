// SPDX-License-Identifier: Apache-2.0
// Reads the custom resource config. Keys that it doesn't know are left alone, as the original does.

#include "custom/config.hpp"

#include <exporter/log.hpp>
#include <exporter/text.hpp>
#include <exporter/yaml.hpp>

namespace exporter::kube {
namespace {

std::unexpected<Error> wrong(const YamlNode& node, std::string_view what) {
  return fail(Code::kInvalid, "line " + std::to_string(node.line()) + ": expected " + std::string(what));
}

Result<std::string> text_of(const YamlNode& node) {
  if (node.is_null()) return std::string();
  if (!node.is_scalar()) return wrong(node, "a text");
  return node.scalar();
}

Result<std::vector<std::string>> texts_of(const YamlNode& node) {
  std::vector<std::string> texts;
  if (node.is_null()) return texts;
  if (!node.is_list()) return wrong(node, "a list of texts");
  for (const auto& item : node.items()) {
    if (!item.is_scalar()) return wrong(item, "a text");
    texts.push_back(item.scalar());
  }
  return texts;
}

Result<JsonPath> path_of(const YamlNode& node) {
  auto steps = texts_of(node);
  if (!steps) return fail(steps);
  auto path = JsonPath::make(*steps);
  if (!path) return fail(Code::kInvalid, "line " + std::to_string(node.line()) + ": " + path.error().message);
  return path;
}

Status add_common_labels(const YamlNode& node, std::map<std::string, std::string>& labels) {
  if (node.is_null()) return {};
  if (!node.is_map()) return wrong(node, "a map of labels");
  for (const auto& [key, value] : node.entries()) {
    if (!value.is_scalar()) return wrong(value, "a text");
    labels[key.scalar()] = value.scalar();
  }
  return {};
}

Status add_label_paths(const YamlNode& node, LabelPaths& paths) {
  if (node.is_null()) return {};
  if (!node.is_map()) return wrong(node, "a map of labels and paths");
  for (const auto& [key, value] : node.entries()) {
    auto path = path_of(value);
    if (!path) return fail(path);
    paths[key.scalar()] = std::move(*path);
  }
  return {};
}

/// Reads the members of `each` that all types have, or some.
Status read_each(const YamlNode& node, CustomMetric& metric) {
  if (!node.is_map()) return wrong(node, "a map with the settings of the metric's type");
  for (const auto& [to, key] :
       {std::pair(&metric.path, "path"), std::pair(&metric.value_from, "valueFrom")}) {
    auto path = path_of(node[key]);
    if (!path) return fail(path);
    *to = std::move(*path);
  }
  for (const auto& [to, key] :
       {std::pair(&metric.label_from_key, "labelFromKey"), std::pair(&metric.label_name, "labelName")}) {
    auto text = text_of(node[key]);
    if (!text) return fail(text);
    *to = std::move(*text);
  }
  auto list = texts_of(node["list"]);
  if (!list) return fail(list);
  metric.list = std::move(*list);
  const auto nil_is_zero = node["nilIsZero"].scalar();
  metric.nil_is_zero = nil_is_zero == "true" || nil_is_zero == "True" || nil_is_zero == "TRUE";
  return add_label_paths(node["labelsFromPath"], metric.each_labels_from_path);
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

Result<CustomMetric> metric_of(const YamlNode& node, CustomMetric metric, const std::string& prefix) {
  const auto name = text_of(node["name"]);
  if (!name) return fail(name);
  metric.name = prefix.empty() ? *name : prefix + '_' + *name;
  if (name->empty() || sanitize_name(metric.name) != metric.name) {
    return wrong(node, "a name of letters, digits and \"_\" under \"name\"");
  }
  auto help = text_of(node["help"]);
  if (!help) return fail(help);
  metric.help = std::move(*help);
  if (auto status = add_common_labels(node["commonLabels"], metric.common_labels); !status)
    return fail(status);
  if (auto status = add_label_paths(node["labelsFromPath"], metric.labels_from_path); !status)
    return fail(status);
  const auto each = node["each"];
  const auto type = lower(each["type"].scalar());
  const auto settings = [&](MetricType is, const char* key) {
    metric.type = is;
    if (each[key].is_null())
      return Status(wrong(each, "\"" + std::string(key) + "\" with the metric's settings"));
    return read_each(each[key], metric);
  };
  Status status;
  if (type == "gauge") {
    status = settings(MetricType::kGauge, "gauge");
  } else if (type == "info") {
    status = settings(MetricType::kInfo, "info");
  } else if (type == "stateset") {
    status = settings(MetricType::kStateset, "stateSet");
    if (status && metric.label_name.empty()) status = wrong(each, "a \"labelName\" for the state set");
  } else {
    status = wrong(each.is_null() ? node : each, "\"type\" under \"each\" to be Gauge, Info or StateSet");
  }
  if (!status) return fail(status);
  return metric;
}

Result<CustomResource> resource_of(const YamlNode& node) {
  if (!node.is_map()) return wrong(node, "a map with \"groupVersionKind\" and \"metrics\"");
  CustomResource resource;
  const auto gvk = node["groupVersionKind"];
  for (const auto& [to, key] : {std::pair(&resource.group, "group"), std::pair(&resource.version, "version"),
                                std::pair(&resource.kind, "kind")}) {
    auto text = text_of(gvk[key]);
    if (!text) return fail(text);
    *to = std::move(*text);
  }
  if (resource.group.empty())
    return wrong(gvk.is_null() ? node : gvk, "a \"group\" under \"groupVersionKind\"");
  if (resource.version.empty()) resource.version = "*";
  if (resource.kind.empty()) resource.kind = "*";
  auto plural = text_of(node["resourcePlural"]);
  if (!plural) return fail(plural);
  resource.plural = std::move(*plural);

  const auto given_prefix = node["metricNamePrefix"];
  const auto prefix = given_prefix.is_null() ? std::string("kube_customresource") : given_prefix.scalar();
  CustomMetric common;
  if (auto status = add_common_labels(node["commonLabels"], common.common_labels); !status)
    return fail(status);
  if (auto status = add_label_paths(node["labelsFromPath"], common.labels_from_path); !status)
    return fail(status);
  for (const auto& item : node["metrics"].items()) {
    auto metric = metric_of(item, common, prefix);
    if (!metric) return fail(metric);
    resource.metrics.push_back(std::move(*metric));
  }
  return resource;
}

std::optional<bool> truth(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

}  // namespace

std::string CustomResource::likely_plural() const {
  if (!plural.empty()) return plural;
  auto name = lower(kind);
  const auto ends = [&](std::string_view tail) { return name.ends_with(tail); };
  if (name.size() > 1 && ends("y") &&
      std::string_view("aeiou").find(name[name.size() - 2]) == std::string_view::npos) {
    return name.substr(0, name.size() - 1) + "ies";
  }
  return name + (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh") ? "es" : "s");
}

Result<JsonPath> JsonPath::make(const std::vector<std::string>& steps) {
  JsonPath path;
  for (const auto& text : steps) {
    Step step;
    step.text = text;
    std::string_view pair = text;
    step.search = pair.starts_with('[') && pair.ends_with(']') && pair.size() > 1;
    if (step.search) pair = pair.substr(1, pair.size() - 2);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) {
      step.key = pair.substr(0, equals);
      step.value = pair.substr(equals + 1);
      step.pair = !step.search && step.value.find('=') == std::string::npos;
    } else if (step.search) {
      return fail(Code::kInvalid, "\"" + text + "\" is no list look-up: write it as [key=value]");
    }
    path.steps_.push_back(std::move(step));
  }
  return path;
}

const Json* JsonPath::search(const Json& list, const Step& step) {
  if (list.kind() != Json::Kind::kList) return nullptr;
  const auto number = text_number(step.value);
  const auto boolean = truth(step.value);
  for (const auto& element : list.items()) {
    const auto* candidate = element.find(step.key);
    if (candidate == nullptr) continue;
    if (candidate->kind() == Json::Kind::kString && candidate->text() == step.value) return &element;
    if (number) {
      const auto is = json_number(*candidate);
      if (is && *is == *number) return &element;
    }
    if (boolean && candidate->kind() == Json::Kind::kBool && candidate->boolean() == *boolean)
      return &element;
  }
  return nullptr;
}

const Json* JsonPath::take(const Json& from, const Step& step) {
  if (step.search) return search(from, step);
  if (from.kind() == Json::Kind::kMap) {
    if (step.pair) {
      const auto* value = from.find(step.key);
      if (value != nullptr && value->kind() == Json::Kind::kString && value->text() == step.value)
        return value;
    }
    return from.find(step.text);
  }
  if (from.kind() != Json::Kind::kList) return nullptr;
  auto index = parse<std::int64_t>(step.text);
  if (!index) return nullptr;
  const auto size = static_cast<std::int64_t>(from.items().size());
  if (*index < 0) *index += size;
  if (*index < 0 || *index >= size) return nullptr;
  return &from.items()[static_cast<std::size_t>(*index)];
}

const Json* JsonPath::find(const Json& object) const {
  const Json* at = &object;
  for (const auto& step : steps_) {
    at = take(*at, step);
    if (at == nullptr || at->kind() == Json::Kind::kNull) return nullptr;
  }
  return at->kind() == Json::Kind::kNull ? nullptr : at;
}

Result<std::vector<CustomResource>> parse_custom_config(std::string_view yaml) {
  auto document = Yaml::parse(yaml);
  if (!document) return fail(document);
  const auto root = document->root();
  std::vector<CustomResource> resources;
  if (root.is_null()) return resources;
  if (!root.is_map()) return wrong(root, "a map with \"spec\"");
  const auto list = root["spec"]["resources"];
  if (list.is_null()) return resources;
  if (!list.is_list()) return wrong(list, "a list of resources");
  for (const auto& item : list.items()) {
    auto resource = resource_of(item);
    if (resource) {
      resources.push_back(std::move(*resource));
    } else {
      log::error("A custom resource is left out", {{"err", resource.error().message}});
    }
  }
  return resources;
}

}  // namespace exporter::kube
