// SPDX-License-Identifier: Apache-2.0
#pragma once

// The flags with which exporters say how to ask a server for its page: credentials and TLS. Their names are
// alike but for what the exporter's other flags look like.
//
//     HttpFlags http(app.flags(), {.prefix = "scrape_", .separator = '_'});
//     app.on_start([&] { HttpOptions options; if (auto s = http.apply(options); !s) return s; ... });

#include <string>
#include <string_view>

#include <exporter/collector.hpp>
#include <exporter/export.hpp>
#include <exporter/flags.hpp>
#include <exporter/http_client.hpp>

namespace exporter {

struct HttpFlagNames {
  std::string_view prefix;  ///< "nginx."
  char separator = '-';     ///< between the words of a name
  bool tls = true;  ///< declares flags for certificates, too: <prefix>ca-cert, client-cert and client-key
};

/// <prefix>username, password-file, bearer-token-file, probe-credentials, and those for certificates.
class EXPORTER_API HttpFlags {
 public:
  HttpFlags(Flags& flags, const HttpFlagNames& names);
  /// Sets what was given. kInvalid where flags contradict each other or a file cannot be read.
  Status apply(HttpOptions& options) const;
  /// For a target that a request names: without credentials, client certificate and more headers, which would
  /// be anybody's who can send requests, unless <prefix>probe-credentials is on.
  void restrict_probe(HttpOptions& options) const;

 private:
  Status check() const;

  std::string prefix_;
  char separator_;
  const Flag<std::string>& username_;
  const Flag<std::string>& password_file_;
  const Flag<std::string>& bearer_file_;
  const Flag<bool>& probe_credentials_;
  const Flag<std::string>* ca_ = nullptr;
  const Flag<std::string>* cert_ = nullptr;
  const Flag<std::string>* key_ = nullptr;
};

/// The address that a probe's request has as "target": http:// or https://.
EXPORTER_API Result<HttpAddress> probe_address(const Scrape& scrape);

/// What a probe returns that has written its samples, "up 0" among them: success. A failure is logged.
EXPORTER_API Status served_probe(const Scrape& scrape, const Status& status);

}  // namespace exporter
