// SPDX-License-Identifier: Apache-2.0
// apache_exporter: the page of Apache's mod_status, on port 9117.

#include <exporter/app.hpp>
#include <exporter/http_client.hpp>
#include <exporter/log.hpp>

#include "server_status.hpp"

namespace exporter::apache {
namespace {

class ServerStatusCollector final : public Collector {
 public:
  explicit ServerStatusCollector(Flags& flags)
      : uri_(flags
                 .text("scrape_uri", "http://localhost/server-status?auto",
                       "Address of mod_status's page; it ends in ?auto.")
                 .env("SCRAPE_URI")),
        host_(flags.text("host_override", "", "Host header to send instead of the address's host.")
                  .env("HOST_OVERRIDE")),
        insecure_(flags.toggle("insecure", false, "Take any TLS certificate.").env("INSECURE")),
        headers_(flags
                     .list("custom_headers", {},
                           "A request header to add, NAME=VALUE; may be given more than once.")
                     .secret()),
        timeout_(flags.duration("scrape_timeout", "10s", "Longest time for an answer.")) {}

  Status start() override {
    HttpOptions options{.user_agent = "Prometheus-Apache-Exporter/libexporter",
                        .host = *host_,
                        .insecure = *insecure_,
                        .follow_redirects = true};
    for (const auto& header : *headers_) {
      const auto at = header.find('=');
      if (at == 0 || at == std::string::npos)
        return fail(Code::kInvalid, "--custom_headers: expected NAME=VALUE");
      options.headers.push_back(header.substr(0, at) + ": " + header.substr(at + 1));
    }
    client_ = std::make_unique<HttpClient>(std::move(options));
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto status = ask(sink, scrape);
    if (!status) write_failures(sink, ++failures_);
    return status;
  }

 private:
  Status ask(Sink& sink, const Scrape& scrape) {
    const auto answer = client_->get(*uri_, answer_by(scrape, *timeout_));
    write_up(sink, answer.has_value());
    if (!answer) return fail(answer);
    const auto problem = [&](const std::string& what) {
      return fail(Code::kInvalid, "get " + shown_url(*uri_) + ": " + what);
    };
    if (answer->status != 200) return problem("status " + std::to_string(answer->status) + " instead of 200");
    ServerStatus status;
    const auto parsed = parse_server_status(answer->body, status);
    write_server_status(sink, status, parsed.has_value());
    if (!parsed) return problem(parsed.error().message);
    if (!status.recognised && !warned_) {
      log::warn("The page has none of mod_status's lines; does the address end in ?auto?",
                {{"address", shown_url(*uri_)}});
    }
    warned_ = !status.recognised;
    return {};
  }

  const Flag<std::string>& uri_;
  const Flag<std::string>& host_;
  const Flag<bool>& insecure_;
  const Flag<std::vector<std::string>>& headers_;
  const Flag<std::chrono::nanoseconds>& timeout_;
  std::unique_ptr<HttpClient> client_;
  std::uint64_t failures_ = 0;
  bool warned_ = false;
};

}  // namespace
}  // namespace exporter::apache

int main(int argc, char** argv) {
  using namespace exporter;
  App app({.program = "apache_exporter",
           .title = "Apache Exporter",
           .description = "Exposes what Apache's mod_status says.",
           .listen = {":9117"},
           .collector_metrics = "",
           .flag_names = {{"web.telemetry-path", "telemetry.endpoint", "METRICS_ENDPOINT"}}});
  app.add("server_status", apache::metrics(), std::make_unique<apache::ServerStatusCollector>(app.flags()),
          true);
  return app.run(argc, argv);
}
