// SPDX-License-Identifier: Apache-2.0
// kube_state_metrics_*: lists, watches, shards, config files, and what it costs to keep each resource.

#include "telemetry.hpp"

#include <openssl/evp.h>

#include <exporter/text.hpp>

#include "detail/version.hpp"

namespace exporter::kube {
namespace {

constexpr auto kDuration = Metric<2>{"http_request_duration_seconds",
                                     "Time that requests to /metrics of the main port took.",
                                     MetricType::kHistogram,
                                     {"handler", "method"}};
constexpr auto kShardOrdinal =
    gauge("kube_state_metrics_shard_ordinal", "Which shard this is, from 0.", "shard_ordinal");
constexpr auto kTotalShards = gauge("kube_state_metrics_total_shards", "How many shards there are.");
constexpr auto kLists =
    counter("kube_state_metrics_list_total", "Lists of objects, by how they ended.", "resource", "result");
constexpr auto kWatches =
    counter("kube_state_metrics_watch_total", "Watches of objects, by how they ended.", "resource", "result");
constexpr auto kListObjects =
    gauge("kube_state_metrics_list_objects", "Objects in the last list; only with a limit.", "resource");
constexpr auto kListLimit =
    gauge("kube_state_metrics_list_objects_limit", "Most objects to list; only with a limit.", "resource");
constexpr auto kConfigHash = gauge("kube_state_metrics_config_hash",
                                   "Number made of the MD5 of a config file in use.", "filename", "type");
constexpr auto kReloadSuccessful =
    gauge("kube_state_metrics_last_config_reload_successful",
          "1 where a config file could be used when it was read last.", "filename", "type");
constexpr auto kReloadTime =
    gauge("kube_state_metrics_last_config_reload_success_timestamp_seconds",
          "When a config file could be used last, in seconds since 1970.", "filename", "type");
constexpr auto kCustomAdded = counter("kube_state_metrics_custom_resource_state_add_events_total",
                                      "Custom resource definitions that appeared.");
constexpr auto kCustomUpdated = counter("kube_state_metrics_custom_resource_state_update_events_total",
                                        "Custom resource definitions that changed.");
constexpr auto kCustomDeleted = counter("kube_state_metrics_custom_resource_state_delete_events_total",
                                        "Custom resource definitions that went.");
constexpr auto kCustomCache =
    gauge("kube_state_metrics_custom_resource_state_cache", "Custom resource definitions that are known.");
constexpr auto kStale = gauge("kube_state_metrics_resource_stale_seconds",
                              "Time since a resource was known to be up to date; 0 while it is watched.",
                              "resource", "watched_namespace");
constexpr auto kSynced =
    gauge("kube_state_metrics_resource_synced", "1 once a resource has been listed completely.", "resource",
          "watched_namespace");
constexpr auto kRelists =
    counter("kube_state_metrics_resource_relists_total", "Complete lists of a resource after its first one.",
            "resource", "watched_namespace");
constexpr auto kEvents =
    counter("kube_state_metrics_resource_events_total", "Objects of a resource that came by a watch.",
            "resource", "watched_namespace");
constexpr auto kMalformed = counter("kube_state_metrics_resource_malformed_total",
                                    "Objects that could not be read and are left out.", "resource");
constexpr auto kObjects =
    gauge("kube_state_metrics_resource_objects", "Objects that are exposed.", "resource");
constexpr auto kMemory = gauge("kube_state_metrics_resource_memory_bytes",
                               "Memory that a resource's state takes, by what for.", "resource", "part");

constexpr auto kBuildInfo =
    gauge("kube_state_metrics_build_info", "Version and platform of this build; always 1.", "branch",
          "client_go_version", "goarch", "goos", "goversion", "revision", "tags", "version");

constexpr std::array kAll = {MetricInfo(kBuildInfo),     MetricInfo(kDuration),
                             MetricInfo(kShardOrdinal),  MetricInfo(kTotalShards),
                             MetricInfo(kLists),         MetricInfo(kWatches),
                             MetricInfo(kListObjects),   MetricInfo(kListLimit),
                             MetricInfo(kConfigHash),    MetricInfo(kReloadSuccessful),
                             MetricInfo(kReloadTime),    MetricInfo(kCustomAdded),
                             MetricInfo(kCustomUpdated), MetricInfo(kCustomDeleted),
                             MetricInfo(kCustomCache),   MetricInfo(kStale),
                             MetricInfo(kSynced),        MetricInfo(kRelists),
                             MetricInfo(kEvents),        MetricInfo(kMalformed),
                             MetricInfo(kObjects),       MetricInfo(kMemory)};

struct Totals {
  std::uint64_t lists = 0, failed_lists = 0, watches = 0, failed_watches = 0, objects = 0;
};

void write_reflectors(Sink& sink, const Cluster& cluster) {
  std::map<std::string, Totals> by_type;  // the original's label is a type's name, of all namespaces
  for (const auto& each : cluster.status()) {
    auto& totals = by_type[each.type];
    totals.lists += each.lists;
    totals.failed_lists += each.failed_lists;
    totals.watches += each.watches;
    totals.failed_watches += each.failed_watches;
    totals.objects += each.listed_objects;
    sink(kStale, {each.plural, each.name_space}, each.stale_seconds);
    sink(kSynced, {each.plural, each.name_space}, each.synced ? 1 : 0);
    sink(kRelists, {each.plural, each.name_space}, each.relists);
    sink(kEvents, {each.plural, each.name_space}, each.events);
  }
  const auto limit = cluster.options().object_limit;
  for (const auto& [type, totals] : by_type) {
    if (totals.lists > 0) sink(kLists, {type, "success"}, totals.lists);
    if (totals.failed_lists > 0) sink(kLists, {type, "error"}, totals.failed_lists);
    if (totals.watches > 0) sink(kWatches, {type, "success"}, totals.watches);
    if (totals.failed_watches > 0) sink(kWatches, {type, "error"}, totals.failed_watches);
    if (limit > 0) {
      sink(kListObjects, {type}, totals.objects);
      sink(kListLimit, {type}, limit);
    }
  }
}

void write_stores(Sink& sink, const Cluster& cluster) {
  struct Sum {
    std::size_t objects = 0;
    std::uint64_t malformed = 0;
    StoreMemory memory;
  };
  std::map<std::string_view, Sum> by_resource;  // a custom resource may have several
  const auto stores = cluster.stores();
  for (const auto& store : stores) {
    auto& sum = by_resource[store->resource().name];
    const auto memory = store->memory();
    sum.objects += store->objects();
    sum.malformed += store->malformed();
    sum.memory.records += memory.records;
    sum.memory.slack += memory.slack + memory.chunks;
    sum.memory.index += memory.index;
    sum.memory.strings += memory.strings;
    sum.memory.compressed += memory.compressed;
  }
  for (const auto& [resource, sum] : by_resource) {
    sink(kObjects, {resource}, sum.objects);
    sink(kMalformed, {resource}, sum.malformed);
    sink(kMemory, {resource, "records"}, sum.memory.records);
    sink(kMemory, {resource, "slack"}, sum.memory.slack);
    sink(kMemory, {resource, "index"}, sum.memory.index);
    sink(kMemory, {resource, "strings"}, sum.memory.strings);
    sink(kMemory, {resource, "compressed"}, sum.memory.compressed);
  }
}

}  // namespace

void RequestDurations::observe(std::string_view method, std::chrono::steady_clock::duration took) {
  std::string name(method);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  // Methods are whatever a client makes up; only known ones become labels.
  if (name != "get" && name != "post" && name != "head" && name != "put") name = "unknown";
  const double seconds = std::chrono::duration<double>(took).count();
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  const std::lock_guard lock(mutex_);
  auto& histogram = by_method_[name];
  ++histogram.counts[bucket];
  histogram.sum += seconds;
}

void RequestDurations::write(Sink& sink) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [method, histogram] : by_method_) {
    const auto sample = [&](std::string_view suffix, Value value, std::string_view bound = {}) {
      const std::array<Label, 3> labels = {Label{"handler", "metrics"}, Label{"method", method},
                                           Label{"le", bound}};
      sink.sample(kDuration.name, kDuration.help, kDuration.type,
                  std::span(labels).first(bound.empty() ? 2 : 3), value, suffix);
    };
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
      count += histogram.counts[i];
      std::array<char, 32> room;
      const std::string_view bound =
          i < kBounds.size() ? std::string_view(room.data(), append_number(room.data(), kBounds[i])) : "+Inf";
      sample("_bucket", count, bound);
    }
    sample("_sum", histogram.sum);
    sample("_count", count);
  }
}

std::uint64_t config_hash(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_md5(), nullptr) != 1) return 0;
  std::uint64_t hash = 0;
  for (std::size_t i = 6; i-- > 0;) hash = hash << 8 | digest[i];
  return hash;
}

std::unique_ptr<Collector> make_telemetry(TelemetrySources sources) {
  return collector_from([sources = std::move(sources)](Sink& sink, const Scrape&) -> Status {
    sources.durations.write(sink);
    for (const auto& file : sources.config_files()) {
      sink(kReloadSuccessful, {file.filename, file.type}, file.successful ? 1 : 0);
      if (file.success_time > 0) {
        sink(kReloadTime, {file.filename, file.type}, file.success_time);
        sink(kConfigHash, {file.filename, file.type}, file.hash);
      }
    }
    const auto& events = sources.custom_events;
    sink(kCustomAdded, events.added.load());
    sink(kCustomUpdated, events.updated.load());
    sink(kCustomDeleted, events.deleted.load());
    sink(kCustomCache, events.known.load());
    // No Go was used; the compiler stands where people look for what a build was made with.
    sink(kBuildInfo,
         {"", "unknown", detail::architecture(), "linux", detail::compiler(), detail::revision(), "unknown",
          detail::version()},
         1);
    const auto cluster = sources.cluster();
    if (!cluster) return {};
    const auto shard = cluster->shard();
    sink(kShardOrdinal, {Digits(shard.ordinal)}, shard.ordinal);
    sink(kTotalShards, shard.total);
    write_reflectors(sink, *cluster);
    write_stores(sink, *cluster);
    return {};
  });
}

std::span<const MetricInfo> telemetry_metrics() { return kAll; }

}  // namespace exporter::kube
