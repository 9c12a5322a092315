// SPDX-License-Identifier: Apache-2.0
// Asks a service for its status, which is JSON, and exposes it:
//
//     {"version": "1.4.2", "uptime_seconds": 512.5, "queues": [{"name": "mail", "jobs": 3}]}

#include <exporter/exporter.hpp>
#include <exporter/http_client.hpp>

using exporter::Scrape, exporter::Sink, exporter::Status;

constexpr auto kUp = exporter::gauge("service_up", "Whether the service answered.");
constexpr auto kInfo = exporter::gauge("service_info", "Version of the service; always 1.", "version");
constexpr auto kUptime = exporter::gauge("service_uptime_seconds", "Time since the service started.");
constexpr auto kJobs = exporter::gauge("service_queue_jobs", "Jobs that wait in a queue.", "queue");
constexpr exporter::MetricInfo kMetrics[] = {kUp, kInfo, kUptime, kJobs};

class Service final : public exporter::Collector {
 public:
  explicit Service(exporter::Flags& flags)
      : url_(flags.text("service.url", "http://localhost:8080/status", "Where the status is.")),
        limit_(flags.duration("service.timeout", "5s", "How long to wait for it.")) {}

  Status collect(Sink& sink, const Scrape& scrape) override {
    const auto answer = client_.get(*url_, exporter::answer_by(scrape, *limit_));
    const bool up = answer && answer->status == 200;
    sink(kUp, up ? 1 : 0);
    if (!answer) return exporter::fail(answer);
    if (!up)
      return exporter::fail(exporter::Code::kUnavailable, "answered " + std::to_string(answer->status));

    exporter::JsonReader json(answer->body);
    json.object([&](std::string_view key) {
      if (key == "version") sink(kInfo, {json.string()}, 1);
      if (key == "uptime_seconds") sink(kUptime, json.number());
      if (key == "queues") json.array([&] { read_queue(json, sink); });
    });
    return json.finish();
  }

 private:
  static void read_queue(exporter::JsonReader& json, Sink& sink) {
    std::string name;
    double jobs = 0;
    json.object([&](std::string_view key) {
      if (key == "name") name = json.string();
      if (key == "jobs") jobs = json.number();
    });
    sink(kJobs, {name}, jobs);
  }

  const exporter::Flag<std::string>& url_;
  const exporter::Flag<std::chrono::nanoseconds>& limit_;
  exporter::HttpClient client_{{.user_agent = "service_exporter"}};
};

int main(int argc, char** argv) {
  exporter::App app({.program = "service_exporter",
                     .title = "Service Exporter",
                     .description = "Exposes the status of a service.",
                     .listen = {":9998"}});
  app.add("service", kMetrics, std::make_unique<Service>(app.flags()), true);  // keeps service_up 0
  return app.run(argc, argv);
}
