// SPDX-License-Identifier: Apache-2.0
// The families of all resources, with their labels.

#include "families.hpp"

#include "resource.hpp"

namespace exporter::kube {

FamilyList::FamilyList(App& app) {
  for (const auto* resource : resources()) {
    auto& all = resources_.emplace_back();
    all.labels.reserve(resource->families.size());
    for (const auto& family : resource->families) {
      auto& labels = all.labels.emplace_back(resource->common_labels.begin(), resource->common_labels.end());
      for (const auto label : family.labels) {
        if (!label.empty()) labels.push_back(label);
      }
      MetricInfo info;
      info.name = family.name;
      info.help = family.help;
      info.type = family.type;
      info.labels = labels;
      all.families.push_back(info);
    }
    app.describe(resource->name, resource->on_by_default, all.families);
  }
}

}  // namespace exporter::kube
