// SPDX-License-Identifier: Apache-2.0
// The requests to the API of NGINX Plus.

#include "plus_collector.hpp"

namespace exporter::nginx {
namespace {

constexpr std::uint64_t kNewestVersion = 9;

Error about(const std::string& url, const Error& error) {
  return {error.code, "get " + shown_url(url) + ": " + error.message};
}

}  // namespace

PlusCollector::PlusCollector(Target target)
    : target_(std::move(target)),
      labels_(target_.label_views()),
      client_(target_.http),
      version_(kNewestVersion) {
  while (target_.address.url.ends_with('/')) target_.address.url.pop_back();
}

std::string PlusCollector::url(std::string_view path) const {
  return target_.address.url + "/" + std::to_string(version_) + "/" + std::string(path);
}

Status PlusCollector::collect(Sink& sink, const Scrape& scrape) {
  sink.constant_labels(labels_);
  auto status = ask_all(sink, scrape);
  if (!status) {
    version_ = kNewestVersion;
    sink.clear();
    sink.constant_labels(labels_);
  }
  write_plus_up(sink, status.has_value());
  if (!status && status.error().code == Code::kNoData) return fail(Code::kInvalid, status.error().message);
  return status;
}

Status PlusCollector::ask_all(Sink& sink, const Scrape& scrape) {
  const auto root = ask_root(scrape);
  if (!root) return fail(root);
  for (const auto& section : plus_http_sections()) {
    if (auto status = ask_section(sink, scrape, section); !status) return status;
  }
  if (!root->stream) return {};
  const auto stream = ask_list(scrape, "stream");
  if (!stream) return fail(stream);
  for (const auto& section : plus_stream_sections()) {
    if (!stream->has(section.path)) continue;
    if (auto status = ask_section(sink, scrape, section); !status) return status;
  }
  return {};
}

/// The list at the API's root; an older server is asked which versions it has.
Result<PlusList> PlusCollector::ask_root(const Scrape& scrape) {
  auto root = ask_list(scrape, "");
  if (root || root.error().code != Code::kNoData) return root;
  const auto address = target_.address.url + "/";
  const auto versions = ask(scrape, address);
  if (!versions) return fail(root);
  const auto newest = newest_plus_version(*versions, kNewestVersion);
  if (!newest) return std::unexpected(about(address, newest.error()));
  if (*newest == 0 || *newest == version_) return root;
  version_ = *newest;
  return ask_list(scrape, "");
}

Result<PlusList> PlusCollector::ask_list(const Scrape& scrape, std::string_view path) {
  const auto address = url(path);
  const auto body = ask(scrape, address);
  if (!body) return fail(body);
  auto list = parse_plus_list(*body);
  if (!list) return std::unexpected(about(address, list.error()));
  return list;
}

Status PlusCollector::ask_section(Sink& sink, const Scrape& scrape, const PlusSection& section) {
  const auto address = url(section.path);
  using Missing = PlusSection::Missing;
  const auto body = ask(scrape, address);
  // Older versions of the API lack some paths.
  const bool may_miss = section.missing != Missing::kError || version_ < kNewestVersion;
  if (!body && body.error().code == Code::kNoData && may_miss) return {};
  const Status status = body ? write_plus_section(sink, section, *body) : Status(fail(body));
  if (status || section.missing == Missing::kMayFail) return {};
  if (!body) return status;
  return std::unexpected(about(address, status.error()));
}

Result<std::string_view> PlusCollector::ask(const Scrape& scrape, const std::string& address) {
  const auto answer = client_.get(address, answer_by(scrape, target_.timeout));
  if (!answer) return fail(answer);
  if (answer->status == 200) return answer->body;
  return fail(answer->status == 404 ? Code::kNoData : Code::kInvalid,
              "get " + shown_url(address) + ": status " + std::to_string(answer->status) + " instead of 200");
}

}  // namespace exporter::nginx
