// SPDX-License-Identifier: Apache-2.0
// All families beside INFO's, for --list-metrics.

#include "sections.hpp"

namespace exporter::redis {

std::span<const MetricInfo> section_metrics() {
  static const auto all = [] {
    std::vector<MetricInfo> list;
    for (const auto part : {info_section_metrics(), config_metrics(), latency_metrics(), slowlog_metrics(),
                            client_list_metrics(), sentinel_metrics(), key_metrics(), stream_metrics(),
                            key_group_metrics(), extension_metrics()}) {
      list.insert(list.end(), part.begin(), part.end());
    }
    return list;
  }();
  return all;
}

}  // namespace exporter::redis
