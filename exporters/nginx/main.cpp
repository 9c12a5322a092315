// SPDX-License-Identifier: Apache-2.0
// nginx-prometheus-exporter: nginx's stub_status page, or the API of NGINX Plus, on port 9113.

#include <cstdio>
#include <string>
#include <vector>

#include <exporter/app.hpp>

#include "plus_collector.hpp"
#include "stub_collector.hpp"

namespace {

std::unique_ptr<exporter::Collector> make_collector(const exporter::nginx::Settings& settings,
                                                    exporter::nginx::Target target) {
  using namespace exporter::nginx;
  if (settings.plus()) return std::make_unique<PlusCollector>(std::move(target));
  return std::make_unique<StubCollector>(std::move(target));
}

/// Long flags with one dash, which the original still takes, as they are written with two.
std::vector<std::string> with_two_dashes(int argc, char** argv) {
  std::vector<std::string> arguments(argv, argv + argc);
  for (auto& argument : arguments) {
    if (argument.size() < 3 || argument[0] != '-' || argument[1] == '-' || &argument == &arguments.front())
      continue;
    argument.insert(0, "-");
    std::printf("%s: long flags begin with two dashes; the form with one is taken for now\n",
                argument.c_str());
  }
  return arguments;
}

}  // namespace

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
  app.add("plus", nginx::plus_metrics(), nullptr);
  app.on_start([&]() -> Status {
    auto targets = settings.targets();
    if (!targets) return fail(targets);
    const bool several = targets->size() > 1;
    for (auto& target : *targets) {
      const std::string name = several ? target.labels.back().value : "nginx";
      const auto metrics = settings.plus() ? nginx::plus_metrics() : nginx::stub_status_metrics();
      app.add(name, metrics, make_collector(settings, std::move(target)), true);
    }
    return {};
  });
  app.probe("/probe",
            [&](Sink& sink, const Scrape& scrape) -> Status {
              auto target = settings.probed(scrape);
              if (!target) return fail(target);
              const auto collector = make_collector(settings, std::move(*target));
              return served_probe(scrape, collector->collect(sink, scrape));
            },
            {{"target", "http://host:8080/stub_status", true}});
  const auto arguments = with_two_dashes(argc, argv);
  std::vector<const char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(argument.c_str());
  return app.run(argc, pointers.data());
}
