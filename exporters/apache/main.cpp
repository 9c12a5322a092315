// SPDX-License-Identifier: Apache-2.0
// apache_exporter: the page of Apache's mod_status, on port 9117.

#include <exporter/app.hpp>
#include <exporter/http_flags.hpp>

#include "server_status.hpp"
#include "status_collector.hpp"

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "apache_exporter",
           .title = "Apache Exporter",
           .description = "Exposes what Apache's mod_status says.",
           .listen = {":9117"},
           .collector_metrics = "",
           .flag_names = {{"web.telemetry-path", "telemetry.endpoint", "METRICS_ENDPOINT"}}});
  const apache::Settings settings(app.flags());
  app.add("server_status", apache::metrics(), nullptr);
  app.on_start([&]() -> Status {
    auto targets = settings.targets();
    if (!targets) return fail(targets);
    for (auto& target : *targets) {
      const std::string name = target.label.empty() ? "server_status" : target.label;
      app.add(name, apache::metrics(), std::make_unique<apache::StatusCollector>(std::move(target)), true);
    }
    return {};
  });
  app.probe("/probe", [&](Sink& sink, const Scrape& scrape) -> Status {
    auto target = settings.probed(scrape);
    if (!target) return fail(target);
    apache::StatusCollector collector(std::move(*target));
    return served_probe(scrape, collector.collect(sink, scrape));
  });
  return app.run(argc, argv);
}
