// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the exporter says of itself on its second port.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <exporter/collector.hpp>

#include "cluster.hpp"

namespace exporter::kube {

/// Requests to /metrics, by method.
class RequestDurations {
 public:
  void observe(std::string_view method, std::chrono::steady_clock::duration took);
  void write(Sink& sink) const;

 private:
  static constexpr std::array<double, 11> kBounds = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  struct Histogram {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};
    double sum = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Histogram, std::less<>> by_method_;
};

/// How reading a config file went last.
struct ConfigFileState {
  std::string type;  ///< "config", "customresourceconfig"
  std::string filename;
  std::uint64_t hash = 0;
  bool successful = false;
  double success_time = 0;  ///< seconds since 1970, of the last success
};

/// The first 48 bits of the MD5 of a file's content.
std::uint64_t config_hash(std::string_view content);

struct TelemetrySources {
  std::function<std::shared_ptr<Cluster>()> cluster;
  std::function<std::vector<ConfigFileState>()> config_files;
  const RequestDurations& durations;
  const CustomEvents& custom_events;
};

std::unique_ptr<Collector> make_telemetry(TelemetrySources sources);
std::span<const MetricInfo> telemetry_metrics();

}  // namespace exporter::kube
