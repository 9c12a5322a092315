// SPDX-License-Identifier: Apache-2.0
// nginx_vts_*: the names of the VTS module's own Prometheus page, made of its JSON page.

#include "module_names.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <exporter/text.hpp>

namespace exporter::nginx_vts {
namespace {

constexpr auto kInfo = gauge("nginx_vts_info", "Always 1; the labels tell nginx's host and versions.",
                             "hostname", "module_version", "version");
constexpr auto kStart =
    gauge("nginx_vts_start_time_seconds", "When nginx read its configuration, in seconds since 1970.");
constexpr auto kConnections =
    gauge("nginx_vts_main_connections", "Client connections and requests by state.", "status");
constexpr auto kShared = gauge("nginx_vts_main_shm_usage_bytes",
                               "The module's shared memory: sizes in bytes, and used_node nodes.", "shared");

constexpr auto kServerBytes =
    counter("nginx_vts_server_bytes_total", "Bytes received and sent by server.", "host", "direction");
constexpr auto kServerRequests =
    counter("nginx_vts_server_requests_total", "Requests by server and class of status.", "host", "code");
constexpr auto kServerCodes =
    counter("nginx_vts_status_code_requests_total", "Requests by server and status code.", "host", "code");
constexpr auto kServerSum =
    counter("nginx_vts_server_request_seconds_total", "Time for all requests.", "host");
constexpr auto kServerAverage =
    gauge("nginx_vts_server_request_seconds", "Moving average of the time for a request.", "host");
constexpr auto kServerCache =
    counter("nginx_vts_server_cache_total", "Requests by server and cache status.", "host", "status");

constexpr auto kFilterBytes = counter("nginx_vts_filter_bytes_total", "Bytes received and sent by filter.",
                                      "filter", "filter_name", "direction");
constexpr auto kFilterRequests =
    counter("nginx_vts_filter_requests_total", "Requests by filter and class of status.", "filter",
            "filter_name", "code");
constexpr auto kFilterSum =
    counter("nginx_vts_filter_request_seconds_total", "Time for all requests.", "filter", "filter_name");
constexpr auto kFilterAverage = gauge("nginx_vts_filter_request_seconds",
                                      "Moving average of the time for a request.", "filter", "filter_name");
constexpr auto kFilterCache = counter("nginx_vts_filter_cache_total", "Requests by filter and cache status.",
                                      "filter", "filter_name", "status");

constexpr auto kUpstreamBytes =
    counter("nginx_vts_upstream_bytes_total", "Bytes received from and sent to backends.", "upstream",
            "backend", "direction");
constexpr auto kUpstreamRequests =
    counter("nginx_vts_upstream_requests_total", "Requests by backend and class of status.", "upstream",
            "backend", "code");
constexpr auto kUpstreamSum = counter("nginx_vts_upstream_request_seconds_total",
                                      "Time for all requests, upstream included.", "upstream", "backend");
constexpr auto kUpstreamAverage =
    gauge("nginx_vts_upstream_request_seconds",
          "Moving average of the time for a request, upstream included.", "upstream", "backend");
constexpr auto kUpstreamResponseSum = counter("nginx_vts_upstream_response_seconds_total",
                                              "Time for all answers of a backend.", "upstream", "backend");
constexpr auto kUpstreamResponseAverage =
    gauge("nginx_vts_upstream_response_seconds", "Moving average of the time for a backend's answer.",
          "upstream", "backend");

constexpr auto kCacheUsage =
    gauge("nginx_vts_cache_usage_bytes", "Size of a cache zone: its limit, and what is used.", "cache_zone",
          "cache_size");
constexpr auto kCacheBytes =
    counter("nginx_vts_cache_bytes_total", "Bytes by cache zone.", "cache_zone", "direction");
constexpr auto kCacheRequests = counter("nginx_vts_cache_requests_total",
                                        "Requests by cache zone and cache status.", "cache_zone", "status");

template <class... L>
constexpr Metric<sizeof...(L)> histogram(std::string_view name, std::string_view help, L... labels) {
  return {name, help, MetricType::kHistogram, {std::string_view(labels)...}};
}
constexpr auto kServerDuration =
    histogram("nginx_vts_server_request_duration_seconds", "Time for a request.", "host");
constexpr auto kFilterDuration =
    histogram("nginx_vts_filter_request_duration_seconds", "Time for a request.", "filter", "filter_name");
constexpr auto kUpstreamDuration = histogram("nginx_vts_upstream_request_duration_seconds",
                                             "Time for a request, upstream included.", "upstream", "backend");
constexpr auto kUpstreamResponseDuration = histogram("nginx_vts_upstream_response_duration_seconds",
                                                     "Time for a backend's answer.", "upstream", "backend");

constexpr MetricInfo kMetrics[] = {kInfo,
                                   kStart,
                                   kConnections,
                                   kShared,
                                   kServerBytes,
                                   kServerRequests,
                                   kServerCodes,
                                   kServerSum,
                                   kServerAverage,
                                   kServerDuration,
                                   kServerCache,
                                   kFilterBytes,
                                   kFilterRequests,
                                   kFilterSum,
                                   kFilterAverage,
                                   kFilterDuration,
                                   kFilterCache,
                                   kUpstreamBytes,
                                   kUpstreamRequests,
                                   kUpstreamSum,
                                   kUpstreamAverage,
                                   kUpstreamResponseSum,
                                   kUpstreamResponseAverage,
                                   kUpstreamDuration,
                                   kUpstreamResponseDuration,
                                   kCacheUsage,
                                   kCacheBytes,
                                   kCacheRequests};

constexpr double kMilliseconds = 1000;
double seconds(std::uint64_t msec) { return static_cast<double>(msec) / kMilliseconds; }

/// The end of a bucket as the module writes it: "0.050".
class BucketEnd {
 public:
  explicit BucketEnd(std::uint64_t msec) {
    constexpr std::uint64_t kThousand = 1000;
    char* at = std::to_chars(text_.data(), text_.data() + text_.size() - 4, msec / kThousand).ptr;
    *at++ = '.';
    for (std::uint64_t digit = 100; digit > 0; digit /= 10)
      *at++ = static_cast<char>('0' + msec / digit % 10);
    size_ = static_cast<std::size_t>(at - text_.data());
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

/// Only where the module was told to keep buckets.
template <std::size_t N>
void write_histogram(Sink& sink, const Metric<N>& metric, const std::string_view (&values)[N],
                     const Buckets& buckets, std::uint64_t count, std::uint64_t msec_sum) {
  if (buckets.ends.empty()) return;
  std::array<Label, N + 1> labels;
  for (std::size_t i = 0; i < N; ++i) labels[i] = {metric.labels[i], values[i]};
  const auto write = [&](std::size_t label_count, Value value, std::string_view suffix) {
    sink.sample(metric.name, metric.help, metric.type, std::span(labels).first(label_count), value, suffix);
  };
  for (std::size_t i = 0; i < buckets.ends.size(); ++i) {
    const BucketEnd end(buckets.ends[i]);
    labels[N] = {"le", end.text()};
    write(N + 1, buckets.counts[i], "_bucket");
  }
  labels[N] = {"le", "+Inf"};
  write(N + 1, count, "_bucket");
  write(N, seconds(msec_sum), "_sum");
  write(N, count, "_count");
}

}  // namespace

void ModuleNames::main(const Main& main) {
  sink_(kInfo, {main.host, main.module_version, main.nginx_version}, 1);
  sink_(kStart, seconds(static_cast<std::uint64_t>(main.load_msec)));
  const auto connections = sink_.family(kConnections);
  for (std::size_t i = 0; i < kConnectionStates.size(); ++i)
    connections({kConnectionStates[i]}, main.connections[i]);
  constexpr std::array<std::string_view, kSharedKeys.size()> kLabels = {"max_size", "used_size", "used_node",
                                                                        "free_size"};
  const auto shared = sink_.family(kShared);
  for (std::size_t i = 0; i < kLabels.size(); ++i) shared({kLabels[i]}, main.shared[i]);
}

void ModuleNames::server(std::string_view host, const Zone& zone) {
  host = module_text(host, scratch_[0]);
  const auto bytes = sink_.family(kServerBytes);
  bytes({host, "in"}, zone.in);
  bytes({host, "out"}, zone.out);
  const auto requests = sink_.family(kServerRequests);
  for (std::size_t i = 0; i < kClasses.size(); ++i) requests({host, kClasses[i]}, zone.classes[i]);
  sink_(kServerSum, {host}, seconds(zone.request_msec_sum));
  sink_(kServerAverage, {host}, seconds(zone.request_msec));
  if (!zone.codes.empty()) {
    const auto codes = sink_.family(kServerCodes);
    for (const auto& [code, count] : zone.codes) codes({host, code}, count);
  }
  write_histogram(sink_, kServerDuration, {host}, zone.request_buckets, zone.requests, zone.request_msec_sum);
  const auto cache = sink_.family(kServerCache);
  for (std::size_t i = 0; i < kCacheStates.size(); ++i) cache({host, kCacheStates[i]}, zone.cache[i]);
}

void ModuleNames::filter(std::string_view filter, std::string_view name, const Zone& zone) {
  filter = module_text(filter, scratch_[0]);
  name = module_text(name, scratch_[1]);
  const auto bytes = sink_.family(kFilterBytes);
  bytes({filter, name, "in"}, zone.in);
  bytes({filter, name, "out"}, zone.out);
  const auto requests = sink_.family(kFilterRequests);
  for (std::size_t i = 0; i < kClasses.size(); ++i) requests({filter, name, kClasses[i]}, zone.classes[i]);
  sink_(kFilterSum, {filter, name}, seconds(zone.request_msec_sum));
  sink_(kFilterAverage, {filter, name}, seconds(zone.request_msec));
  write_histogram(sink_, kFilterDuration, {filter, name}, zone.request_buckets, zone.requests,
                  zone.request_msec_sum);
  const auto cache = sink_.family(kFilterCache);
  for (std::size_t i = 0; i < kCacheStates.size(); ++i) cache({filter, name, kCacheStates[i]}, zone.cache[i]);
}

void ModuleNames::backend(std::string_view upstream, const Zone& zone) {
  if (!zone.counted()) return;
  upstream = module_text(upstream, scratch_[0]);
  const auto backend = module_text(zone.server, scratch_[1]);
  const auto bytes = sink_.family(kUpstreamBytes);
  bytes({upstream, backend, "in"}, zone.in);
  bytes({upstream, backend, "out"}, zone.out);
  const auto requests = sink_.family(kUpstreamRequests);
  for (std::size_t i = 0; i < kClasses.size(); ++i)
    requests({upstream, backend, kClasses[i]}, zone.classes[i]);
  sink_(kUpstreamSum, {upstream, backend}, seconds(zone.request_msec_sum));
  sink_(kUpstreamAverage, {upstream, backend}, seconds(zone.request_msec));
  sink_(kUpstreamResponseSum, {upstream, backend}, seconds(zone.response_msec_sum));
  sink_(kUpstreamResponseAverage, {upstream, backend}, seconds(zone.response_msec));
  write_histogram(sink_, kUpstreamDuration, {upstream, backend}, zone.request_buckets, zone.requests,
                  zone.request_msec_sum);
  write_histogram(sink_, kUpstreamResponseDuration, {upstream, backend}, zone.response_buckets, zone.requests,
                  zone.response_msec_sum);
}

void ModuleNames::cache(std::string_view name, const Zone& zone) {
  name = module_text(name, scratch_[0]);
  sink_(kCacheUsage, {name, "max"}, zone.max_size);
  sink_(kCacheUsage, {name, "used"}, zone.used_size);
  sink_(kCacheBytes, {name, "in"}, zone.in);
  sink_(kCacheBytes, {name, "out"}, zone.out);
  const auto requests = sink_.family(kCacheRequests);
  for (std::size_t i = 0; i < kCacheStates.size(); ++i) requests({name, kCacheStates[i]}, zone.cache[i]);
}

std::span<const MetricInfo> module_metrics() { return kMetrics; }

std::string_view module_text(std::string_view text, std::string& scratch) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
    return text;
  std::string replaced;
  const auto valid = valid_utf8(text, replaced);
  if (valid.data() == text.data()) return text;
  // Both texts are walked along each other: what differs from the text is a replaced byte.
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  scratch.clear();
  for (std::size_t i = 0, j = 0; i < text.size(); ++i) {
    if (valid.substr(j).starts_with(kReplacement) && !text.substr(i).starts_with(kReplacement)) {
      const auto byte = static_cast<unsigned char>(text[i]);
      scratch += "\\x";
      scratch += kHex[byte >> 4];
      scratch += kHex[byte & 15];
      j += kReplacement.size();
    } else {
      scratch += text[i];
      ++j;
    }
  }
  return scratch;
}

}  // namespace exporter::nginx_vts
