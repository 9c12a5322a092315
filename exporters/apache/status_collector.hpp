// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks one Apache for mod_status's page.

#include <cstdint>
#include <string>

#include <exporter/collector.hpp>

#include "server_status.hpp"
#include "settings.hpp"

namespace exporter::apache {

class StatusCollector final : public Collector {
 public:
  explicit StatusCollector(Target target);

  /// Writes what could be read; apache_up is 1 after any HTTP answer.
  Status collect(Sink& sink, const Scrape& scrape) override;

 private:
  Status ask(Sink& sink, const Scrape& scrape);
  bool try_auto(ServerStatus& status, const Scrape& scrape);

  Target target_;
  Label label_;
  HttpClient client_;
  std::uint64_t failures_ = 0;
  bool warned_ = false;
};

/// The address with the query that asks for the page that programs read; "" where it has it.
std::string auto_url(const std::string& url);

}  // namespace exporter::apache
