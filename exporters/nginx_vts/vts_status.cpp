// SPDX-License-Identifier: Apache-2.0
// nginx_server_*, nginx_filter_*, nginx_upstream_*, nginx_cache_*: from the VTS module's JSON page.

#include "vts_status.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include <exporter/json.hpp>

namespace exporter::nginx_vts {
namespace {

constexpr auto kUp = gauge("nginx_up", "Whether the VTS page could be read in this scrape (1) or not (0).");
constexpr auto kInfo =
    gauge("nginx_server_info", "nginx's uptime in seconds; the labels tell its host and version.", "hostName",
          "nginxVersion");
constexpr auto kConnections =
    gauge("nginx_server_connections", "Client connections and requests by state.", "status");
constexpr auto kSharedZones = gauge(
    "nginx_server_sharedzones", "The module's shared memory: sizes in bytes, and nodes.", "name", "memstat");
constexpr auto kServerBytes =
    counter("nginx_server_bytes", "Bytes received and sent by server.", "direction", "host");
constexpr auto kServerRequests =
    counter("nginx_server_requests", "Requests by server and class of status.", "code", "host");
constexpr auto kServerCache =
    counter("nginx_server_cache", "Requests by server and cache status.", "host", "status");
constexpr auto kServerMsec =
    gauge("nginx_server_requestMsec", "Moving average of the time for a request, in milliseconds.", "host");
constexpr auto kFilterBytes =
    counter("nginx_filter_bytes", "Bytes received and sent by filter.", "direction", "filter", "filterName");
constexpr auto kFilterRequests = counter("nginx_filter_requests", "Requests by filter and class of status.",
                                         "code", "filter", "filterName");
constexpr auto kFilterMsec =
    gauge("nginx_filter_requestMsec", "Moving average of the time for a request, in milliseconds.", "filter",
          "filterName");
constexpr auto kFilterResponseMsec =
    gauge("nginx_filter_responseMsec", "Moving average of the time for an answer, in milliseconds.", "filter",
          "filterName");
constexpr auto kUpstreamBytes = counter("nginx_upstream_bytes", "Bytes received from and sent to backends.",
                                        "backend", "direction", "upstream");
constexpr auto kUpstreamRequests = counter(
    "nginx_upstream_requests", "Requests by backend and class of status.", "backend", "code", "upstream");
constexpr auto kUpstreamMsec = gauge(
    "nginx_upstream_requestMsec",
    "Moving average of the time for a request, upstream included, in milliseconds.", "backend", "upstream");
constexpr auto kUpstreamResponseMsec =
    gauge("nginx_upstream_responseMsec",
          "Moving average of the time for a backend's answer, in milliseconds.", "backend", "upstream");
constexpr auto kCacheBytes = counter("nginx_cache_bytes", "Bytes by cache zone.", "direction", "zone");
constexpr auto kCacheRequests =
    counter("nginx_cache_requests", "Requests by cache zone and cache status.", "status", "zone");

constexpr MetricInfo kMetrics[] = {kUp,
                                   kInfo,
                                   kConnections,
                                   kSharedZones,
                                   kServerBytes,
                                   kServerRequests,
                                   kServerCache,
                                   kServerMsec,
                                   kFilterBytes,
                                   kFilterRequests,
                                   kFilterMsec,
                                   kFilterResponseMsec,
                                   kUpstreamBytes,
                                   kUpstreamRequests,
                                   kUpstreamMsec,
                                   kUpstreamResponseMsec,
                                   kCacheBytes,
                                   kCacheRequests};

constexpr std::array<std::string_view, 5> kClasses = {"1xx", "2xx", "3xx", "4xx", "5xx"};
constexpr std::array<std::string_view, 8> kCacheStates = {"bypass",      "expired", "hit",   "miss",
                                                          "revalidated", "scarce",  "stale", "updating"};

/// What a host, filter, backend or cache zone counts.
struct Zone {
  std::string server{};
  std::uint64_t requests = 0, in = 0, out = 0, request_msec = 0, response_msec = 0;
  std::array<std::uint64_t, kClasses.size()> classes{};
  std::array<std::uint64_t, kCacheStates.size()> cache{};

  void add(const Zone& other) {
    requests += other.requests;
    in += other.in;
    out += other.out;
    request_msec = std::max(request_msec, other.request_msec);
    response_msec = std::max(response_msec, other.response_msec);
    for (std::size_t i = 0; i < classes.size(); ++i) classes[i] += other.classes[i];
    for (std::size_t i = 0; i < cache.size(); ++i) cache[i] += other.cache[i];
  }
};

template <std::size_t N>
void take_named(JsonReader& json, std::string_view key, const std::array<std::string_view, N>& names,
                std::array<std::uint64_t, N>& values) {
  for (std::size_t i = 0; i < N; ++i) {
    if (same_key(key, names[i])) values[i] = json.unsigned_integer();
  }
}

void read_zone(JsonReader& json, Zone& zone) {
  json.object([&](std::string_view key) {
    if (same_key(key, "requestCounter")) {
      zone.requests = json.unsigned_integer();
    } else if (same_key(key, "inBytes")) {
      zone.in = json.unsigned_integer();
    } else if (same_key(key, "outBytes")) {
      zone.out = json.unsigned_integer();
    } else if (same_key(key, "requestMsec")) {
      zone.request_msec = json.unsigned_integer();
    } else if (same_key(key, "responseMsec")) {
      zone.response_msec = json.unsigned_integer();
    } else if (same_key(key, "server")) {
      zone.server = json.string();
    } else if (same_key(key, "responses")) {
      json.object([&](std::string_view name) {
        if (!name.empty() && name[0] <= '9') return take_named(json, name, kClasses, zone.classes);
        take_named(json, name, kCacheStates, zone.cache);
      });
    }
  });
}

/// A family under the name it has with another prefix.
template <std::size_t N>
Sink::Family<N> named(Sink& sink, const Metric<N>& metric, const std::string& name) {
  return sink.family(Metric<N>{name, metric.help, metric.type, metric.labels});
}

class Walk {
 public:
  Walk(Sink& sink, const Names& names, std::string_view page) : sink_(sink), names_(names), json_(page) {}

  Status run() {
    json_.object([&](std::string_view key) {
      if (same_key(key, "hostName")) {
        host_ = json_.string();
      } else if (same_key(key, "nginxVersion")) {
        version_ = json_.string();
      } else if (same_key(key, "loadMsec")) {
        load_ = json_.integer();
      } else if (same_key(key, "nowMsec")) {
        now_ = json_.integer();
      } else if (same_key(key, "connections")) {
        json_.object([&](std::string_view state) { take_named(json_, state, kStates, states_); });
      } else if (same_key(key, "sharedZones")) {
        json_.object([&](std::string_view name) {
          if (same_key(name, "name")) {
            zone_name_ = json_.string();
          } else {
            take_named(json_, name, kSharedKeys, shared_);
          }
        });
      } else if (same_key(key, "serverZones")) {
        json_.object([&](std::string_view host) { server(host); });
      } else if (same_key(key, "filterZones")) {
        json_.object([&](std::string_view filter) {
          json_.object([&](std::string_view name) { this->filter(filter, name); });
        });
      } else if (same_key(key, "upstreamZones")) {
        json_.object([&](std::string_view upstream) { this->upstream(upstream); });
      } else if (same_key(key, "cacheZones")) {
        json_.object([&](std::string_view zone) { cache(zone); });
      }
    });
    if (auto status = json_.finish(); !status) return status;
    write_main();
    return {};
  }

 private:
  static constexpr std::array<std::string_view, 7> kStates = {"active",   "reading", "waiting", "writing",
                                                              "accepted", "handled", "requests"};
  static constexpr std::array<std::string_view, 3> kSharedKeys = {"maxSize", "usedSize", "usedNode"};
  static constexpr std::array<std::string_view, 3> kSharedLabels = {"maxsize", "usedsize", "usednode"};

  void write_main() {
    constexpr std::int64_t kSecond = 1000;
    named(sink_, kInfo, names_.info)({host_, version_}, (now_ - load_) / kSecond);
    const auto connections = named(sink_, kConnections, names_.connections);
    for (std::size_t i = 0; i < kStates.size(); ++i) connections({kStates[i]}, states_[i]);
    const auto shared = named(sink_, kSharedZones, names_.shared_zones);
    for (std::size_t i = 0; i < kSharedKeys.size(); ++i) shared({zone_name_, kSharedLabels[i]}, shared_[i]);
  }

  void server(std::string_view host) {
    Zone zone;
    read_zone(json_, zone);
    const auto bytes = named(sink_, kServerBytes, names_.server_bytes);
    bytes({"in", host}, zone.in);
    bytes({"out", host}, zone.out);
    const auto requests = named(sink_, kServerRequests, names_.server_requests);
    requests({"total", host}, zone.requests);
    for (std::size_t i = 0; i < kClasses.size(); ++i) requests({kClasses[i], host}, zone.classes[i]);
    const auto states = named(sink_, kServerCache, names_.server_cache);
    for (std::size_t i = 0; i < kCacheStates.size(); ++i) states({host, kCacheStates[i]}, zone.cache[i]);
    named(sink_, kServerMsec, names_.server_msec)({host}, zone.request_msec);
  }

  void filter(std::string_view filter, std::string_view name) {
    Zone zone;
    read_zone(json_, zone);
    const auto bytes = named(sink_, kFilterBytes, names_.filter_bytes);
    bytes({"in", filter, name}, zone.in);
    bytes({"out", filter, name}, zone.out);
    const auto requests = named(sink_, kFilterRequests, names_.filter_requests);
    requests({"total", filter, name}, zone.requests);
    for (std::size_t i = 0; i < kClasses.size(); ++i) requests({kClasses[i], filter, name}, zone.classes[i]);
    named(sink_, kFilterMsec, names_.filter_msec)({filter, name}, zone.request_msec);
    named(sink_, kFilterResponseMsec, names_.filter_response_msec)({filter, name}, zone.response_msec);
  }

  void upstream(std::string_view upstream) {
    backends_.clear();
    json_.array([&] {
      Zone zone;
      read_zone(json_, zone);
      // One address may stand for several servers of an upstream: their counters are added up.
      const auto same = std::find_if(backends_.begin(), backends_.end(),
                                     [&](const Zone& other) { return other.server == zone.server; });
      if (same == backends_.end()) {
        backends_.push_back(std::move(zone));
      } else {
        same->add(zone);
      }
    });
    const auto bytes = named(sink_, kUpstreamBytes, names_.upstream_bytes);
    const auto requests = named(sink_, kUpstreamRequests, names_.upstream_requests);
    for (const auto& zone : backends_) {
      bytes({zone.server, "in", upstream}, zone.in);
      bytes({zone.server, "out", upstream}, zone.out);
      requests({zone.server, "total", upstream}, zone.requests);
      for (std::size_t i = 0; i < kClasses.size(); ++i)
        requests({zone.server, kClasses[i], upstream}, zone.classes[i]);
      named(sink_, kUpstreamMsec, names_.upstream_msec)({zone.server, upstream}, zone.request_msec);
      named(sink_, kUpstreamResponseMsec, names_.upstream_response_msec)({zone.server, upstream},
                                                                         zone.response_msec);
    }
  }

  void cache(std::string_view name) {
    Zone zone;
    read_zone(json_, zone);
    const auto bytes = named(sink_, kCacheBytes, names_.cache_bytes);
    bytes({"in", name}, zone.in);
    bytes({"out", name}, zone.out);
    const auto requests = named(sink_, kCacheRequests, names_.cache_requests);
    for (std::size_t i = 0; i < kCacheStates.size(); ++i) requests({kCacheStates[i], name}, zone.cache[i]);
  }

  Sink& sink_;
  const Names& names_;
  JsonReader json_;
  std::string host_, version_, zone_name_;
  std::int64_t load_ = 0, now_ = 0;
  std::array<std::uint64_t, kStates.size()> states_{};
  std::array<std::uint64_t, kSharedKeys.size()> shared_{};
  std::vector<Zone> backends_;
};

}  // namespace

Names::Names(std::string_view prefix) {
  const auto name = [&](std::string_view usual) {
    return std::string(prefix) + std::string(usual.substr(5));
  };
  up = name(kUp.name);
  info = name(kInfo.name);
  connections = name(kConnections.name);
  shared_zones = name(kSharedZones.name);
  server_bytes = name(kServerBytes.name);
  server_requests = name(kServerRequests.name);
  server_cache = name(kServerCache.name);
  server_msec = name(kServerMsec.name);
  filter_bytes = name(kFilterBytes.name);
  filter_requests = name(kFilterRequests.name);
  filter_msec = name(kFilterMsec.name);
  filter_response_msec = name(kFilterResponseMsec.name);
  upstream_bytes = name(kUpstreamBytes.name);
  upstream_requests = name(kUpstreamRequests.name);
  upstream_msec = name(kUpstreamMsec.name);
  upstream_response_msec = name(kUpstreamResponseMsec.name);
  cache_bytes = name(kCacheBytes.name);
  cache_requests = name(kCacheRequests.name);
}

Status write_vts_status(Sink& sink, const Names& names, std::string_view page) {
  return Walk(sink, names, page).run();
}

void write_up(Sink& sink, const Names& names, bool up) { named(sink, kUp, names.up)(up ? 1 : 0); }

std::span<const MetricInfo> metrics() { return kMetrics; }

}  // namespace exporter::nginx_vts
