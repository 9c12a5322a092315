// SPDX-License-Identifier: Apache-2.0
#pragma once

// Asks one server's API of NGINX Plus, path by path over one connection.

#include <exporter/collector.hpp>

#include "plus_status.hpp"
#include "targets.hpp"

namespace exporter::nginx {

class PlusCollector final : public Collector {
 public:
  explicit PlusCollector(Target target);

  /// Writes all families, or nginxplus_up 0 alone.
  Status collect(Sink& sink, const Scrape& scrape) override;

 private:
  Status ask_all(Sink& sink, const Scrape& scrape);
  Result<PlusList> ask_list(const Scrape& scrape, std::string_view path);
  Result<PlusList> ask_root(const Scrape& scrape);
  Status ask_section(Sink& sink, const Scrape& scrape, const PlusSection& section);
  /// A 404 is kNoData.
  Result<std::string_view> ask(const Scrape& scrape, const std::string& url);
  std::string url(std::string_view path) const;

  Target target_;
  std::vector<Label> labels_;
  HttpClient client_;
  std::uint64_t version_;
};

}  // namespace exporter::nginx
