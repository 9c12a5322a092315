// SPDX-License-Identifier: Apache-2.0
// The --config file: a table of its keys, and what each means.

#include "config.hpp"

#include <algorithm>
#include <functional>

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include <exporter/yaml.hpp>

namespace exporter::kube {
namespace {

using Strings = std::vector<std::string>;

Status wrong(const YamlNode& node, std::string_view what) {
  return fail(Code::kInvalid, "line " + std::to_string(node.line()) + ": expected " + std::string(what));
}

Status take(const YamlNode& node, std::string& to) {
  if (!node.is_scalar()) return wrong(node, "a text");
  to = node.scalar();
  return {};
}

Status take(const YamlNode& node, bool& to) {
  const auto text = node.scalar();
  if (text == "true" || text == "True" || text == "TRUE") return to = true, Status{};
  if (text == "false" || text == "False" || text == "FALSE") return to = false, Status{};
  return wrong(node, "true or false");
}

Status take(const YamlNode& node, std::int64_t& to) {
  const auto number = parse<std::int64_t>(node.scalar());
  if (!number) return wrong(node, "a whole number");
  to = *number;
  return {};
}

Status take(const YamlNode& node, std::uint32_t& to) {
  const auto number = parse<std::uint32_t>(node.scalar());
  if (!number) return wrong(node, "a whole number that is not negative");
  to = *number;
  return {};
}

Status take(const YamlNode& node, std::chrono::nanoseconds& to) {
  const auto duration = parse_duration(node.scalar());
  if (!duration) return wrong(node, "a duration such as 60s");
  to = *duration;
  return {};
}

Status take(const YamlNode& node, Strings& to) {
  if (!node.is_list()) return wrong(node, "a list");
  to.clear();
  for (const auto& item : node.items()) {
    if (!item.is_scalar()) return wrong(item, "a text");
    if (auto text = item.scalar(); !text.empty()) to.push_back(std::move(text));
  }
  return {};
}

/// A set, written as a map whose values say nothing: {pods: {}, nodes: {}}.
struct Keys {
  Strings& to;
};
Status take(const YamlNode& node, Keys keys) {
  if (!node.is_map()) return wrong(node, "a map such as {name: {}}");
  keys.to.clear();
  for (const auto& [key, value] : node.entries()) keys.to.push_back(key.scalar());
  return {};
}

Status take(const YamlNode& node, std::vector<AllowList>& to) {
  if (!node.is_map()) return wrong(node, "a map such as {pods: [app]}");
  to.clear();
  for (const auto& [key, value] : node.entries()) {
    AllowList list{key.scalar(), {}};
    if (auto status = take(value, list.keys); !status) return status;
    to.push_back(std::move(list));
  }
  return {};
}

struct Setting {
  std::string_view key;
  std::function<Status(const YamlNode&)> take;
};

template <class T>
Setting setting(std::string_view key, T& to) {
  return {key, [&to](const YamlNode& node) { return kube::take(node, to); }};
}
Setting keys(std::string_view key, Strings& to) {
  return {key, [&to](const YamlNode& node) { return kube::take(node, Keys{to}); }};
}
Setting ignored(std::string_view key) {
  return {key, [](const YamlNode&) { return Status(); }};
}

std::vector<Setting> settings(Options& o) {
  return {
      setting("annotations_allow_list", o.annotations_allowlist),
      setting("labels_allow_list", o.labels_allowlist),
      keys("metric_allowlist", o.metric_allowlist),
      keys("metric_denylist", o.metric_denylist),
      keys("metric_opt_in_list", o.metric_opt_in_list),
      keys("resources", o.resources),
      setting("namespaces", o.namespaces),
      setting("namespaces_denylist", o.namespaces_denylist),
      setting("apiserver", o.apiserver),
      setting("kubeconfig", o.kubeconfig),
      setting("host", o.host),
      setting("port", o.port),
      setting("telemetry_host", o.telemetry_host),
      setting("telemetry_port", o.telemetry_port),
      setting("tls_config", o.tls_config),
      setting("node", o.node),
      setting("pod", o.pod),
      setting("namespace", o.pod_namespace),
      setting("shard", o.shard.ordinal),
      setting("total_shards", o.shard.total),
      setting("track_unscheduled_pods", o.track_unscheduled_pods),
      setting("use_api_server_cache", o.use_apiserver_cache),
      setting("object_limit", o.object_limit),
      setting("enable_gzip_encoding", o.gzip),
      setting("auth_filter", o.auth_filter),
      setting("custom_resource_config", o.custom_resource_config),
      setting("custom_resource_state_config_file", o.custom_resource_config_file),
      setting("custom_resource_config_file", o.custom_resource_config_file),
      setting("custom_resources_only", o.custom_resources_only),
      setting("continue_without_custom_resource_state_config_file",
              o.continue_without_custom_resource_config),
      setting("server_write_timeout", o.write_timeout),
      setting("server_idle_timeout", o.idle_timeout),
      setting("server_read_header_timeout", o.read_header_timeout),
      ignored("server_read_timeout"),
      ignored("continue_without_config"),
      ignored("auto-gomemlimit"),
      ignored("auto-gomemlimit-ratio"),
  };
}

}  // namespace

void append_list(std::string_view text, Strings& to) {
  while (!text.empty()) {
    const auto part = trim(take_until(text, ','));
    if (!part.empty()) to.emplace_back(part);
  }
}

Status apply_config(std::string_view yaml, Options& options) {
  auto document = Yaml::parse(yaml);
  if (!document) return fail(document);
  const auto root = document->root();
  if (root.is_null()) return {};
  if (!root.is_map()) return wrong(root, "a map of settings");
  const auto known = settings(options);
  Strings seen;
  for (const auto& [key, value] : root.entries()) {
    const auto name = key.scalar();
    if (std::ranges::find(seen, name) != seen.end()) {
      return fail(Code::kInvalid, "line " + std::to_string(key.line()) + ": \"" + name + "\" is there twice");
    }
    seen.push_back(name);
    const auto it = std::ranges::find(known, name, &Setting::key);
    if (it == known.end()) {
      log::warn("A setting of the config file is not known, and left alone",
                {{"setting", name}, {"line", std::to_string(key.line())}});
      continue;
    }
    if (value.is_null()) continue;
    if (auto status = it->take(value); !status) {
      return fail(status.error().code, name + ": " + status.error().message);
    }
  }
  return {};
}

}  // namespace exporter::kube
