// SPDX-License-Identifier: Apache-2.0
#pragma once

// The least rights that the exporter needs, as a manifest for kubectl: --print-rbac.

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "resource.hpp"

namespace exporter::kube {

struct RbacRequest {
  std::span<const Resource* const> resources{};
  bool auth_filter = false;       ///< --auth-filter: reviews of tokens and of what their owners may do
  bool custom_resources = false;  ///< also list and watch custom resource definitions
  /// Group and plural of custom resources; the latter may be "*".
  std::span<const std::pair<std::string, std::string>> custom{};
  std::string_view shard_namespace{};  ///< automatic sharding: reads its pod and StatefulSet there
  std::string_view name = "kube-state-metrics";
  std::string_view service_account_namespace = "kube-system";
};

/// ClusterRole and binding, and where automatic sharding is on Role and binding too, as YAML.
std::string rbac_manifest(const RbacRequest& request);

}  // namespace exporter::kube
