// SPDX-License-Identifier: Apache-2.0
// What --list-metrics prints.

#include "detail/list_metrics.hpp"

namespace exporter::detail {

std::string list_metrics(const std::vector<MetricGroup>& groups) {
  std::string text = "collector\tstate\tname\ttype\tlabels\thelp\n";
  for (const auto& group : groups) {
    for (const auto& metric : group.metrics) {
      text += group.collector;
      text += group.on ? "\ton\t" : "\toff\t";
      text += metric.name;
      text += '\t';
      text += type_name(metric.type);
      text += '\t';
      for (std::size_t i = 0; i < metric.labels.size(); ++i) {
        if (i > 0) text += ',';
        text += metric.labels[i];
      }
      text += '\t';
      text += metric.help;
      text += '\n';
    }
  }
  return text;
}

}  // namespace exporter::detail
