// SPDX-License-Identifier: Apache-2.0
// kube-state-metrics: the state of a cluster's objects on port 8080, of the exporter itself on port 8081.

#include <exporter/app.hpp>

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "kube-state-metrics",
           .title = "kube-state-metrics",
           .description = "Exposes the state of a Kubernetes cluster's objects.",
           .listen = {},
           .collector_metrics = "",
           .start_error_status = 1,
           .flag_style = Flags::Style::kPflag,
           .build_info = "kube_state_metrics"});
  app.on_start([&app]() -> Status {
    app.listen_on({":8080", ":8081"});
    return {};
  });
  return app.run(argc, argv);
}
