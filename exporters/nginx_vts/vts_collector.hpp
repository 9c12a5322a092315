// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks one nginx for the page of its VTS module.

#include <chrono>
#include <string>

#include <exporter/collector.hpp>
#include <exporter/http_client.hpp>

#include "vts_status.hpp"

namespace exporter::nginx_vts {

struct Target {
  HttpAddress address;
  HttpOptions http;
  std::chrono::nanoseconds timeout{};
};

class VtsCollector final : public Collector {
 public:
  /// `names` has to outlive it.
  VtsCollector(Target target, const Names& names, NameSets sets);

  /// Writes all families, or nginx_up 0 alone.
  Status collect(Sink& sink, const Scrape& scrape) override;

 private:
  Status ask(Sink& sink, const Scrape& scrape);
  Status ask_at(Sink& sink, const Scrape& scrape, const std::string& url);

  Target target_;
  const Names& names_;
  NameSets sets_;
  HttpClient client_;
  bool answered_otherwise_ = false;  // the last answer was a page, but no JSON of the module's
  bool json_path_found_ = false;
};

/// Where the module has its JSON page, for an address that gives another of its formats; "" where it is that
/// address already: "http://h/status?a" and "http://h/status/format/html" become
/// "http://h/status/format/json".
std::string json_format_url(const std::string& url);

}  // namespace exporter::nginx_vts
