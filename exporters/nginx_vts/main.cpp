// SPDX-License-Identifier: Apache-2.0
// nginx-vts-exporter: the page of nginx's VTS module, on ports 9113 and 9913.

#include <exporter/app.hpp>
#include <exporter/http_client.hpp>

#include "vts_status.hpp"

namespace exporter::nginx_vts {
namespace {

class VtsCollector final : public Collector {
 public:
  explicit VtsCollector(Flags& flags)
      : uri_(flags
                 .text("nginx.scrape_uri", "http://localhost/status",
                       "Address of the VTS page in its JSON format.")
                 .env("NGINX_STATUS")),
        timeout_(flags.integer("nginx.scrape_timeout", 2, "Longest time for an answer, in seconds.")),
        insecure_(flags.toggle("insecure", true, "Take any TLS certificate.")),
        prefix_(flags.text("metrics.namespace", "nginx", "What the names of metrics begin with.")
                    .env("METRICS_NS")) {
    flags.toggle("go.metrics", false, "Accepted for the original's sake; there is no Go runtime here.");
  }

  Status start() override {
    names_ = std::make_unique<Names>(*prefix_);
    client_ = std::make_unique<HttpClient>(HttpOptions{.insecure = *insecure_, .follow_redirects = true});
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto status = ask(sink, scrape);
    if (!status) sink.clear();
    write_up(sink, *names_, status.has_value());
    return status;
  }

 private:
  Status ask(Sink& sink, const Scrape& scrape) {
    const auto limit = std::chrono::seconds(*timeout_ > 0 ? *timeout_ : 3600);
    const auto answer = client_->get(*uri_, answer_by(scrape, limit));
    if (!answer) return fail(answer);
    const auto problem = [&](const std::string& what) {
      return fail(Code::kInvalid, "get " + shown_url(*uri_) + ": " + what);
    };
    if (answer->status < 200 || answer->status > 299)
      return problem("status " + std::to_string(answer->status));
    auto status = write_vts_status(sink, *names_, answer->body);
    if (!status)
      return problem(status.error().message +
                     "; the address has to be the one of the JSON format, .../format/json");
    return status;
  }

  const Flag<std::string>& uri_;
  const Flag<long>& timeout_;
  const Flag<bool>& insecure_;
  const Flag<std::string>& prefix_;
  std::unique_ptr<Names> names_;
  std::unique_ptr<HttpClient> client_;
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
  app.add("vts", nginx_vts::metrics(), std::make_unique<nginx_vts::VtsCollector>(app.flags()), true);
  return app.run(argc, argv);
}
