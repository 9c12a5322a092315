// SPDX-License-Identifier: Apache-2.0
// A whole exporter: one metric, and everything that people expect of an exporter around it.

#include <exporter/exporter.hpp>

using exporter::Scrape, exporter::Sink, exporter::Status;

constexpr auto kAvailable =
    exporter::gauge("entropy_available_bits", "Entropy that the kernel has for random numbers.");
constexpr exporter::MetricInfo kMetrics[] = {kAvailable};

class Entropy final : public exporter::Collector {
 public:
  Status collect(Sink& sink, const Scrape&) override {
    const auto bits = proc_.number<unsigned>("sys/kernel/random/entropy_avail");
    if (!bits) return exporter::fail(bits);
    sink(kAvailable, *bits);
    return {};
  }

 private:
  exporter::Files proc_{"/proc"};
};

int main(int argc, char** argv) {
  exporter::App app({.program = "minimal_exporter",
                     .title = "Minimal Exporter",
                     .description = "Shows how little an exporter needs.",
                     .listen = {":9999"}});
  app.add("entropy", kMetrics, std::make_unique<Entropy>());
  return app.run(argc, argv);
}
