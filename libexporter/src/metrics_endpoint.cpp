// SPDX-License-Identifier: Apache-2.0
// Answers scrapes.

#include "detail/metrics_endpoint.hpp"

#include <algorithm>

#include <exporter/page.hpp>
#include <exporter/text.hpp>

namespace exporter::detail {
namespace {

Response text_response(int status, std::string text) {
  return {.status = status, .body = shared_body(std::move(text))};
}

Response page_response(const RunResult& page, PageFormat format, Encoding encoding) {
  Response response;
  response.content_type = content_type(format);
  if (encoding != Encoding::kIdentity)
    response.headers.emplace_back("Content-Encoding", encoding_name(encoding));
  response.body = shared_body(*page.body);
  return response;
}

}  // namespace

void MetricsEndpoint::open(MetricsSettings settings, Runner::Timer timer, const std::string& prefix) {
  settings_ = std::move(settings);
  runner_ = std::make_unique<Runner>(std::move(timer), prefix);
  runner_->restrict(settings_.filter, settings_.max_series);
  counts_.gathering_errors = [this] { return runner_->gathering_errors(); };
}

std::chrono::nanoseconds MetricsEndpoint::min_interval(const std::string& collector) const {
  const auto at = settings_.min_intervals.find(collector);
  return at == settings_.min_intervals.end() ? std::chrono::nanoseconds(0) : at->second;
}

Status MetricsEndpoint::start() {
  for (const auto& [name, interval] : settings_.min_intervals) {
    if (find(name) < runner_->collectors().size()) continue;
    if (std::find(disabled_.begin(), disabled_.end(), name) != disabled_.end()) continue;
    return fail(Code::kInvalid, "--collector.min-interval: there is no collector '" + name + "'");
  }
  return runner_->start();
}

MetricsEndpoint::Clock::time_point MetricsEndpoint::deadline_of(const Request* request) const {
  auto left = std::chrono::duration<double>(settings_.timeout);
  if (request) {
    const auto header = request->header("x-prometheus-scrape-timeout-seconds");
    if (const auto seconds = parse<double>(header); seconds && *seconds > 0 && *seconds < 86400) {
      left = std::chrono::duration<double>(*seconds) - settings_.timeout_offset;
      left = std::max(left, std::chrono::duration<double>(*seconds / 2));
    }
  }
  const auto from = request ? request->received : Clock::now();
  return from + std::chrono::duration_cast<Clock::duration>(left);
}

/// The index of a collector that can be chosen; past the end where there is none of that name.
std::size_t MetricsEndpoint::find(std::string_view name) const {
  const auto collectors = runner_->collectors();
  for (std::size_t i = first_choice_; i < collectors.size(); ++i) {
    if (collectors[i].name == name) return i;
  }
  return collectors.size();
}

/// Which collectors a request asks for with collect[] or exclude[]; the exporter's own are always among them.
Result<std::vector<bool>> MetricsEndpoint::select(const Request& request) const {
  const auto wanted = request.parameters("collect[]");
  const auto unwanted = request.parameters("exclude[]");
  auto selection = all_collectors();
  if (!wanted.empty() && !unwanted.empty()) {
    return fail(Code::kInvalid, "Combined collect and exclude queries are not allowed.");
  }
  if (!wanted.empty()) {
    std::fill(selection.begin() + static_cast<std::ptrdiff_t>(first_choice_), selection.end(), false);
  }
  for (const auto name : wanted) {
    const auto i = find(name);
    if (i < selection.size()) {
      selection[i] = true;
      continue;
    }
    const bool disabled = std::find(disabled_.begin(), disabled_.end(), name) != disabled_.end();
    return fail(Code::kInvalid, "Couldn't create filtered metrics handler: couldn't create collector: " +
                                    std::string(disabled ? "disabled" : "missing") +
                                    " collector: " + std::string(name));
  }
  for (const auto name : unwanted) {
    if (const auto i = find(name); i < selection.size()) selection[i] = false;
  }
  return selection;
}

void MetricsEndpoint::handle(const Request& request, Reply reply) {
  auto selection = select(request);
  if (!selection) return reply.send(text_response(400, selection.error().message));
  const long limit = settings_.max_requests;
  if (counts_.in_flight.fetch_add(1) >= limit && limit > 0) {
    --counts_.in_flight;
    ++counts_.refused;
    return reply.send(text_response(
        503, "Limit of concurrent requests reached (" + std::to_string(limit) + "), try again later.\n"));
  }
  const auto format = negotiate_format(request.header("accept"));
  const auto encoding = negotiate_encoding(request.header("accept-encoding"));
  runner_->scrape(
      {.selection = std::move(*selection),
       .names = NameSelection(request.parameters("name[]")),
       .deadline = deadline_of(&request),
       .format = format,
       .encoding = encoding,
       .done = [this, format, encoding, held = std::make_shared<Reply>(std::move(reply))](RunResult page) {
         --counts_.in_flight;
         if (!page.body) {
           ++counts_.refused;
           return held->send(text_response(503, "Other scrapes took all of this one's time.\n"));
         }
         ++counts_.ok;
         held->send(page_response(page, format, encoding));
       }});
}

void MetricsEndpoint::handle_probe(const Probe& probe, const Request& request, Reply reply) const {
  reply.send(run_probe(probe, request, deadline_of(&request), settings_.filter.get(), settings_.max_series));
}

}  // namespace exporter::detail
