// SPDX-License-Identifier: Apache-2.0
// The request for the VTS page.

#include "vts_collector.hpp"

#include <exporter/log.hpp>

namespace exporter::nginx_vts {

std::string json_format_url(const std::string& url) {
  constexpr std::string_view kFormat = "/format/";
  constexpr std::string_view kJson = "/format/json";
  auto base = url.substr(0, url.find_first_of("?#"));
  while (base.ends_with('/')) base.pop_back();
  if (base.ends_with(kJson)) return "";
  if (const auto at = base.rfind(kFormat);
      at != std::string::npos && base.find('/', at + kFormat.size()) == std::string::npos) {
    base.resize(at);
  }
  return base.append(kJson);
}

VtsCollector::VtsCollector(Target target, const Names& names, NameSets sets)
    : target_(std::move(target)), names_(names), sets_(sets), client_(target_.http) {}

Status VtsCollector::collect(Sink& sink, const Scrape& scrape) {
  auto status = ask(sink, scrape);
  if (!status) sink.clear();
  write_up(sink, names_, status.has_value());
  return status;
}

/// The module shows HTML where no format is asked for, and people give the address of its Prometheus page:
/// the JSON page stands beside both.
Status VtsCollector::ask(Sink& sink, const Scrape& scrape) {
  auto status = ask_at(sink, scrape, target_.address.url);
  if (status || json_path_found_ || !answered_otherwise_) return status;
  auto url = json_format_url(target_.address.url);
  if (url.empty()) return status;
  sink.clear();
  if (!ask_at(sink, scrape, url)) return status;
  log::warn("The address is not the one of the JSON format; asking there from now on",
            {{"address", shown_url(target_.address.url)}, {"json", shown_url(url)}});
  target_.address.url = std::move(url);
  json_path_found_ = true;
  return {};
}

Status VtsCollector::ask_at(Sink& sink, const Scrape& scrape, const std::string& url) {
  answered_otherwise_ = false;
  const auto answer = client_.get(url, answer_by(scrape, target_.timeout));
  if (!answer) return fail(answer);
  const auto problem = [&](const std::string& what) {
    return fail(Code::kInvalid, "get " + shown_url(url) + ": " + what);
  };
  if (answer->status < 200 || answer->status > 299)
    return problem("status " + std::to_string(answer->status));
  auto status = write_vts_status(sink, names_, sets_, answer->body);
  if (!status) {
    answered_otherwise_ = true;
    return problem(status.error().message +
                   "; the address has to be the one of the JSON format, .../format/json");
  }
  return status;
}

}  // namespace exporter::nginx_vts
