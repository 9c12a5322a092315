// SPDX-License-Identifier: Apache-2.0
// nginx_server_*, nginx_filter_*, nginx_upstream_*, nginx_cache_*: the names of nginx-vts-exporter.

#include "exporter_names.hpp"

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

constexpr auto kUpstreamDown = gauge(
    "nginx_upstream_down", "Whether a backend is marked as down (1) or not (0).", "backend", "upstream");
constexpr auto kUpstreamBackup =
    gauge("nginx_upstream_backup", "Whether a backend is a backup (1) or not (0).", "backend", "upstream");
constexpr auto kUpstreamWeight =
    gauge("nginx_upstream_weight", "A backend's weight among those of its upstream.", "backend", "upstream");

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
                                   kUpstreamDown,
                                   kUpstreamBackup,
                                   kUpstreamWeight,
                                   kCacheBytes,
                                   kCacheRequests};

/// A family under the name it has with another prefix.
template <std::size_t N>
Sink::Family<N> named(Sink& sink, const Metric<N>& metric, const std::string& name) {
  return sink.family(Metric<N>{name, metric.help, metric.type, metric.labels});
}

}  // namespace

void ExporterNames::main(const Main& main) {
  constexpr std::int64_t kSecond = 1000;
  named(sink_, kInfo, names_.info)({main.host, main.nginx_version},
                                   (main.now_msec - main.load_msec) / kSecond);
  const auto connections = named(sink_, kConnections, names_.connections);
  for (std::size_t i = 0; i < kConnectionStates.size(); ++i)
    connections({kConnectionStates[i]}, main.connections[i]);
  constexpr std::string_view kLabels[] = {"maxsize", "usedsize", "usednode"};
  const auto shared = named(sink_, kSharedZones, names_.shared_zones);
  for (std::size_t i = 0; i < std::size(kLabels); ++i) shared({main.shared_zone, kLabels[i]}, main.shared[i]);
}

void ExporterNames::server(std::string_view host, const Zone& zone) {
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

void ExporterNames::filter(std::string_view filter, std::string_view name, const Zone& zone) {
  const auto bytes = named(sink_, kFilterBytes, names_.filter_bytes);
  bytes({"in", filter, name}, zone.in);
  bytes({"out", filter, name}, zone.out);
  const auto requests = named(sink_, kFilterRequests, names_.filter_requests);
  requests({"total", filter, name}, zone.requests);
  for (std::size_t i = 0; i < kClasses.size(); ++i) requests({kClasses[i], filter, name}, zone.classes[i]);
  named(sink_, kFilterMsec, names_.filter_msec)({filter, name}, zone.request_msec);
  named(sink_, kFilterResponseMsec, names_.filter_response_msec)({filter, name}, zone.response_msec);
}

void ExporterNames::backend(std::string_view upstream, const Zone& zone) {
  const auto bytes = named(sink_, kUpstreamBytes, names_.upstream_bytes);
  bytes({zone.server, "in", upstream}, zone.in);
  bytes({zone.server, "out", upstream}, zone.out);
  const auto requests = named(sink_, kUpstreamRequests, names_.upstream_requests);
  requests({zone.server, "total", upstream}, zone.requests);
  for (std::size_t i = 0; i < kClasses.size(); ++i)
    requests({zone.server, kClasses[i], upstream}, zone.classes[i]);
  named(sink_, kUpstreamMsec, names_.upstream_msec)({zone.server, upstream}, zone.request_msec);
  named(sink_, kUpstreamResponseMsec, names_.upstream_response_msec)({zone.server, upstream},
                                                                     zone.response_msec);
  named(sink_, kUpstreamDown, names_.upstream_down)({zone.server, upstream}, zone.down ? 1 : 0);
  named(sink_, kUpstreamBackup, names_.upstream_backup)({zone.server, upstream}, zone.backup ? 1 : 0);
  named(sink_, kUpstreamWeight, names_.upstream_weight)({zone.server, upstream}, zone.weight);
}

void ExporterNames::cache(std::string_view name, const Zone& zone) {
  const auto bytes = named(sink_, kCacheBytes, names_.cache_bytes);
  bytes({"in", name}, zone.in);
  bytes({"out", name}, zone.out);
  const auto requests = named(sink_, kCacheRequests, names_.cache_requests);
  for (std::size_t i = 0; i < kCacheStates.size(); ++i) requests({kCacheStates[i], name}, zone.cache[i]);
}

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
  upstream_down = name(kUpstreamDown.name);
  upstream_backup = name(kUpstreamBackup.name);
  upstream_weight = name(kUpstreamWeight.name);
  cache_bytes = name(kCacheBytes.name);
  cache_requests = name(kCacheRequests.name);
}

void write_up(Sink& sink, const Names& names, bool up) { named(sink, kUp, names.up)(up ? 1 : 0); }

std::span<const MetricInfo> exporter_metrics() { return kMetrics; }

}  // namespace exporter::nginx_vts
