// SPDX-License-Identifier: Apache-2.0
// Answers a request for a target's page.

#include "detail/probe.hpp"

#include <exporter/log.hpp>
#include <exporter/page.hpp>

#include "detail/collecting.hpp"

namespace exporter::detail {
namespace {

int http_status(Code code) {
  switch (code) {
    case Code::kInvalid:
      return 400;
    case Code::kNoData:
      return 404;
    case Code::kTimeout:
      return 504;
    default:
      return 500;
  }
}

}  // namespace

Response run_probe(const Probe& probe, const Request& request, std::chrono::steady_clock::time_point deadline,
                   const MetricFilter* filter, std::size_t max_series) {
  Sink sink;
  const FamilyChoice choice{filter, NameSelection(request.parameters("name[]"))};
  leave_out_others(sink, choice);
  if (max_series > 0) sink.set_limit(max_series);
  const Scrape scrape(deadline, 0, &request);
  if (const auto status = guarded([&] { return probe(sink, scrape); }); !status) {
    return {.status = http_status(status.error().code), .body = shared_body(status.error().message + "\n")};
  }
  if (sink.cut() > 0) {
    log::warn("A probe wrote more series than it may, the rest is left out",
              {{"path", request.path}, {"limit", std::to_string(max_series)}, {"cut", sink.describe_cut()}});
  }
  const auto format = negotiate_format(request.header("accept"));
  const Sink* const sinks[] = {&sink};
  const auto encoding = negotiate_encoding(request.header("accept-encoding"));
  PageMaker pages;
  PageBuilder::Outcome outcome;
  const auto& page = pages.make(sinks, format, encoding, outcome);
  if (outcome.dropped > 0) {
    log::error("error gathering metrics", {{"path", request.path},
                                           {"dropped", std::to_string(outcome.dropped)},
                                           {"err", outcome.first_problem}});
  }
  Response response;
  response.content_type = content_type(format);
  if (encoding != Encoding::kIdentity)
    response.headers.emplace_back("Content-Encoding", encoding_name(encoding));
  response.body = shared_body(page);
  return response;
}

}  // namespace exporter::detail
