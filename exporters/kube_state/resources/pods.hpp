// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the files that read pods have of each other.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "resources/common.hpp"

namespace exporter::kube::pods {

struct ContainerFamilies;
extern const ContainerFamilies kContainers;
extern const ContainerFamilies kInitContainers;

/// What of a container's specification is exposed with its status.
struct Container {
  std::string_view name, image, restart_policy;
};

/// How a container ended.
struct Ending {
  std::string_view reason = "";
  std::optional<std::int64_t> finished;
};

/// Where a pod runs: from its specification, and from its status.
struct Placement {
  std::string_view node, priority_class;
  bool host_network = false;
  std::string_view host_ip, pod_ip;
};

/// What is needed later than it is met; the buffers are kept from pod to pod.
struct Scratch {
  Placement placement;
  std::vector<Container> containers, init_containers;
  std::vector<std::string_view> tolerations;

  void clear() {
    placement = {};
    containers.clear();
    init_containers.clear();
    tolerations.clear();
  }
};

Container read_container(FieldReader& in, Emit& emit, const ContainerFamilies& families,
                         const WireField& message, std::string_view node);
/// Statuses are joined with the specification, `containers`, by name.
Ending read_container_status(FieldReader& in, Emit& emit, const ContainerFamilies& families,
                             const std::vector<Container>& containers, const WireField& message);

void read_spec(FieldReader& in, Emit& emit, const WireField& spec, const WireField& status,
               std::string_view pod, Scratch& scratch);
/// After read_spec().
void read_status(FieldReader& in, Emit& emit, const WireField& status, Scratch& scratch);

}  // namespace exporter::kube::pods
