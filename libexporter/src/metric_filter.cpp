// SPDX-License-Identifier: Apache-2.0
// Filters of families by name.

#include <exporter/metric_filter.hpp>

#include <algorithm>

namespace exporter {
namespace {

/// One pattern for all: "(?:a)|(?:b)".
std::string alternatives(const std::vector<std::string>& patterns) {
  std::string result;
  for (const auto& pattern : patterns) {
    if (pattern.empty()) continue;
    if (!result.empty()) result += '|';
    result += "(?:" + pattern + ")";
  }
  return result;
}

Result<Matcher> compile(std::string_view flag, const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) {  // each for itself, so that an error names the one
    if (auto matcher = Matcher::make_anchored(flag, pattern); !matcher) return matcher;
  }
  const auto all = alternatives(patterns);
  return all.empty() ? Matcher() : Matcher::make_anchored(flag, all);
}

}  // namespace

NameSelection::NameSelection(const std::vector<std::string_view>& names) {
  for (const auto name : names) {
    names_.emplace_back(name);
    for (const std::string_view part : {"_bucket", "_sum", "_count"}) {
      if (name.ends_with(part)) names_.emplace_back(name.substr(0, name.size() - part.size()));
    }
  }
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool NameSelection::has(std::string_view family) const {
  return all() || std::binary_search(names_.begin(), names_.end(), family);
}

bool NameSelection::has_like(std::string_view pattern) const {
  const auto star = pattern.find('*');
  if (all() || star == std::string_view::npos) return has(pattern);
  const auto head = pattern.substr(0, star);
  return std::any_of(names_.begin(), names_.end(), [&](const auto& name) { return name.starts_with(head); });
}

Result<std::shared_ptr<const MetricFilter>> MetricFilter::make(const std::vector<std::string>& include,
                                                               const std::vector<std::string>& exclude) {
  auto included = compile("--metrics.include", include);
  if (!included) return fail(included);
  auto excluded = compile("--metrics.exclude", exclude);
  if (!excluded) return fail(excluded);
  auto filter = std::make_shared<MetricFilter>();
  filter->names_ = NameFilter(std::move(*included), std::move(*excluded));
  return filter;
}

bool MetricFilter::passes(std::string_view family) const {
  if (empty()) return true;
  const std::lock_guard lock(mutex_);
  return names_.passes(family);
}

bool anything_wanted(std::span<const MetricInfo> families, const MetricFilter* filter,
                     const NameSelection& names) {
  if (families.empty()) return true;
  return std::any_of(families.begin(), families.end(), [&](const MetricInfo& family) {
    const bool pattern = family.name.find('*') != std::string_view::npos;
    return names.has_like(family.name) && (pattern || !filter || filter->passes(family.name));
  });
}

}  // namespace exporter
