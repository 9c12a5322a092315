// SPDX-License-Identifier: Apache-2.0
// The course of a scrape: nearly everything in one round trip, what depends on its answers after it.

#include "instance.hpp"

#include <ctime>

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "keys.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr auto kUp = gauge("redis_up", "Whether the server answered (1) or not (0).");
constexpr auto kScrapes = counter("redis_exporter_scrapes_total", "Scrapes of the server.");
constexpr Metric<0> kDuration{
    "redis_exporter_scrape_duration_seconds", "Time that scrapes took.", MetricType::kSummary, {}};
constexpr auto kLastDuration =
    gauge("redis_exporter_last_scrape_duration_seconds", "Time that the last scrape took.");
constexpr auto kLastError = gauge("redis_exporter_last_scrape_error",
                                  "Whether the last scrape failed (1) or not (0), and why.", "err");
constexpr auto kConnectTime = gauge("redis_exporter_last_scrape_connect_time_seconds",
                                    "Time that connecting to the server took; a connection is kept.");
constexpr auto kPingTime = gauge("redis_exporter_last_scrape_ping_time_seconds", "Time that a PING took.");
constexpr MetricInfo kMetrics[] = {kUp,        kScrapes,     kDuration, kLastDuration,
                                   kLastError, kConnectTime, kPingTime};

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// A part whose failure costs nothing but itself; the connection's failure ends the scrape quietly, as each
/// following part finds out by itself.
void optional_part(std::string_view what, const Status& status) {
  if (!status) log::warn("A part of the scrape failed", {{"part", what}, {"err", status.error().message}});
}
void optional_reply(std::string_view what, const Reply& reply) {
  if (reply.failed()) log::debug("The server refused a command", {{"command", what}, {"err", reply.text}});
}

}  // namespace

std::span<const MetricInfo> instance_metrics() { return kMetrics; }

void write_scrape_counts(Output& out, unsigned long scrapes, unsigned long timed, double seconds) {
  out.plain(kScrapes, scrapes);
  out.plain(kDuration, seconds, "_sum");
  out.plain(kDuration, timed, "_count");
}

Instance::Instance(const Options& options, Address address, std::shared_ptr<TlsSource> tls)
    : options_(options), client_(options, std::move(address), std::move(tls)) {}
Instance::~Instance() = default;

Status Instance::scrape(const KeyChoice& keys, Sink& sink, Deadline deadline) {
  const auto began = Clock::now();
  Output out(sink, options_);
  const auto status = scrape_server(keys, out, deadline);
  const auto seconds = seconds_since(began);
  ++scrapes_;
  seconds_sum_ += seconds;
  out.plain(kConnectTime, client_.connect_seconds());
  out(kUp, status ? 1 : 0);
  std::string_view error = status ? std::string_view() : status.error().message;
  out(kLastError, {error}, status ? 0 : 1);
  out(kLastDuration, seconds);
  write_scrape_counts(out, scrapes_, scrapes_, seconds_sum_);
  return status;
}

Status Instance::ping(Output& out, Deadline deadline) {
  const auto began = Clock::now();
  commands_.clear();
  commands_.add({"PING"});
  if (auto status = client_.ask(commands_, more_, deadline); !status) return status;
  out.plain(kPingTime, seconds_since(began));
  return {};
}

Status Instance::scrape_server(const KeyChoice& keys, Output& out, Deadline deadline) {
  if (auto status = client_.connect(deadline); !status) return status;
  if (options_.ping) {
    if (auto status = ping(out, deadline); !status) return status;
  }
  constexpr std::size_t kNone = ~std::size_t{0};
  commands_.clear();
  const auto info_at = commands_.add({"INFO", "ALL"});
  const bool all_settings = options_.config_metrics || old_config_;
  std::size_t config_at = kNone;
  const std::string_view config = options_.config_command;
  if (!config.empty() && all_settings) {
    config_at = commands_.add({config, "GET", "*"});
  } else if (!config.empty()) {
    config_at = commands_.add({config, "GET", "databases", "maxmemory", "maxclients", "io-threads",
                               "repl-backlog-size", "client-output-buffer-limit", "dir", "dbfilename"});
  }
  std::size_t latest_at = kNone, histogram_at = kNone, clients_at = kNone;
  if (options_.latency_histograms) {
    latest_at = commands_.add({"LATENCY", "LATEST"});
    histogram_at = commands_.add({"LATENCY", "HISTOGRAM"});
  }
  const auto slowlog_length_at = commands_.add({"SLOWLOG", "LEN"});
  const auto slowlog_last_at = commands_.add({"SLOWLOG", "GET", "1"});
  if (options_.client_list) clients_at = commands_.add({"CLIENT", "LIST"});
  if (auto status = client_.ask(commands_, first_, deadline); !status) return status;

  const auto reply = [&](std::size_t at) -> const Reply& {
    static constexpr Reply kNothing;
    return at == kNone ? kNothing : first_[at];
  };
  Replies info_replies;
  const Reply* info = &first_[info_at];
  if (info->failed()) {
    // A server that does not know sections.
    commands_.clear();
    commands_.add({"INFO"});
    if (auto status = client_.ask(commands_, info_replies, deadline); !status) return status;
    info = &info_replies[0];
    if (info->failed()) return fail(Code::kUnavailable, std::string(info->text));
  }
  if (!info->is_text()) return fail(Code::kInvalid, "the answer to INFO is no text");
  if (options_.role_label) out.set_role(info_field(info->text, "role"));

  Replies config_replies;
  const Reply* settings = &reply(config_at);
  if (settings->failed() && !all_settings &&
      settings->text.find("wrong number of arguments") != std::string_view::npos) {
    old_config_ = true;  // before Redis 7 one name at a time, or a pattern
    commands_.clear();
    commands_.add({config, "GET", "*"});
    if (auto status = client_.ask(commands_, config_replies, deadline); !status) return status;
    settings = &config_replies[0];
  }
  optional_reply("CONFIG GET", *settings);
  constexpr std::int64_t kUsualDatabases = 16;
  auto configured = write_config(*settings, options_, out);
  if (!configured) return std::unexpected(configured.error());
  const auto databases = configured->value_or(kUsualDatabases);

  const auto now = static_cast<std::int64_t>(std::time(nullptr));
  const auto facts = write_info(info->text, databases, now, options_, out);
  if (facts.cluster) {
    commands_.clear();
    commands_.add({"CLUSTER", "INFO"});
    const auto status = client_.ask(commands_, more_, deadline);
    optional_part("CLUSTER INFO", status);
    if (status && more_[0].is_text()) write_cluster_info(more_[0].text, out);
  }
  optional_reply("LATENCY LATEST", reply(latest_at));
  optional_reply("LATENCY HISTOGRAM", reply(histogram_at));
  write_latency_latest(reply(latest_at), out);
  write_latency_histogram(reply(histogram_at), facts, out);
  write_slowlog(reply(slowlog_length_at), reply(slowlog_last_at), out);
  write_client_list(reply(clients_at).is_text() ? reply(clients_at).text : std::string_view(), now, options_,
                    out);
  if (!facts.valkey_version.empty())
    optional_part("COMMANDLOG", write_command_log(client_, more_, options_, out, deadline));
  if (facts.sentinel)
    optional_part("SENTINEL", write_sentinel(client_, more_, facts, options_, out, deadline));

  KeyScrape key_scrape{.client = &client_,
                       .options = options_,
                       .out = out,
                       .deadline = deadline,
                       .databases = facts.cluster ? 1 : databases};
  if (options_.cluster && facts.cluster) {
    if (!cluster_) cluster_ = std::make_unique<ClusterClients>();
    const auto status = cluster_->refresh(client_, deadline);
    optional_part("CLUSTER NODES", status);
    if (status) key_scrape.cluster = cluster_.get();
  }
  return key_scrape.run(keys, facts);
}

}  // namespace exporter::redis
