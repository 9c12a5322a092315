// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes names of Prometheus labels from the keys of Kubernetes labels and annotations:
// "app.kubernetes.io/name" becomes "label_app_kubernetes_io_name", "podIP" becomes "label_pod_ip". Keys that
// would get the same name get numbers: "a-b" and "a.b" become "label_a_b_conflict1" and
// "label_a_b_conflict2".

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <exporter/metric.hpp>

namespace exporter::kube {

/// Appends a key with everything but letters, digits and "_" replaced by "_".
void append_sanitized(std::string& name, std::string_view key);

class LabelNames {
 public:
  /// A name for each entry, which begins with the prefix and "_". Entries are sorted by their keys, since
  /// the order decides who gets which number. Good until the next call.
  std::span<const std::string_view> make(std::string_view prefix, std::span<const Label> entries);

 private:
  struct Taken {
    std::size_t owner;       // the first entry that had the name
    unsigned conflicts = 0;  // the last number given out
  };

  void take(std::string name, std::size_t entry);
  void take_numbered(const std::string& name, Taken& taken, std::size_t entry);

  std::vector<std::string> names_;
  std::vector<std::string_view> views_;
  std::unordered_map<std::string, Taken> taken_;
};

}  // namespace exporter::kube
