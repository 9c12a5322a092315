// SPDX-License-Identifier: Apache-2.0
#pragma once

// Pushes what collectors write to a Pushgateway, for jobs that end before anybody scrapes them. Link
// exporter::http.
//
//     Pusher pusher({.url = "http://pushgateway:9091", .job = "backup", .grouping = {{"instance", "db1"}}});
//     pusher.add(exporter::instruments(registry));
//     if (auto status = pusher.push(5s); !status) log::warn("Not pushed", {{"err", status.error().message}});
//
// Errors are one line, without credentials. A gateway that is silent is an error after the limit given.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/export.hpp>
#include <exporter/http_client.hpp>
#include <exporter/result.hpp>

namespace exporter {

struct PushOptions {
  std::string url;  ///< of the gateway, with the path before "/metrics" where it has one
  std::string job;
  std::vector<std::pair<std::string, std::string>>
      grouping{};      ///< more labels that name the group, any values
  HttpOptions http{};  ///< credentials, certificates, more headers
};

/// The metrics of one group. Used by one thread at a time.
class EXPORTER_API Pusher {
 public:
  explicit Pusher(PushOptions options);
  ~Pusher();
  Pusher(Pusher&&) noexcept;
  Pusher& operator=(Pusher&&) noexcept;

  /// Its start() is called by the first push.
  void add(std::unique_ptr<Collector> collector);

  /// Runs the collectors on this thread and puts what they wrote in the place of the whole group (PUT). If
  /// one of them fails, nothing is sent. `limit` is for all of it, the collectors included.
  [[nodiscard]] Status push(std::chrono::nanoseconds limit);
  /// The same, replacing only the families that the page has (POST).
  [[nodiscard]] Status push_add(std::chrono::nanoseconds limit);
  /// Removes the group from the gateway (DELETE).
  [[nodiscard]] Status remove(std::chrono::nanoseconds limit);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The path of a group: "/metrics/job/backup/instance/db1". Values that a path cannot hold (empty ones, and
/// those with a '/') are written in base64. kInvalid where a label's name is none.
EXPORTER_API Result<std::string> push_path(std::string_view job,
                                           const std::vector<std::pair<std::string, std::string>>& grouping);

}  // namespace exporter
