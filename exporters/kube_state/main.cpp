// SPDX-License-Identifier: Apache-2.0
// kube-state-metrics: the state of a cluster's objects on port 8080, of the exporter itself on port 8081.

#include <exporter/app.hpp>

#include "families.hpp"
#include "options.hpp"
#include "service.hpp"

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "kube-state-metrics",
           .title = "kube-state-metrics",
           .description = "Exposes the state of a Kubernetes cluster's objects.",
           .listen = {},
           .collector_metrics = "",
           .start_error_status = 1,
           .flag_style = Flags::Style::kPflag,
           .writes_build_info = true,
           .query_example = "resources=pods,nodes"});
  int status = 0;
  const auto arguments = kube::take_command(argc, argv, status);
  if (!arguments) return status;
  const kube::FamilyList families(app);
  const kube::Service service(app, argv);
  return app.run(static_cast<int>(arguments->size()), arguments->data());
}
