// SPDX-License-Identifier: Apache-2.0
// One exporter for many targets, which Prometheus names in each request: /probe?target=/var/lib/app. It
// measures file systems, by any path on them.

#include <sys/statvfs.h>

#include <cerrno>

#include <exporter/exporter.hpp>

using exporter::Code, exporter::Scrape, exporter::Sink, exporter::Status;

constexpr auto kSize = exporter::gauge("volume_size_bytes", "Size of the file system.");
constexpr auto kFree = exporter::gauge("volume_free_bytes", "Space that anybody may still use.");
constexpr exporter::MetricInfo kMetrics[] = {kSize, kFree};

/// What is returned as an error is the answer instead of a page: 400 for kInvalid, 404 for kNoData, else 500.
Status probe(Sink& sink, const Scrape& scrape) {
  const std::string target(scrape.request()->parameter("target"));
  if (!target.starts_with('/')) return exporter::fail(Code::kInvalid, "target: give an absolute path");
  struct statvfs volume {};
  if (statvfs(target.c_str(), &volume) != 0) {
    return std::unexpected(exporter::errno_error("statvfs", target, errno));
  }
  sink(kSize, volume.f_blocks * volume.f_frsize);
  sink(kFree, volume.f_bavail * volume.f_frsize);
  return {};
}

int main(int argc, char** argv) {
  exporter::App app({.program = "volume_exporter",
                     .title = "Volume Exporter",
                     .description = "Measures the file systems that it is asked for.",
                     .listen = {":9997"}});
  app.add("volume", kMetrics, nullptr);  // described in --list-metrics; it is no part of /metrics
  app.probe("/probe", probe);
  return app.run(argc, argv);
}
