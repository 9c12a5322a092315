// SPDX-License-Identifier: Apache-2.0
// From the start to the last reload.

#include "service.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <exporter/log.hpp>

#include "api/rbac.hpp"
#include "detail/startup_memory.hpp"
#include "detail/web_config_file.hpp"
#include "store/page.hpp"

namespace exporter::kube {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookAfter = 2s;     // how soon a changed file is seen
constexpr auto kNewCluster = 5min;  // how long the old state may stay while the new one is listed
constexpr auto kNewCustom = 30s;
constexpr auto kRetry = 15s;  // after an API server that did not answer
constexpr auto kOnce = 60s;

/// Waits until everything has been listed.
bool wait_until_ready(const Cluster& cluster, Client::Clock::time_point deadline) {
  while (!cluster.ready()) {
    if (Client::Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

/// Whether nothing but custom resources differs.
bool only_custom_differs(Options a, const Options& b) {
  a.custom_resource_config = b.custom_resource_config;
  a.custom_resource_config_file = b.custom_resource_config_file;
  a.continue_without_custom_resource_config = b.continue_without_custom_resource_config;
  return a == b;
}

}  // namespace

struct Service::File {
  std::string type;  // "" for one that telemetry doesn't name
  std::string path;
  detail::FileStamp stamp = detail::FileStamp::of(path);
  bool operator==(const File&) const = default;
};

Service::Service(App& app, char** arguments)
    : app_(app), arguments_(arguments), flags_(app.flags()), endpoints_([this] { return cluster(); }) {
  app.on_start([this] { return check(); });
  app.on_serve([this] { return start(); });
  app.on_once([this] { return print_once(); });
  app.on_reload([this] { return reload(); });
  app.intercept([this](const Request& request, Reply reply, const Handler& next) {
    endpoints_.handle(request, std::move(reply), next);
  });
  app.link("/healthz", Endpoints::kMain);
  app.link("/livez", Endpoints::kMain);
  app.link("/readyz", Endpoints::kTelemetry);
  app.add("telemetry", telemetry_metrics(),
          make_telemetry({.cluster = [this] { return cluster(); },
                          .config_files =
                              [this] {
                                const std::lock_guard lock(mutex_);
                                return file_states_;
                              },
                          .durations = endpoints_.durations(),
                          .custom_events = custom_events_}));
}

Service::~Service() = default;

std::shared_ptr<Cluster> Service::cluster() const {
  const std::lock_guard lock(mutex_);
  return cluster_;
}

/// Without asking anybody.
Status Service::check() {
  if (flags_.verbosity() >= 4) log::configure(log::Level::kDebug, log::Format::kLogfmt);
  auto options = flags_.read();
  if (!options) return fail(options);
  const auto custom = check_policy(*options);
  if (!custom) return fail(custom);
  if (flags_.print_rbac()) {
    const auto chosen = chosen_resources(*options);
    std::vector<std::pair<std::string, std::string>> kinds;
    for (const auto& each : *custom) {
      kinds.emplace_back(each.group, each.kind == "*" ? "*" : each.likely_plural());
    }
    const auto manifest = rbac_manifest({.resources = *chosen,
                                         .auth_filter = options->auth_filter,
                                         .custom_resources = !options->custom_resource_config.empty() ||
                                                             !options->custom_resource_config_file.empty(),
                                         .custom = kinds,
                                         .shard_namespace = options->pod_namespace});
    std::fputs(manifest.c_str(), stdout);
    std::exit(std::fflush(stdout) == 0 ? 0 : 1);
  }
  app_.listen_on({listen_address(options->host, options->port),
                  listen_address(options->telemetry_host, options->telemetry_port)});
  if (!options->tls_config.empty()) app_.web_config_file(options->tls_config);
  const auto milliseconds = [](std::chrono::nanoseconds time) {
    // 0 is no limit there; here everything has one.
    return time.count() > 0 ? std::chrono::ceil<std::chrono::milliseconds>(time)
                            : std::chrono::milliseconds(10min);
  };
  ServerOptions server;
  server.head_timeout = milliseconds(options->read_header_timeout);
  server.idle_timeout = milliseconds(options->idle_timeout);
  server.send_timeout = milliseconds(options->write_timeout);
  app_.server_options(server);
  options_ = std::move(*options);
  return {};
}

Status Service::start() {
  auto opened = Cluster::open(options_, custom_events_);
  if (!opened) return fail(opened);
  {
    const std::lock_guard lock(mutex_);
    cluster_ = std::move(*opened);
  }
  note_files(true);
  keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
  return {};
}

/// Sees to files that change, and to what is done now and then.
void Service::keep(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  auto seen = files();
  bool listed = false;
  bool reconnect = false;
  Client::Clock::time_point retry = Client::Clock::time_point::max();
  for (;;) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, kLookAfter, [] { return false; });
    if (stop.stop_requested()) return;
    look_after();
    if (!listed && (listed = cluster()->ready())) detail::release_startup_memory();  // lists are behind us
    const auto now = files();
    if (now == seen && Client::Clock::now() < retry) continue;
    if (now != seen) log::info("A config file has changed");
    // A kubeconfig may say something else under the same name.
    reconnect = reconnect || std::ranges::any_of(now, [&seen](const File& file) {
                  return file.type.empty() && std::ranges::find(seen, file) == seen.end();
                });
    const auto status = reload(reconnect);
    // What is wrong with a file is mended by another change; an API server that is away comes back.
    const bool again = !status && status.error().code != Code::kInvalid;
    retry = again ? Client::Clock::now() + kRetry : Client::Clock::time_point::max();
    reconnect = reconnect && again;
    seen = files();  // the new options may name others
    for (auto& file : seen) {
      // What was written while reading is seen the next time.
      const auto it = std::ranges::find(now, file.path, &File::path);
      if (it != now.end()) file.stamp = it->stamp;
    }
  }
}

void Service::look_after() {
  const auto current = cluster();
  if (!current) return;
  const auto stores = current->stores();
  std::vector<Store*> all;
  for (const auto& store : stores) all.push_back(store.get());
  drop_idle_blocks(all);
  give_up_late_pages();
}

int Service::print_once() {
  auto opened = Cluster::open(options_, custom_events_);
  if (!opened) {
    log::error("Cannot start", {{"err", opened.error().message}});
    return 1;
  }
  if (!wait_until_ready(**opened, Client::Clock::now() + kOnce))
    log::warn("Not everything could be listed in time");
  const auto stores = (*opened)->stores();
  std::vector<Store*> all;
  for (const auto& store : stores) all.push_back(store.get());
  Page page(all, {});
  std::string piece;
  for (bool more = true; more;) {
    piece.clear();
    more = page(piece);
    if (std::fwrite(piece.data(), 1, piece.size(), stdout) != piece.size()) return 1;
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}

std::vector<Service::File> Service::files() const {
  std::vector<File> all;
  if (!flags_.config_file().empty()) all.push_back({"config", flags_.config_file()});
  const std::lock_guard lock(mutex_);
  if (!options_.custom_resource_config_file.empty()) {
    all.push_back({"customresourceconfig", options_.custom_resource_config_file});
  }
  if (!options_.kubeconfig.empty()) all.push_back({"", options_.kubeconfig});
  return all;
}

void Service::note_files(bool successful) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  std::vector<ConfigFileState> states;
  for (const auto& file : files()) {
    if (file.type.empty()) continue;
    auto content = detail::read_small_file(file.path);
    if (!content && successful) continue;  // it may come later
    states.push_back(
        {file.type, file.path, content ? config_hash(*content) : 0, successful, successful ? now : 0});
  }
  const std::lock_guard lock(mutex_);
  if (!successful) {
    for (auto& state : states) {
      const auto old = std::ranges::find(file_states_, state.filename, &ConfigFileState::filename);
      if (old == file_states_.end()) continue;
      state.hash = old->hash;
      state.success_time = old->success_time;
    }
  }
  file_states_ = std::move(states);
}

Status Service::reload(bool reconnect) {
  const std::lock_guard one(reloading_);
  auto options = flags_.read();
  auto status = options ? apply(std::move(*options), reconnect) : fail(options);
  if (!status) log::error("The config cannot be used, the old one stays", {{"err", status.error().message}});
  note_files(status.has_value());
  return status;
}

Status Service::apply(Options options, bool reconnect) {
  auto custom = check_policy(options);
  if (!custom) return fail(custom);
  const auto current = cluster();
  Options old;
  {
    const std::lock_guard lock(mutex_);
    old = options_;
  }
  if (!same_listeners(old, options)) restart();
  if (!reconnect && only_custom_differs(old, options)) {
    current->replace_custom(std::move(*custom), Client::Clock::now() + kNewCustom);
  } else {
    auto opened = Cluster::open(options, custom_events_);
    if (!opened) return fail(opened);
    if (!wait_until_ready(**opened, Client::Clock::now() + kNewCluster)) {
      log::warn("Not everything could be listed in time by the new config");
    }
    const std::lock_guard lock(mutex_);
    std::swap(cluster_, *opened);  // the old one ends without the lock
  }
  const std::lock_guard lock(mutex_);
  options_ = std::move(options);
  return {};
}

/// Addresses, certificates and time-outs belong to the open sockets: the program begins anew in this process.
void Service::restart() {
  log::info("Settings of the listening ports have changed: starting again");
  std::fflush(nullptr);
  ::execv("/proc/self/exe", arguments_);
  log::error("Cannot start again; the ports keep their settings", {{"err", errno_text(errno)}});
}

}  // namespace exporter::kube
