// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the flags say about the servers to ask: their addresses, TLS, time-out and the labels of their
// samples.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/flags.hpp>
#include <exporter/http_client.hpp>
#include <exporter/http_flags.hpp>
#include <exporter/metric.hpp>
#include <exporter/result.hpp>

namespace exporter::nginx {

/// "name=value"; the name has to be one that a label may have.
struct ConstantLabel {
  std::string name;
  std::string value;
};
Result<ConstantLabel> parse_label(std::string_view text);

struct Target {
  HttpAddress address;
  HttpOptions http;
  std::chrono::nanoseconds timeout{};
  std::vector<ConstantLabel> labels;  ///< with "addr" where there are several targets

  std::vector<Label> label_views() const;
};

class Settings {
 public:
  explicit Settings(Flags& flags);
  bool plus() const { return *plus_; }
  /// One for each --nginx.scrape-uri.
  Result<std::vector<Target>> targets() const;
  /// The one that a probe's request names.
  Result<Target> probed(const Scrape& scrape) const;

 private:
  Result<Target> common() const;

  const Flag<bool>& plus_;
  const Flag<std::vector<std::string>>& uris_;
  const Flag<bool>& ssl_verify_;
  const Flag<std::string>& ssl_ca_;
  const Flag<std::string>& ssl_cert_;
  const Flag<std::string>& ssl_key_;
  const Flag<bool>& proxy_protocol_;
  const Flag<std::chrono::nanoseconds>& timeout_;
  const Flag<std::vector<std::string>>& labels_;
  HttpFlags http_;
};

}  // namespace exporter::nginx
