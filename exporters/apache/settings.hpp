// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the flags say about the servers to ask.

#include <chrono>
#include <string>
#include <vector>

#include <exporter/flags.hpp>
#include <exporter/http_client.hpp>
#include <exporter/http_flags.hpp>
#include <exporter/result.hpp>

namespace exporter::apache {

struct Target {
  HttpAddress address;
  HttpOptions http;
  std::chrono::nanoseconds timeout{};
  std::string label;  ///< value of the label "addr", where there are several targets
};

class Settings {
 public:
  explicit Settings(Flags& flags);
  /// One for each --scrape_uri.
  Result<std::vector<Target>> targets() const;
  /// The one that a probe's request names.
  Result<Target> probed(const Scrape& scrape) const;

 private:
  Result<Target> common() const;

  const Flag<std::vector<std::string>>& uris_;
  const Flag<std::string>& host_;
  const Flag<bool>& insecure_;
  const Flag<std::vector<std::string>>& headers_;
  const Flag<std::chrono::nanoseconds>& timeout_;
  HttpFlags http_;
};

}  // namespace exporter::apache
