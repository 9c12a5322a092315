// SPDX-License-Identifier: Apache-2.0
// Answers requests.

#include "endpoints.hpp"

#include <algorithm>
#include <vector>

#include <exporter/text.hpp>

#include "store/page.hpp"

namespace exporter::kube {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// Probes give up after a second by default; an answer later than that is none.
constexpr auto kLivezTime = 5s;
// A page that is read more slowly would hold too much of what has changed meanwhile.
constexpr auto kLongestPage = 10min;

void send(Reply reply, int status, std::string text) {
  reply.send({.status = status, .body = shared_body(std::move(text))});
}

struct Offer {
  std::string_view media, version, escaping;
  double quality = 1;
};

Offer read_offer(std::string_view element) {
  Offer offer;
  offer.media = trim(take_until(element, ';'));
  while (!element.empty()) {
    const auto pair = split_pair(take_until(element, ';'), '=');
    if (!pair) continue;
    if (pair->key == "q") offer.quality = parse<double>(pair->value).value_or(0);
    if (pair->key == "version") offer.version = pair->value;
    if (pair->key == "escaping") offer.escaping = pair->value;
  }
  return offer;
}

bool takes_gzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const auto offer = read_offer(take_until(accept_encoding, ','));
    if (offer.media == "gzip" && offer.quality > 0) return true;
  }
  return false;
}

/// A page and what it needs until its end: stores that may be replaced meanwhile, and the time it began.
class Stream {
 public:
  Stream(std::vector<std::shared_ptr<Store>> stores, Page page, std::shared_ptr<RequestDurations> durations,
         std::string method, Clock::time_point began)
      : stores_(std::move(stores)),
        page_(std::move(page)),
        durations_(std::move(durations)),
        method_(std::move(method)),
        began_(began) {}
  Stream(Stream&& other) noexcept
      : stores_(std::move(other.stores_)),
        page_(std::move(other.page_)),
        durations_(std::move(other.durations_)),
        method_(std::move(other.method_)),
        began_(other.began_) {}
  Stream& operator=(Stream&&) = delete;
  ~Stream() {
    if (durations_) durations_->observe(method_, Clock::now() - began_);
  }
  bool operator()(std::string& out) { return page_(out); }

 private:
  std::vector<std::shared_ptr<Store>> stores_;
  Page page_;
  std::shared_ptr<RequestDurations> durations_;
  std::string method_;
  Clock::time_point began_;
};

}  // namespace

PageType negotiate_page(std::string_view accept) {
  std::vector<Offer> offers;
  while (!accept.empty()) offers.push_back(read_offer(take_until(accept, ',')));
  std::ranges::stable_sort(offers, std::ranges::greater(), &Offer::quality);
  for (const auto& offer : offers) {
    if (offer.quality <= 0) continue;
    const bool protobuf = offer.media == "application/vnd.google.protobuf";
    const bool text = offer.media == "text/plain" &&
                      (offer.version.empty() || offer.version == "0.0.4" || offer.version == "1.0.0");
    if (protobuf || text) break;
    const bool version_known = offer.version.empty() || offer.version == "0.0.1" || offer.version == "1.0.0";
    if (offer.media == "application/openmetrics-text" && version_known) {
      const std::string version(offer.version == "1.0.0" ? "1.0.0" : "0.0.1");
      const std::string escaping(offer.escaping == "allow-utf-8" ? "allow-utf-8" : "underscores");
      return {PageFormat::kOpenMetrics,
              "application/openmetrics-text; version=" + version + "; charset=utf-8; escaping=" + escaping};
    }
  }
  return {PageFormat::kText, "text/plain; version=0.0.4; charset=utf-8"};
}

void Endpoints::handle(const Request& request, Reply reply, const Handler& next) {
  const bool main = request.listener == kMain;
  const auto& path = request.path;
  if (path == "/healthz" && main) return send(std::move(reply), 200, "OK");
  const auto cluster = cluster_();
  if (path == "/livez" && main) {
    return cluster ? livez(std::move(reply), *cluster) : send(std::move(reply), 503, "Service Unavailable\n");
  }
  if ((path == "/readyz" && !main) || path == "/-/ready") {
    const bool ready = cluster && cluster->ready();
    return send(std::move(reply), ready ? 200 : 503, ready ? "OK" : "Not everything has been listed yet.\n");
  }
  if (path != "/metrics") return next(request, std::move(reply));
  if (!cluster) return send(std::move(reply), 503, "Service Unavailable\n");
  if (cluster->options().auth_filter) {
    switch (auth_.check(request, cluster->client())) {
      case 200:
        break;
      case 401:
        return send(std::move(reply), 401, "Unauthorized\n");
      case 403:
        return send(std::move(reply), 403, "Forbidden\n");
      default:
        return send(std::move(reply), 503, "The API server cannot be asked who you are.\n");
    }
  }
  if (!main) return next(request, std::move(reply));
  metrics(request, std::move(reply), cluster);
}

void Endpoints::livez(Reply reply, Cluster& cluster) {
  ApiRequest ask;
  ask.path = "/livez";
  const auto answer = cluster.client().call(std::move(ask), Client::Clock::now() + kLivezTime);
  const bool lives = answer && answer->status == 200;
  send(std::move(reply), lives ? 200 : 503, lives ? "OK" : "Service Unavailable\n");
}

void Endpoints::metrics(const Request& request, Reply reply, const std::shared_ptr<Cluster>& cluster) {
  auto type = negotiate_page(request.header("accept"));
  Response response;
  response.content_type = std::move(type.content_type);
  const bool gzip = cluster->options().gzip && takes_gzip(request.header("accept-encoding"));
  if (gzip) response.headers.emplace_back("Content-Encoding", "gzip");
  auto stores = cluster->stores();
  std::vector<Store*> all;
  for (const auto& store : stores) all.push_back(store.get());
  const auto wanted = request.parameters("resources");
  const auto unwanted = request.parameters("exclude_resources");
  auto page = Page(select(all, wanted, unwanted),
                   {.format = type.format, .gzip = gzip, .until = request.received + kLongestPage});
  response.stream = Stream(std::move(stores), std::move(page), durations_, request.method, request.received);
  reply.send(std::move(response));
}

}  // namespace exporter::kube
