// SPDX-License-Identifier: Apache-2.0
// Puts flags, servers and paths together.

#include "service.hpp"

#include <exporter/log.hpp>

#include "cluster.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr auto kBadTargets =
    counter("redis_target_scrape_request_errors_total", "Requests to /scrape that were no good.");

constexpr auto kBuildInfo = gauge("redis_exporter_build_info", "Which build this is; always 1.", "build_date",
                                  "commit_sha", "golang_version", "version");

/// The page goes out a little before the scraper gives up: what is written after a server's silence must be
/// on it.
constexpr std::chrono::milliseconds kMargin{100};

Deadline inner_deadline(const Scrape& scrape) {
  const auto now = std::chrono::steady_clock::now();
  const auto left = scrape.deadline() - now;
  return scrape.deadline() - std::min<Deadline::duration>(kMargin, left / 10);
}

Response text(int status, std::string body) {
  return {.status = status, .body = shared_body(std::move(body))};
}

std::vector<MetricInfo> all_metrics() {
  std::vector<MetricInfo> all;
  for (const auto part : {instance_metrics(), info_metrics(), section_metrics()})
    all.insert(all.end(), part.begin(), part.end());
  all.emplace_back(kBadTargets);
  all.emplace_back(kBuildInfo);
  return all;
}

/// What a /scrape request asks for beside the server.
Result<KeyChoice> key_choice(const Request& request) {
  KeyChoice keys;
  const struct {
    std::string_view name;
    std::vector<KeyPattern>* to;
  } lists[] = {{"check-keys", &keys.check_keys},
               {"check-single-keys", &keys.check_single_keys},
               {"check-streams", &keys.check_streams},
               {"check-single-streams", &keys.check_single_streams},
               {"count-keys", &keys.count_keys}};
  for (const auto& list : lists) {
    auto patterns = parse_key_patterns(request.parameter(list.name));
    if (!patterns)
      return fail(Code::kInvalid, "invalid " + std::string(list.name) + ": " + patterns.error().message);
    *list.to = std::move(*patterns);
  }
  return keys;
}

}  // namespace

Service::Service(App& app) : app_(app), flags_(app.flags()) {
  static const auto metrics = all_metrics();
  app.add("redis", metrics,
          collector_from([this](Sink& sink, const Scrape& scrape) { return collect(sink, scrape); }), true);
  app.on_start([this] { return start(); });
  app.on_reload([this]() -> Status {
    auto status = flags_.reload_passwords();
    if (!status && status.error().code == Code::kNoData) return {};
    return status;
  });
}

Status Service::start() {
  if (auto status = flags_.finish(); !status) return status;
  const auto& options = flags_.options();
  if (!flags_.own_metrics()) app_.without_own_metrics();
  const auto protection = flags_.port_protection();
  if (!protection) return fail(protection);
  if (*protection) {
    if (auto status = app_.protect(**protection); !status) return status;
  }
  if (const auto& tls = options.tls; !tls.ca_file.empty() || !tls.certificate_file.empty()) {
    // Wrong files are told now, even where only a target will need them.
    if (auto checked = TlsSource::open(tls); !checked) return std::unexpected(checked.error());
  }
  if (!options.address.empty()) {
    auto address = parse_address(options.address);
    if (!address) return fail(Code::kInvalid, "redis.addr: " + address.error().message);
    password_in_address_ = !address->password.empty();
    if (!options.user.empty()) address->user = options.user;
    main_user_ = address->user;
    main_key_ = options.address;
    auto tls = tls_for(*address, {});
    if (!tls) return std::unexpected(tls.error());
    main_ = std::make_unique<Instance>(options, std::move(*address), std::move(*tls));
  }
  if (flags_.scrape_endpoint()) {
    app_.probe("/scrape", [this](Sink& sink, const Scrape& scrape) { return scrape_target(sink, scrape); },
               {{"target", "redis://host:6379", true}, {"check-keys", "db0=user:*"}});
  }
  app_.route("/discover-cluster-nodes",
             [this](const Request& request, exporter::Reply reply) { reply.send(discover(request)); });
  app_.route("/health", [](const Request&, exporter::Reply reply) { reply.send(text(200, "ok")); });
  app_.route("/-/reload", [this](const Request&, exporter::Reply reply) {
    const auto status = flags_.reload_passwords();
    if (status) {
      log::info("Reloaded the password file");
      return reply.send(text(200, "ok"));
    }
    log::error("Reloading failed, the old passwords stay", {{"err", status.error().message}});
    reply.send(text(status.error().code == Code::kNoData ? 400 : 500, status.error().message + "\n"));
  });
  return {};
}

Result<std::shared_ptr<TlsSource>> Service::tls_for(const Address& address, std::string_view server_name) {
  if (!address.tls) return std::shared_ptr<TlsSource>();
  auto settings = flags_.options().tls;
  if (!server_name.empty()) {
    settings.server_name = server_name;
    return TlsSource::open(settings);
  }
  const std::lock_guard lock(tls_mutex_);
  if (!tls_) {
    auto made = TlsSource::open(settings);
    if (!made) return made;
    tls_ = std::move(*made);
  }
  return tls_;
}

void Service::write_own(Sink& sink, unsigned long bad_targets) const {
  Output out(sink, flags_.options());
  out.plain(kBadTargets, bad_targets);
  if (!flags_.own_metrics()) return;
  // No Go was used; the compiler stands where people look for what a build was made with.
  const auto build = exporter::build();
  out.plain(kBuildInfo, {"", build.revision, build.compiler, build.version}, 1);
}

Status Service::collect(Sink& sink, const Scrape& scrape) {
  write_own(sink, bad_targets_.load());
  if (!main_) {
    Output out(sink, flags_.options());
    write_scrape_counts(out, ++idle_scrapes_, 0, 0);
    return {};
  }
  if (!password_in_address_ || !flags_.options().password.empty()) {
    main_->set_credentials(main_user_, flags_.password_for(main_key_, main_user_));
  }
  return main_->scrape(flags_.options().keys, sink, inner_deadline(scrape));
}

Status Service::scrape_target(Sink& sink, const Scrape& scrape) {
  const auto& request = *scrape.request();
  const auto refuse = [&](std::string message) -> Status {
    ++bad_targets_;
    return fail(Code::kInvalid, std::move(message));
  };
  const auto target = request.parameter("target");
  if (target.empty()) return refuse("'target' parameter must be specified");
  auto address = parse_address(target);
  if (!address) return refuse("invalid 'target' parameter: " + address.error().message);
  const auto keys = key_choice(request);
  if (!keys) return refuse(keys.error().message);

  const auto& options = flags_.options();
  auto server_name = request.parameter("tls_server_name");
  if (server_name.empty()) server_name = request.parameter("tls-server-name");
  auto tls = tls_for(*address, server_name);
  if (!tls) return std::unexpected(tls.error());
  if (address->user.empty()) address->user = options.user;
  // A password never comes by a request.
  std::string key(target);
  if (const auto at = key.rfind('@'); at != std::string::npos) {
    const auto host = key.find("://") == std::string::npos ? 0 : key.find("://") + 3;
    key.erase(host, at + 1 - host);
  }
  address->password = flags_.password_for(key, address->user);
  Instance instance(options, std::move(*address), std::move(*tls));
  write_own(sink, 0);
  if (const auto status = instance.scrape(*keys, sink, inner_deadline(scrape)); !status) {
    log::error("A target's scrape failed", {{"target", key}, {"err", status.error().message}});
  }
  return {};
}

Response Service::discover(const Request& request) {
  const auto& options = flags_.options();
  if (!options.cluster) return text(400, "The discovery of cluster nodes needs -is-cluster\n");
  auto address = parse_address(options.address);
  if (!address || options.address.empty()) return text(400, "redis.addr names no server\n");
  if (!options.user.empty()) address->user = options.user;
  if (address->password.empty() || !options.password.empty()) {
    address->password = flags_.password_for(options.address, address->user);
  }
  auto tls = tls_for(*address, {});
  if (!tls) return text(500, tls.error().message + "\n");
  constexpr std::chrono::seconds kPatience{10};
  const bool secure = address->tls;
  Client client(options, std::move(*address), std::move(*tls));
  auto nodes = cluster_nodes(client, options.cluster_hostnames, request.received + kPatience);
  if (!nodes) return text(500, nodes.error().message + "\n");
  return {.content_type = "application/json", .body = shared_body(discovery_page(*nodes, secure))};
}

}  // namespace exporter::redis
