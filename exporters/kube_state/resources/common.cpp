// SPDX-License-Identifier: Apache-2.0
#include "resources/common.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <exporter/text.hpp>

#include "policy/label_names.hpp"
#include "policy/quantity.hpp"

namespace exporter::kube {
namespace {

constexpr bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Whether it is a valid name of Kubernetes with a domain in front: "nvidia.com/gpu".
bool is_qualified(std::string_view domain, std::string_view name) {
  // A quota has "requests." in front of it, and this may have 253 characters.
  if (domain.empty() || domain.size() > 253 - std::string_view("requests.").size()) return false;
  char before = '.';
  for (const char c : domain) {
    const bool is_part = is_alphanumeric(c) && !(c >= 'A' && c <= 'Z');
    if (!is_part && (c != '-' || before == '.') && (c != '.' || before == '.' || before == '-')) return false;
    before = c;
  }
  if (before == '.' || before == '-') return false;
  if (name.empty() || name.size() > 63 || !is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) {
    return false;
  }
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

/// A resource of a device plug-in.
bool is_extended(std::string_view resource) {
  const auto slash = resource.find('/');
  if (slash == std::string_view::npos || resource.find("kubernetes.io/") != std::string_view::npos)
    return false;
  if (resource.starts_with("requests.")) return false;
  return is_qualified(resource.substr(0, slash), resource.substr(slash + 1));
}

}  // namespace

void resource_version(Emit& emit, std::size_t family, const ObjectMeta& meta) {
  if (const auto version = parse<double>(meta.resource_version)) emit(family, {}, *version);
}

void owners(FieldReader& in, Emit& emit, std::size_t family, const ObjectMeta& meta) {
  bool any = false;
  in.each<kObjectMetaSchema, "ownerReferences">(meta.message, [&](const WireField& owner) {
    const auto [kind, name, controller] = in.pick<kOwnerReferenceSchema, "kind", "name", "controller">(owner);
    emit(family, {kind.bytes, name.bytes, truth(controller.flag())}, 1);
    any = true;
  });
  if (!any) emit(family, {"", "", ""}, 1);
}

void labels(FieldReader& in, Emit& emit, std::size_t family, const ObjectMeta& meta) {
  if (emit.wants_labels(family)) {
    emit.labels(family, sorted_entries<kObjectMetaSchema, "labels">(in, meta.message));
  }
}

void annotations(FieldReader& in, Emit& emit, std::size_t family, const ObjectMeta& meta) {
  if (emit.wants_annotations(family)) {
    emit.annotations(family, sorted_entries<kObjectMetaSchema, "annotations">(in, meta.message));
  }
}

void all_entries(Emit& emit, std::size_t family, std::string_view prefix, std::span<const Label> entries) {
  thread_local LabelNames names;
  thread_local std::vector<Text> values;
  values.clear();
  for (const auto& entry : entries) values.emplace_back(entry.value);
  emit.sample(family, names.make(prefix, entries), values, 1);
}

double in_thousandths(const WireField& quantity) {
  const auto parsed = Quantity::parse(quantity_text(quantity));
  return parsed ? parsed->thousandths() : 0;
}

std::int64_t in_whole(const WireField& quantity) {
  const auto parsed = Quantity::parse(quantity_text(quantity));
  return parsed ? parsed->whole() : 0;
}

double as_written(const WireField& quantity) {
  const auto parsed = Quantity::parse(quantity_text(quantity));
  return parsed ? parsed->approximate() : 0;
}

std::string_view unit_of(std::string_view resource) {
  if (resource == "cpu") return "core";
  if (resource == "memory" || resource == "storage" || resource == "ephemeral-storage" ||
      resource.starts_with("hugepages-") || resource.starts_with("attachable-volumes-")) {
    return "byte";
  }
  return is_extended(resource) ? "integer" : "";
}

std::string_view sanitized(std::string_view name) {
  if (std::all_of(name.begin(), name.end(), is_alphanumeric)) return name;
  thread_local std::string buffer;
  buffer.clear();
  append_sanitized(buffer, name);
  return buffer;
}

namespace detail {

std::vector<Label>& entry_buffer() {
  thread_local std::vector<Label> entries;
  return entries;
}

void sort_entries(std::vector<Label>& entries) {
  const auto by_name = [](const Label& a, const Label& b) { return a.name < b.name; };
  if (!std::is_sorted(entries.begin(), entries.end(), by_name)) {
    std::sort(entries.begin(), entries.end(), by_name);
  }
}

}  // namespace detail
}  // namespace exporter::kube
