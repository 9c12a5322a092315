// SPDX-License-Identifier: Apache-2.0
// Puts prefix and role to samples.

#include "output.hpp"

#include <algorithm>
#include <array>

#include <exporter/text.hpp>

namespace exporter::redis {
namespace {

constexpr std::size_t kMostLabels = 24;

bool is_utf8(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<signed char>(c) >= 0; }))
    return true;
  std::string scratch;
  return valid_utf8(text, scratch).data() == text.data();
}

}  // namespace

std::string_view Output::renamed(std::string_view name) {
  if (!renamed_) return name;
  constexpr std::string_view kPrefix = "redis";
  name.remove_prefix(kPrefix.size());
  if (options_.prefix.empty()) return name.substr(1);
  name_ = options_.prefix;
  name_ += name;
  return name_;
}

void Output::sample(std::string_view name, std::string_view help, MetricType type,
                    std::span<const Label> labels, Value value, std::string_view suffix) {
  for (const auto& label : labels) {
    if (!is_utf8(label.value)) return;
  }
  if (!options_.role_label) return sink_.sample(renamed(name), help, type, labels, value, suffix);
  std::array<Label, kMostLabels> more;
  const auto count = std::min(labels.size(), kMostLabels - 1);
  std::copy_n(labels.begin(), count, more.begin());
  more[count] = {"instance_role", role_};
  sink_.sample(renamed(name), help, type, std::span(more).first(count + 1), value, suffix);
}

void Output::plain(const Metric<0>& metric, Value value, std::string_view suffix) {
  sink_.sample(renamed(metric.name), metric.help, metric.type, {}, value, suffix);
}

}  // namespace exporter::redis
