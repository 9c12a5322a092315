// SPDX-License-Identifier: Apache-2.0
// nginx-prometheus-exporter: nginx's stub_status page, on port 9113.

#include <exporter/app.hpp>

#include "stub_collector.hpp"

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "nginx-prometheus-exporter",
           .title = "NGINX Prometheus Exporter",
           .description = "Exposes the metrics of nginx and NGINX Plus.",
           .listen = {":9113"},
           .collector_metrics = "",
           .flag_names = {{"web.listen-address", "", "LISTEN_ADDRESS"},
                          {"web.telemetry-path", "", "TELEMETRY_PATH"},
                          {"web.config.file", "", "CONFIG_FILE"},
                          {"web.systemd-socket", "", "SYSTEMD_SOCKET"}},
           .build_info = "nginx_exporter"});
  const nginx::Settings settings(app.flags());
  app.add("stub_status", nginx::stub_status_metrics(), nullptr);
  app.on_start([&]() -> Status {
    if (settings.plus())
      return fail(Code::kInvalid, "--nginx.plus: the API of NGINX Plus is not supported yet");
    auto targets = settings.targets();
    if (!targets) return fail(targets);
    for (auto& target : *targets) {
      const std::string name = targets->size() > 1 ? target.labels.back().value : "stub_status";
      app.add(name, nginx::stub_status_metrics(), std::make_unique<nginx::StubCollector>(std::move(target)),
              true);
    }
    return {};
  });
  return app.run(argc, argv);
}
