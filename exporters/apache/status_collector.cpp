// SPDX-License-Identifier: Apache-2.0
// The request for mod_status's page.

#include "status_collector.hpp"

#include <exporter/log.hpp>

namespace exporter::apache {

std::string auto_url(const std::string& url) {
  const auto query = url.find('?');
  if (query == std::string::npos) return url + "?auto";
  return url.find("auto", query) == std::string::npos ? url + "&auto" : "";
}

StatusCollector::StatusCollector(Target target)
    : target_(std::move(target)), label_{"addr", target_.label}, client_(target_.http) {}

Status StatusCollector::collect(Sink& sink, const Scrape& scrape) {
  if (!target_.label.empty()) sink.constant_labels({&label_, 1});
  auto status = ask(sink, scrape);
  if (!status) write_failures(sink, ++failures_);
  return status;
}

Status StatusCollector::ask(Sink& sink, const Scrape& scrape) {
  const auto answer = client_.get(target_.address.url, answer_by(scrape, target_.timeout));
  write_up(sink, answer.has_value());
  if (!answer) return fail(answer);
  const auto problem = [&](const std::string& what) {
    return fail(Code::kInvalid, "get " + shown_url(target_.address.url) + ": " + what);
  };
  if (answer->status != 200) return problem("status " + std::to_string(answer->status) + " instead of 200");
  ServerStatus status;
  auto parsed = parse_server_status(answer->body, status);
  if (parsed && !status.recognised) {
    status = {};
    if (!try_auto(status, scrape) && !warned_) {
      log::warn("The page has none of mod_status's lines; does the address end in ?auto?",
                {{"address", shown_url(target_.address.url)}});
    }
    warned_ = !status.recognised;
  }
  write_server_status(sink, status, parsed.has_value());
  if (!parsed) return problem(parsed.error().message);
  return {};
}

/// Without ?auto mod_status sends HTML: asks once more with it, and from then on where that helps. The texts
/// of `status` are good until the next request.
bool StatusCollector::try_auto(ServerStatus& status, const Scrape& scrape) {
  auto url = auto_url(target_.address.url);
  if (url.empty()) return false;
  const auto answer = client_.get(url, answer_by(scrape, target_.timeout));
  if (!answer || answer->status != 200) return false;
  if (!parse_server_status(answer->body, status) || !status.recognised) {
    status = {};
    return false;
  }
  log::warn("The address lacks ?auto; asking with it from now on",
            {{"address", shown_url(target_.address.url)}});
  target_.address.url = std::move(url);
  return true;
}

}  // namespace exporter::apache
