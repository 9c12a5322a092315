// SPDX-License-Identifier: Apache-2.0
// node_exporter: this machine's hardware and kernel, on port 9100.

#include <exporter/app.hpp>

#include "collectors.hpp"

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "node_exporter",
           .title = "Node Exporter",
           .description = "Exposes this machine's hardware and kernel metrics.",
           .listen = {":9100"},
           .collector_metrics = "node_scrape_collector",
           .start_error_status = 2});
  node::Host host(app.flags());
  app.on_start([&host] { return host.start(); });
  for (const auto& entry : node::collectors()) {
    const auto& spec = *entry.spec;
    app.add_switchable(std::string(entry.name), entry.on, spec.description, spec.metrics,
                       spec.make(host, app.flags()), spec.keep_partial);
  }
  app.flags()
      .integer("runtime.gomaxprocs", 1, "Accepted for the original's sake; there is no Go runtime here.")
      .env("GOMAXPROCS");
  return app.run(argc, argv);
}
