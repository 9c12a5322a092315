// SPDX-License-Identifier: Apache-2.0
// nginx-vts-exporter: the page of nginx's VTS module, on ports 9113 and 9913.

#include <optional>

#include <exporter/app.hpp>
#include <exporter/http_flags.hpp>

#include "module_names.hpp"
#include "vts_collector.hpp"

namespace exporter::nginx_vts {
namespace {

class Settings {
 public:
  explicit Settings(Flags& flags)
      : uri_(flags
                 .text("nginx.scrape_uri", "http://localhost/status",
                       "Address of the VTS page in its JSON format: http(s)://... or unix:<socket>:<path>.")
                 .env("NGINX_STATUS")),
        timeout_(flags.integer("nginx.scrape_timeout", 2, "Longest time for an answer, in seconds.")),
        insecure_(flags.toggle("insecure", true, "Take any TLS certificate.")),
        prefix_(flags.text("metrics.namespace", "nginx", "What the names of metrics begin with.")
                    .env("METRICS_NS")),
        names_(flags
                   .text("metrics.names", "both",
                         "Whose names the metrics have: those of nginx-vts-exporter (nginx_server_requests), "
                         "those of the module's own page (nginx_vts_server_requests_total), or both.")
                   .choices({"both", "exporter", "module"})),
        process_metrics_(flags.toggle("go.metrics", false,
                                      "Expose metrics about this process (there is no Go runtime here).")),
        http_(flags, {.prefix = "nginx.", .separator = '_'}) {}

  Result<Target> target() const {
    auto address = parse_http_address(*uri_);
    if (!address) return fail(Code::kInvalid, "-nginx.scrape_uri: " + address.error().message);
    return target_at(std::move(*address));
  }
  Result<Target> probed(const Scrape& scrape) const {
    auto address = probe_address(scrape);
    if (!address) return fail(address);
    auto target = target_at(std::move(*address));
    if (target) http_.restrict_probe(target->http);
    return target;
  }
  NameSets names() const { return {.exporter = *names_ != "module", .module = *names_ != "exporter"}; }
  std::string_view prefix() const { return *prefix_; }
  bool process_metrics() const { return *process_metrics_; }

 private:
  Result<Target> target_at(HttpAddress address) const {
    Target target{.address = std::move(address),
                  .http = {.insecure = *insecure_, .follow_redirects = true},
                  .timeout = std::chrono::seconds(*timeout_ > 0 ? *timeout_ : 3600)};
    target.http.unix_socket = target.address.unix_socket;
    if (auto status = http_.apply(target.http); !status) return fail(status);
    return target;
  }

  const Flag<std::string>& uri_;
  const Flag<long>& timeout_;
  const Flag<bool>& insecure_;
  const Flag<std::string>& prefix_;
  const Flag<std::string>& names_;
  const Flag<bool>& process_metrics_;
  HttpFlags http_;
};

}  // namespace
}  // namespace exporter::nginx_vts

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "nginx-vts-exporter",
           .title = "NGINX VTS Exporter",
           .description = "Exposes what nginx's VTS module counts.",
           .listen = {":9113", ":9913"},
           .collector_metrics = "",
           .flag_style = Flags::Style::kGo,
           .flag_names = {{"web.listen-address", "telemetry.address", "METRICS_ADDR"},
                          {"web.telemetry-path", "telemetry.endpoint", "METRICS_ENDPOINT"}},
           .build_info = "nginx_vts_exporter"});
  const nginx_vts::Settings settings(app.flags());
  std::optional<nginx_vts::Names> names;
  app.add("exporter", nginx_vts::exporter_metrics(), nullptr);
  app.add("module", nginx_vts::module_metrics(), nullptr);
  app.on_start([&]() -> Status {
    auto target = settings.target();
    if (!target) return fail(target);
    names.emplace(settings.prefix());
    if (!settings.process_metrics()) app.without_process_metrics();
    app.add("vts", {},
            std::make_unique<nginx_vts::VtsCollector>(std::move(*target), *names, settings.names()), true);
    return {};
  });
  app.probe("/probe",
            [&](Sink& sink, const Scrape& scrape) -> Status {
              auto target = settings.probed(scrape);
              if (!target) return fail(target);
              nginx_vts::VtsCollector collector(std::move(*target), *names, settings.names());
              return served_probe(scrape, collector.collect(sink, scrape));
            },
            {{"target", "http://host/status/format/json", true}});
  return app.run(argc, argv);
}
