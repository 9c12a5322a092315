// SPDX-License-Identifier: Apache-2.0
// Which number of the API of NGINX Plus is which family.

#include "plus_status.hpp"

#include <array>
#include <vector>

namespace exporter::nginx {
namespace {

using Field = PlusField;
using Kind = Field::Kind;
constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;

constexpr Field count(std::string_view outer, std::string_view name, std::string_view help) {
  return {.outer = outer, .name = name, .help = help};
}
constexpr Field count(std::string_view outer, std::string_view inner, std::string_view name,
                      std::string_view help) {
  return {.outer = outer, .inner = inner, .name = name, .help = help};
}
constexpr Field amount(std::string_view outer, std::string_view name, std::string_view help,
                       Kind kind = Kind::kSum) {
  return {.outer = outer, .name = name, .type = kGauge, .help = help, .kind = kind};
}
constexpr Field amount(std::string_view outer, std::string_view inner, std::string_view name,
                       std::string_view help, Kind kind = Kind::kSum) {
  return {.outer = outer, .inner = inner, .name = name, .type = kGauge, .help = help, .kind = kind};
}
/// A number among several of one family, told apart by the label "code".
constexpr Field by_code(std::string_view outer, std::string_view code, std::string_view name,
                        std::string_view help) {
  return {.outer = outer, .inner = code, .name = name, .help = help, .code = code};
}
constexpr Field shown_if(Field::Shown shown, Field field) {
  field.shown = shown;
  return field;
}
constexpr auto kThere = Field::Shown::kThere;
constexpr auto kNotZero = Field::Shown::kNotZero;

constexpr std::string_view kZone[] = {"zone"};
constexpr std::string_view kServerZone[] = {"server_zone"};
constexpr std::string_view kLocationZone[] = {"location_zone"};
constexpr std::string_view kResolver[] = {"resolver"};
constexpr std::string_view kUpstream[] = {"upstream", "server"};
constexpr std::string_view kWorker[] = {"id", "pid"};

constexpr Field kConnections[] = {
    count("accepted", "nginxplus_connections_accepted", "Client connections accepted."),
    count("dropped", "nginxplus_connections_dropped", "Client connections dropped."),
    amount("active", "nginxplus_connections_active", "Client connections that are busy now."),
    amount("idle", "nginxplus_connections_idle", "Client connections that wait for a request."),
};

constexpr Field kSsl[] = {
    count("handshakes", "nginxplus_ssl_handshakes", "TLS handshakes that succeeded."),
    count("handshakes_failed", "nginxplus_ssl_handshakes_failed", "TLS handshakes that failed."),
    count("session_reuses", "nginxplus_ssl_session_reuses", "TLS handshakes that took up a session again."),
};

constexpr Field kRequests[] = {
    count("total", "nginxplus_http_requests_total", "HTTP requests received."),
    amount("current", "nginxplus_http_requests_current", "HTTP requests under way."),
};

constexpr auto kResponses = "nginxplus_server_zone_responses";
constexpr auto kResponsesHelp = "Answers of a server zone by class of status.";
constexpr Field kServerZones[] = {
    amount("processing", "nginxplus_server_zone_processing", "Requests of a server zone under way."),
    count("requests", "nginxplus_server_zone_requests", "Requests to a server zone."),
    by_code("responses", "1xx", kResponses, kResponsesHelp),
    by_code("responses", "2xx", kResponses, kResponsesHelp),
    by_code("responses", "3xx", kResponses, kResponsesHelp),
    by_code("responses", "4xx", kResponses, kResponsesHelp),
    by_code("responses", "5xx", kResponses, kResponsesHelp),
    count("discarded", "nginxplus_server_zone_discarded", "Requests that ended without an answer."),
    count("received", "nginxplus_server_zone_received", "Bytes received from clients of a server zone."),
    count("sent", "nginxplus_server_zone_sent", "Bytes sent to clients of a server zone."),
    count("ssl", "handshakes", "nginxplus_server_zone_ssl_handshakes", "TLS handshakes that succeeded."),
    count("ssl", "handshakes_failed", "nginxplus_server_zone_ssl_handshakes_failed",
          "TLS handshakes that failed."),
    count("ssl", "session_reuses", "nginxplus_server_zone_ssl_session_reuses",
          "TLS handshakes that took up a session again."),
};

constexpr auto kLocationResponses = "nginxplus_location_zone_responses";
constexpr auto kLocationResponsesHelp = "Answers of a location zone by class of status.";
constexpr Field kLocationZones[] = {
    count("requests", "nginxplus_location_zone_requests", "Requests to a location zone."),
    by_code("responses", "1xx", kLocationResponses, kLocationResponsesHelp),
    by_code("responses", "2xx", kLocationResponses, kLocationResponsesHelp),
    by_code("responses", "3xx", kLocationResponses, kLocationResponsesHelp),
    by_code("responses", "4xx", kLocationResponses, kLocationResponsesHelp),
    by_code("responses", "5xx", kLocationResponses, kLocationResponsesHelp),
    count("discarded", "nginxplus_location_zone_discarded", "Requests that ended without an answer."),
    count("received", "nginxplus_location_zone_received", "Bytes received from clients of a location zone."),
    count("sent", "nginxplus_location_zone_sent", "Bytes sent to clients of a location zone."),
};

constexpr auto kPeerResponses = "nginxplus_upstream_server_responses";
constexpr auto kPeerResponsesHelp = "Answers of an upstream's server by class of status.";
constexpr Field kPeers[] = {
    amount("state", "nginxplus_upstream_server_state",
           "State of an upstream's server: 1 up, 2 draining, 3 down, 4 unavail, 5 checking, 6 unhealthy.",
           Kind::kState),
    amount("active", "nginxplus_upstream_server_active", "Connections to an upstream's server now."),
    amount("max_conns", "nginxplus_upstream_server_limit",
           "Most connections that a server is given; 0: no limit."),
    count("requests", "nginxplus_upstream_server_requests", "Requests passed to an upstream's server."),
    by_code("responses", "1xx", kPeerResponses, kPeerResponsesHelp),
    by_code("responses", "2xx", kPeerResponses, kPeerResponsesHelp),
    by_code("responses", "3xx", kPeerResponses, kPeerResponsesHelp),
    by_code("responses", "4xx", kPeerResponses, kPeerResponsesHelp),
    by_code("responses", "5xx", kPeerResponses, kPeerResponsesHelp),
    count("sent", "nginxplus_upstream_server_sent", "Bytes sent to an upstream's server."),
    count("received", "nginxplus_upstream_server_received", "Bytes received from an upstream's server."),
    count("fails", "nginxplus_upstream_server_fails", "Attempts to reach an upstream's server that failed."),
    count("unavail", "nginxplus_upstream_server_unavail",
          "How often a server became unavailable because of failed attempts."),
    amount("header_time", "nginxplus_upstream_server_header_time",
           "Average time to the header of a server's answer, in milliseconds.", Kind::kLargest),
    amount("response_time", "nginxplus_upstream_server_response_time",
           "Average time to the end of a server's answer, in milliseconds.", Kind::kLargest),
    shown_if(kNotZero, count("health_checks", "checks", "nginxplus_upstream_server_health_checks_checks",
                             "Health checks of a server.")),
    shown_if(kNotZero, count("health_checks", "fails", "nginxplus_upstream_server_health_checks_fails",
                             "Health checks of a server that failed.")),
    shown_if(kNotZero,
             count("health_checks", "unhealthy", "nginxplus_upstream_server_health_checks_unhealthy",
                   "How often a server became unhealthy.")),
    {.outer = "health_checks", .inner = "last_passed", .kind = Kind::kBool, .shown = kNotZero},
    count("ssl", "handshakes", "nginxplus_upstream_server_ssl_handshakes", "TLS handshakes that succeeded."),
    count("ssl", "handshakes_failed", "nginxplus_upstream_server_ssl_handshakes_failed",
          "TLS handshakes that failed."),
    count("ssl", "session_reuses", "nginxplus_upstream_server_ssl_session_reuses",
          "TLS handshakes that took up a session again."),
};
constexpr Field kUpstreams[] = {
    amount("keepalive", "nginxplus_upstream_keepalive", "Idle connections kept to an upstream's servers."),
    amount("zombies", "nginxplus_upstream_zombies",
           "Servers that were removed from an upstream and still have requests."),
};

constexpr Field kCaches[] = {
    amount("size", "nginxplus_cache_size", "Bytes in a cache."),
    amount("max_size", "nginxplus_cache_max_size", "Most bytes that a cache may have."),
    amount("cold", "nginxplus_cache_cold", "Whether a cache is still being loaded from disk (1) or not (0).",
           Kind::kBool),
    count("hit", "responses", "nginxplus_cache_hit_responses", "Answers read from a cache."),
    count("hit", "bytes", "nginxplus_cache_hit_bytes", "Bytes read from a cache."),
    count("stale", "responses", "nginxplus_cache_stale_responses", "Expired answers given from a cache."),
    count("stale", "bytes", "nginxplus_cache_stale_bytes", "Bytes of expired answers given from a cache."),
    count("updating", "responses", "nginxplus_cache_updating_responses",
          "Expired answers given while they were being renewed."),
    count("updating", "bytes", "nginxplus_cache_updating_bytes",
          "Bytes of expired answers given while they were being renewed."),
    count("revalidated", "responses", "nginxplus_cache_revalidated_responses",
          "Answers given from a cache after the server had confirmed them."),
    count("revalidated", "bytes", "nginxplus_cache_revalidated_bytes",
          "Bytes of answers given from a cache after the server had confirmed them."),
    count("miss", "responses", "nginxplus_cache_miss_responses", "Answers that were not in a cache."),
    count("miss", "bytes", "nginxplus_cache_miss_bytes", "Bytes of answers that were not in a cache."),
    count("expired", "responses", "nginxplus_cache_expired_responses",
          "Answers fetched since those in a cache had expired."),
    count("expired", "bytes", "nginxplus_cache_expired_bytes",
          "Bytes of answers fetched since those in a cache had expired."),
    count("expired", "responses_written", "nginxplus_cache_expired_responses_written",
          "Answers written to a cache since those in it had expired."),
    count("expired", "bytes_written", "nginxplus_cache_expired_bytes_written",
          "Bytes of answers written to a cache since those in it had expired."),
    count("bypass", "responses", "nginxplus_cache_bypass_responses",
          "Answers fetched since the cache was bypassed."),
    count("bypass", "bytes", "nginxplus_cache_bypass_bytes",
          "Bytes of answers fetched since the cache was bypassed."),
    count("bypass", "responses_written", "nginxplus_cache_bypass_responses_written",
          "Answers written to a cache that was bypassed."),
    count("bypass", "bytes_written", "nginxplus_cache_bypass_bytes_written",
          "Bytes of answers written to a cache that was bypassed."),
};

constexpr Field kLimitRequests[] = {
    count("passed", "nginxplus_limit_request_passed", "Requests that a limit of requests let pass."),
    count("delayed", "nginxplus_limit_request_delayed", "Requests delayed by a limit of requests."),
    count("rejected", "nginxplus_limit_request_rejected", "Requests rejected by a limit of requests."),
    count("delayed_dry_run", "nginxplus_limit_request_delayed_dry_run",
          "Requests that a limit on trial would have delayed."),
    count("rejected_dry_run", "nginxplus_limit_request_rejected_dry_run",
          "Requests that a limit on trial would have rejected."),
};
constexpr Field kLimitConnections[] = {
    count("passed", "nginxplus_limit_connection_passed", "Requests that a limit of connections let pass."),
    count("rejected", "nginxplus_limit_connection_rejected", "Requests rejected by a limit of connections."),
    count("rejected_dry_run", "nginxplus_limit_connection_rejected_dry_run",
          "Requests that a limit on trial would have rejected."),
};

constexpr Field kResolvers[] = {
    count("requests", "name", "nginxplus_resolver_name", "Requests for the addresses of a name."),
    count("requests", "srv", "nginxplus_resolver_srv", "Requests for SRV records."),
    count("requests", "addr", "nginxplus_resolver_addr", "Requests for the name of an address."),
    count("responses", "noerror", "nginxplus_resolver_noerror", "Answers of a resolver without an error."),
    count("responses", "formerr", "nginxplus_resolver_formerr", "Answers of a resolver: format error."),
    count("responses", "servfail", "nginxplus_resolver_servfail", "Answers of a resolver: server failure."),
    count("responses", "nxdomain", "nginxplus_resolver_nxdomain", "Answers of a resolver: no such name."),
    count("responses", "notimp", "nginxplus_resolver_notimp", "Answers of a resolver: not implemented."),
    count("responses", "refused", "nginxplus_resolver_refused", "Answers of a resolver: refused."),
    count("responses", "timedout", "nginxplus_resolver_timedout", "Requests to a resolver without answer."),
    count("responses", "unknown", "nginxplus_resolver_unknown", "Answers of a resolver: another error."),
};

constexpr Field kWorkers[] = {
    count("connections", "accepted", "nginxplus_worker_connection_accepted",
          "Client connections accepted by a worker process."),
    count("connections", "dropped", "nginxplus_worker_connection_dropped",
          "Client connections dropped by a worker process."),
    amount("connections", "active", "nginxplus_worker_connection_active",
           "Client connections of a worker process that are busy now."),
    amount("connections", "idle", "nginxplus_worker_connection_idle",
           "Client connections of a worker process that wait for a request."),
    count("requests", "total", "nginxplus_worker_http_requests_total",
          "HTTP requests received by a worker process."),
    amount("requests", "current", "nginxplus_worker_http_requests_current",
           "HTTP requests of a worker process under way."),
};

constexpr Field kLicense[] = {
    amount("active_till", "nginxplus_license_expiration_timestamp_seconds",
           "When the licence ends, in seconds since 1970."),
    shown_if(kThere, amount("reporting", "healthy", "nginxplus_license_reporting_healthy",
                            "Whether usage could be reported (1) or not (0).", Kind::kBool)),
    shown_if(kThere, amount("reporting", "fails", "nginxplus_license_reporting_fails_count",
                            "Attempts to report usage that failed.")),
    shown_if(kThere, amount("reporting", "grace", "nginxplus_license_reporting_grace_period_seconds",
                            "Time left for reporting usage, in seconds.")),
};

constexpr auto kSessions = "nginxplus_stream_server_zone_sessions";
constexpr auto kSessionsHelp = "Sessions of a stream's server zone by class of status.";
constexpr Field kStreamZones[] = {
    amount("processing", "nginxplus_stream_server_zone_processing", "Connections of a server zone now."),
    count("connections", "nginxplus_stream_server_zone_connections",
          "Client connections accepted by a server zone."),
    by_code("sessions", "2xx", kSessions, kSessionsHelp),
    by_code("sessions", "4xx", kSessions, kSessionsHelp),
    by_code("sessions", "5xx", kSessions, kSessionsHelp),
    count("discarded", "nginxplus_stream_server_zone_discarded", "Connections that ended without a session."),
    count("received", "nginxplus_stream_server_zone_received", "Bytes received from clients."),
    count("sent", "nginxplus_stream_server_zone_sent", "Bytes sent to clients."),
    count("ssl", "handshakes", "nginxplus_stream_server_zone_ssl_handshakes",
          "TLS handshakes that succeeded."),
    count("ssl", "handshakes_failed", "nginxplus_stream_server_zone_ssl_handshakes_failed",
          "TLS handshakes that failed."),
    count("ssl", "session_reuses", "nginxplus_stream_server_zone_ssl_session_reuses",
          "TLS handshakes that took up a session again."),
};

constexpr Field kStreamPeers[] = {
    amount("state", "nginxplus_stream_upstream_server_state",
           "State of an upstream's server: 1 up, 2 draining, 3 down, 4 unavail, 5 checking, 6 unhealthy.",
           Kind::kState),
    amount("active", "nginxplus_stream_upstream_server_active", "Connections to an upstream's server now."),
    amount("max_conns", "nginxplus_stream_upstream_server_limit",
           "Most connections that a server is given; 0: no limit."),
    count("connections", "nginxplus_stream_upstream_server_connections",
          "Connections passed to an upstream's server."),
    amount("connect_time", "nginxplus_stream_upstream_server_connect_time",
           "Average time for connecting to a server, in milliseconds.", Kind::kLargest),
    amount("first_byte_time", "nginxplus_stream_upstream_server_first_byte_time",
           "Average time to a server's first byte, in milliseconds.", Kind::kLargest),
    amount("response_time", "nginxplus_stream_upstream_server_response_time",
           "Average time to a server's last byte, in milliseconds.", Kind::kLargest),
    count("sent", "nginxplus_stream_upstream_server_sent", "Bytes sent to an upstream's server."),
    count("received", "nginxplus_stream_upstream_server_received",
          "Bytes received from an upstream's server."),
    count("fails", "nginxplus_stream_upstream_server_fails",
          "Attempts to reach an upstream's server that failed."),
    count("unavail", "nginxplus_stream_upstream_server_unavail",
          "How often a server became unavailable because of failed attempts."),
    shown_if(kNotZero,
             count("health_checks", "checks", "nginxplus_stream_upstream_server_health_checks_checks",
                   "Health checks of a server.")),
    shown_if(kNotZero, count("health_checks", "fails", "nginxplus_stream_upstream_server_health_checks_fails",
                             "Health checks of a server that failed.")),
    shown_if(kNotZero,
             count("health_checks", "unhealthy", "nginxplus_stream_upstream_server_health_checks_unhealthy",
                   "How often a server became unhealthy.")),
    {.outer = "health_checks", .inner = "last_passed", .kind = Kind::kBool, .shown = kNotZero},
    count("ssl", "handshakes", "nginxplus_stream_upstream_server_ssl_handshakes",
          "TLS handshakes that succeeded."),
    count("ssl", "handshakes_failed", "nginxplus_stream_upstream_server_ssl_handshakes_failed",
          "TLS handshakes that failed."),
    count("ssl", "session_reuses", "nginxplus_stream_upstream_server_ssl_session_reuses",
          "TLS handshakes that took up a session again."),
};
constexpr Field kStreamUpstreams[] = {
    amount("zombies", "nginxplus_stream_upstream_zombies",
           "Servers that were removed from an upstream and still have connections."),
};

constexpr Field kStreamLimits[] = {
    count("passed", "nginxplus_stream_limit_connection_passed", "Connections that a limit let pass."),
    count("rejected", "nginxplus_stream_limit_connection_rejected", "Connections rejected by a limit."),
    count("rejected_dry_run", "nginxplus_stream_limit_connection_rejected_dry_run",
          "Connections that a limit on trial would have rejected."),
};

constexpr Field kSyncZones[] = {
    amount("records_pending", "nginxplus_stream_zone_sync_zone_records_pending",
           "Records of a shared zone that the cluster's other nodes still have to get."),
    amount("records_total", "nginxplus_stream_zone_sync_zone_records_total", "Records of a shared zone."),
};
constexpr Field kSyncStatus[] = {
    count("bytes_in", "nginxplus_stream_zone_sync_status_bytes_in",
          "Bytes received from the cluster's other nodes."),
    count("bytes_out", "nginxplus_stream_zone_sync_status_bytes_out",
          "Bytes sent to the cluster's other nodes."),
    count("msgs_in", "nginxplus_stream_zone_sync_status_msgs_in",
          "Messages received from the cluster's other nodes."),
    count("msgs_out", "nginxplus_stream_zone_sync_status_msgs_out",
          "Messages sent to the cluster's other nodes."),
    amount("nodes_online", "nginxplus_stream_zone_sync_status_nodes_online",
           "Other nodes of the cluster that this one is connected to."),
};

using Shape = PlusSection::Shape;
constexpr PlusSection kHttpSections[] = {
    {.path = "connections", .shape = Shape::kSingle, .fields = kConnections},
    {.path = "ssl", .shape = Shape::kSingle, .fields = kSsl},
    {.path = "http/requests", .shape = Shape::kSingle, .fields = kRequests},
    {.path = "http/server_zones",
     .shape = Shape::kZones,
     .labels = kServerZone,
     .fields = kServerZones,
     .codes = "nginxplus_server_zone_responses_codes"},
    {.path = "http/location_zones",
     .shape = Shape::kZones,
     .labels = kLocationZone,
     .fields = kLocationZones,
     .codes = "nginxplus_location_zone_responses_codes"},
    {.path = "http/upstreams",
     .shape = Shape::kUpstreams,
     .labels = kUpstream,
     .fields = kPeers,
     .group = kUpstreams,
     .codes = "nginxplus_upstream_server_responses_codes"},
    {.path = "http/caches", .shape = Shape::kZones, .labels = kZone, .fields = kCaches},
    {.path = "http/limit_reqs", .shape = Shape::kZones, .labels = kZone, .fields = kLimitRequests},
    {.path = "http/limit_conns", .shape = Shape::kZones, .labels = kZone, .fields = kLimitConnections},
    {.path = "resolvers", .shape = Shape::kZones, .labels = kResolver, .fields = kResolvers},
    {.path = "workers", .shape = Shape::kWorkers, .labels = kWorker, .fields = kWorkers},
    {.path = "license",
     .shape = Shape::kSingle,
     .fields = kLicense,
     .missing = PlusSection::Missing::kMayFail},
};
constexpr PlusSection kStreamSections[] = {
    {.path = "stream/server_zones", .shape = Shape::kZones, .labels = kServerZone, .fields = kStreamZones},
    {.path = "stream/upstreams",
     .shape = Shape::kUpstreams,
     .labels = kUpstream,
     .fields = kStreamPeers,
     .group = kStreamUpstreams},
    {.path = "stream/limit_conns", .shape = Shape::kZones, .labels = kZone, .fields = kStreamLimits},
    {.path = "stream/zone_sync",
     .shape = Shape::kZoneSync,
     .labels = kZone,
     .fields = kSyncZones,
     .group = kSyncStatus,
     .missing = PlusSection::Missing::kMayBeNotFound},
};

constexpr auto kUp =
    gauge("nginxplus_up", "Whether the API of NGINX Plus could be read in this scrape (1) or not (0).");

constexpr std::string_view kCode[] = {"code"};
constexpr std::string_view kCodeServerZone[] = {"code", "server_zone"};
constexpr std::string_view kCodeLocationZone[] = {"code", "location_zone"};
constexpr std::string_view kCodeUpstream[] = {"code", "upstream", "server"};

std::span<const std::string_view> with_code(std::span<const std::string_view> labels) {
  if (labels.data() == kServerZone) return kCodeServerZone;
  if (labels.data() == kLocationZone) return kCodeLocationZone;
  if (labels.data() == kUpstream) return kCodeUpstream;
  return kCode;
}

MetricInfo info(std::string_view name, std::string_view help, MetricType type,
                std::span<const std::string_view> labels) {
  MetricInfo metric;
  metric.name = name;
  metric.help = help;
  metric.type = type;
  metric.labels = labels;
  return metric;
}

void add_fields(std::vector<MetricInfo>& list, std::span<const Field> fields,
                std::span<const std::string_view> labels) {
  for (const auto& field : fields) {
    if (field.name.empty() || (!list.empty() && list.back().name == field.name)) continue;
    list.push_back(info(field.name, field.help, field.type, field.code.empty() ? labels : with_code(labels)));
  }
}

std::vector<MetricInfo> all_metrics() {
  std::vector<MetricInfo> list = {kUp};
  for (const auto sections : {plus_http_sections(), plus_stream_sections()}) {
    for (const auto& section : sections) {
      add_fields(list, section.fields, section.labels);
      if (section.shape == Shape::kUpstreams)
        add_fields(list, section.group, section.labels.first(1));
      else
        add_fields(list, section.group, {});
      if (!section.codes.empty())
        list.push_back(info(section.codes, kPlusCodesHelp, kCounter, with_code(section.labels)));
    }
  }
  return list;
}

}  // namespace

std::span<const PlusSection> plus_http_sections() { return kHttpSections; }
std::span<const PlusSection> plus_stream_sections() { return kStreamSections; }

void write_plus_up(Sink& sink, bool up) { sink(kUp, up ? 1 : 0); }

std::span<const MetricInfo> plus_metrics() {
  static const auto list = all_metrics();
  return list;
}

}  // namespace exporter::nginx
