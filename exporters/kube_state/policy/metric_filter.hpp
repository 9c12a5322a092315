// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which metric families are exposed: --metric-allowlist, --metric-denylist and --metric-opt-in-list. It is
// asked once for each family at start, never during a scrape.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::kube {

class MetricFilter {
 public:
  /// Regular expressions that may match anywhere in a name. An allow-list and a deny-list exclude each other.
  /// In these two, look-ahead at the start of an expression is understood ("^(?!kube_pod_)", "(?=.*_info$)");
  /// elsewhere, and backwards, it is an error.
  static Result<MetricFilter> make(const std::vector<std::string>& allow,
                                   const std::vector<std::string>& deny,
                                   const std::vector<std::string>& opt_in);
  MetricFilter();  ///< all but opt-in families
  ~MetricFilter();
  MetricFilter(MetricFilter&&) noexcept;
  MetricFilter& operator=(MetricFilter&&) noexcept;

  bool passes(std::string_view family, bool opt_in = false) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace exporter::kube
