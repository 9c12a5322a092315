// SPDX-License-Identifier: Apache-2.0
// nginx_*: connections and requests, from the page of the stub_status module.

#include "stub_status.hpp"

#include <string>

#include <exporter/text.hpp>

namespace exporter::nginx {
namespace {

constexpr auto kUp =
    gauge("nginx_up", "Whether nginx's status page could be read in this scrape (1) or not (0).");
constexpr auto kActive =
    gauge("nginx_connections_active", "Client connections now, the waiting ones among them.");
constexpr auto kAccepted = counter("nginx_connections_accepted", "Client connections accepted.");
constexpr auto kHandled =
    counter("nginx_connections_handled",
            "Client connections handled; fewer than accepted where a limit was reached.");
constexpr auto kReading =
    gauge("nginx_connections_reading", "Connections whose request header is being read.");
constexpr auto kWriting = gauge("nginx_connections_writing", "Connections that are being answered.");
constexpr auto kWaiting = gauge("nginx_connections_waiting", "Idle connections that are kept alive.");
constexpr auto kRequests = counter("nginx_http_requests_total", "HTTP requests received.");

constexpr MetricInfo kMetrics[] = {kUp,      kActive,  kAccepted, kHandled,
                                   kReading, kWriting, kWaiting,  kRequests};

/// Walks the page along a template in which a blank stands for any number of blanks in the same line.
class Template {
 public:
  explicit Template(std::string_view page) : rest_(page) {}

  bool literal(std::string_view text) {
    skip_blanks();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool number(std::int64_t& value) {
    skip_blanks();
    std::size_t length = 0;
    while (length < rest_.size() && !is_blank(rest_[length])) ++length;
    const auto parsed = parse<std::int64_t>(rest_.substr(0, length));
    if (!parsed) return false;
    value = *parsed;
    rest_.remove_prefix(length);
    return true;
  }
  bool line_end() {
    skip_blanks();
    if (rest_.starts_with('\r')) rest_.remove_prefix(1);
    if (!rest_.starts_with('\n')) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool at_end() {
    skip_blanks();
    return rest_.empty() || line_end();
  }

 private:
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

}  // namespace

Result<StubStatus> parse_stub_status(std::string_view page) {
  StubStatus status;
  Template text(page);
  if (!page.starts_with("Active connections:") || !text.literal("Active connections:") ||
      !text.number(status.active) || !text.line_end()) {
    return fail(Code::kInvalid,
                "the page does not begin as stub_status writes it, with \"Active connections:\"");
  }
  if (!text.literal("server accepts handled requests") || !text.line_end()) {
    return fail(Code::kInvalid, "the second line is not \"server accepts handled requests\"");
  }
  if (!text.number(status.accepted) || !text.number(status.handled) || !text.number(status.requests) ||
      !text.line_end()) {
    return fail(Code::kInvalid, "the third line is not three numbers");
  }
  if (!text.literal("Reading:") || !text.number(status.reading) || !text.literal("Writing:") ||
      !text.number(status.writing) || !text.literal("Waiting:") || !text.number(status.waiting) ||
      !text.at_end()) {
    return fail(Code::kInvalid, "the fourth line is not \"Reading: n Writing: n Waiting: n\"");
  }
  return status;
}

void write_stub_status(Sink& sink, const StubStatus& status) {
  sink(kActive, status.active);
  sink(kAccepted, status.accepted);
  sink(kHandled, status.handled);
  sink(kReading, status.reading);
  sink(kWriting, status.writing);
  sink(kWaiting, status.waiting);
  sink(kRequests, status.requests);
}

void write_stub_up(Sink& sink, bool up) { sink(kUp, up ? 1 : 0); }

std::span<const MetricInfo> stub_status_metrics() { return kMetrics; }

}  // namespace exporter::nginx
