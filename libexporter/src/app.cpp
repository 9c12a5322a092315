// SPDX-License-Identifier: Apache-2.0
// The frame of an exporter: what happens from the command line to the exit status.

#include <exporter/app.hpp>

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include <exporter/log.hpp>
#include <exporter/runner.hpp>
#include <exporter/server.hpp>
#include <exporter/text.hpp>

#include "detail/landing_page.hpp"
#include "detail/list_metrics.hpp"
#include "detail/metrics_endpoint.hpp"
#include "detail/self_metrics.hpp"
#include "detail/startup_memory.hpp"
#include "detail/version.hpp"
#include "detail/web.hpp"

namespace exporter {
namespace {

using Clock = std::chrono::steady_clock;

/// Kept-open files need descriptors: takes what the hard limit allows, as Go programs do.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
}

Response text_response(int status, std::string text) {
  return {.status = status, .body = shared_body(std::move(text))};
}

constexpr std::uint64_t kFirstRequests = 4;

/// Writes to standard output; returns the exit status.
int print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0 ? 0 : 1;
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

/// The end of a program that an exception got out of: a line of the log instead of libstdc++'s, then a core
/// dump.
[[noreturn]] void report_exception() {
  try {
    if (const auto exception = std::current_exception()) std::rethrow_exception(exception);
    log::error("The program must end", {{"err", "std::terminate was called"}});
  } catch (const std::exception& error) {
    log::error("The program must end: nobody caught an exception", {{"err", error.what()}});
  } catch (...) {
    log::error("The program must end: nobody caught an exception", {{"err", "of an unknown type"}});
  }
  std::abort();
}

}  // namespace

struct App::Impl {
  struct Entry {
    std::string name;
    std::string description;
    std::span<const MetricInfo> metrics;
    std::unique_ptr<Collector> collector;
    bool keep_partial;
    bool on;
    Flag<bool>* flag;  // null: always on
  };

  explicit Impl(AppInfo app_info)
      : info(std::move(app_info)),
        flags(info.program, info.description, info.flag_style),
        metrics_flags(flags) {}

  AppInfo info;
  Flags flags;
  detail::MetricsFlags metrics_flags;
  detail::MetricsEndpoint metrics;
  std::deque<Entry> entries;
  std::vector<std::function<Status()>> checks;
  std::vector<std::function<Status()>> reloads;
  std::vector<std::pair<std::string, Handler>> routes;
  Interceptor interceptor;
  std::vector<std::string> addresses;  // instead of the flag's
  std::optional<std::string> web_config_path;
  ServerOptions server_options;
  std::function<int()> print_once;
  std::function<Status()> before_serving;
  std::vector<detail::MetricGroup> described;
  std::vector<detail::LandingForm> forms;  // of probes, which are among the routes
  std::vector<std::pair<std::string, std::optional<unsigned>>> links;
  const std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
  bool own_metrics = true;
  bool process_metrics = true;

  const Flag<std::vector<std::string>>* listen = nullptr;
  const Flag<std::string>* web_config = nullptr;
  const Flag<bool>* systemd_socket = nullptr;
  const Flag<std::string>* telemetry_path = nullptr;
  const Flag<bool>* no_own_metrics = nullptr;
  const Flag<std::string>* log_level = nullptr;
  const Flag<std::string>* log_format = nullptr;
  const Flag<bool>* once = nullptr;
  const Flag<bool>* check_config = nullptr;
  const Flag<bool>* list_metrics = nullptr;
  const Flag<bool>* no_defaults = nullptr;
  const Flag<bool>* markdown = nullptr;

  std::unique_ptr<detail::Web> web;  // null without --web.config.file
  std::unique_ptr<Server> server;
  std::atomic<std::uint64_t> requests{0};

  void declare_flags();
  bool enabled(const Entry& entry) const;
  Status start();
  int print_page();
  Result<std::vector<std::string>> open_addresses();
  int serve();
  Status reload();
  void watch_signals();
  void handle(const Request& request, Reply reply);
  detail::LandingPage landing_page(const Request& request);
};

App::App(AppInfo info) : impl_(std::make_unique<Impl>(std::move(info))) { impl_->declare_flags(); }
App::~App() = default;
Flags& App::flags() { return impl_->flags; }

void App::add(std::string name, std::span<const MetricInfo> metrics, std::unique_ptr<Collector> collector,
              bool keep_partial) {
  impl_->entries.push_back({std::move(name), "", metrics, std::move(collector), keep_partial, true, nullptr});
}

void App::add_switchable(std::string name, bool on, std::string_view description,
                         std::span<const MetricInfo> metrics, std::unique_ptr<Collector> collector,
                         bool keep_partial) {
  if (!impl_->no_defaults) {
    impl_->no_defaults = &impl_->flags.toggle("collector.disable-defaults", false,
                                              "Switch off all collectors but those that a flag names.");
  }
  auto& flag =
      impl_->flags.toggle("collector." + name, on, "Collector " + name + ": " + std::string(description));
  impl_->entries.push_back(
      {std::move(name), std::string(description), metrics, std::move(collector), keep_partial, on, &flag});
}

void App::on_start(std::function<Status()> check) { impl_->checks.push_back(std::move(check)); }
void App::on_reload(std::function<Status()> reload) { impl_->reloads.push_back(std::move(reload)); }

void App::route(std::string path, Handler handler) {
  impl_->routes.emplace_back(std::move(path), std::move(handler));
}

void App::probe(std::string path, std::function<Status(Sink&, const Scrape&)> probe,
                std::vector<ProbeField> fields) {
  impl_->forms.push_back({path, std::move(fields)});
  route(std::move(path), [self = impl_.get(), probe = std::move(probe)](const Request& request, Reply reply) {
    self->metrics.handle_probe(probe, request, std::move(reply));
  });
}

void App::link(std::string path, std::optional<unsigned> listener) {
  impl_->links.emplace_back(std::move(path), listener);
}

void App::intercept(Interceptor interceptor) { impl_->interceptor = std::move(interceptor); }
void App::listen_on(std::vector<std::string> addresses) { impl_->addresses = std::move(addresses); }
void App::web_config_file(std::string path) { impl_->web_config_path = std::move(path); }
void App::server_options(const ServerOptions& options) { impl_->server_options = options; }
void App::on_serve(std::function<Status()> start) { impl_->before_serving = std::move(start); }
void App::describe(std::string_view group, bool on, std::span<const MetricInfo> metrics) {
  impl_->described.push_back({group, on, metrics});
}
void App::on_once(std::function<int()> print) { impl_->print_once = std::move(print); }
void App::without_own_metrics() { impl_->own_metrics = false; }
void App::without_process_metrics() { impl_->process_metrics = false; }

Build build() { return {detail::version(), detail::revision(), detail::compiler()}; }

Status App::protect(const PortProtection& protection) {
  if (impl_->web)
    return fail(Code::kInvalid,
                "the port is protected by --web.config.file and by other flags; use one of them");
  auto web = detail::Web::make(protection);
  if (!web) return std::unexpected(web.error());
  impl_->web = std::move(*web);
  return {};
}

void App::Impl::declare_flags() {
  if (!info.listen.empty()) {
    listen =
        &flags.list("web.listen-address", info.listen, "Address to listen on; may be given more than once.");
  }
  web_config = &flags.text("web.config.file", "", "File with TLS settings, users, headers and a rate limit.");
  systemd_socket =
      &flags.toggle("web.systemd-socket", false,
                    "Serve on the sockets that systemd passes, instead of the listen addresses.");
  telemetry_path = &flags.text("web.telemetry-path", "/metrics", "Path of the metrics.");
  no_own_metrics = &flags.toggle("web.disable-exporter-metrics", false,
                                 "Leave out metrics about the exporter itself (promhttp_*, process_*).");
  log_level = &flags.text("log.level", "info", "Least severe log lines to write.")
                   .choices({"debug", "info", "warn", "error"});
  log_format = &flags.text("log.format", "logfmt", "Form of log lines.").choices({"logfmt", "json"});
  once = &flags.toggle("once", false, "Print one page on standard output and exit.");
  check_config = &flags.toggle("check-config", false, "Check flags and settings and exit.");
  list_metrics =
      &flags.toggle("list-metrics", false, "List all metrics with type, labels and collector and exit.");
  markdown = &flags.toggle("help-markdown", false, "Print all flags as a Markdown table and exit.").hidden();
  flags.version_text(detail::version_text(info.program));
  for (const auto& names : info.flag_names) flags.extend(names.flag, names.alias, names.environment);
}

bool App::Impl::enabled(const Entry& entry) const {
  if (!entry.flag) return true;
  if (no_defaults && **no_defaults && !entry.flag->given()) return false;
  return **entry.flag;
}

Status App::Impl::start() {
  for (const auto& check : checks) {
    if (auto status = check(); !status) return status;
  }
  auto& runner = metrics.runner();
  if (own_metrics && !**no_own_metrics) {
    if (process_metrics) {
      runner.add(
          {.name = "process", .keep_partial = true, .observed = false, .families = detail::process_metrics()},
          detail::make_process_collector());
    }
    runner.add(
        {.name = "promhttp", .keep_partial = true, .observed = false, .families = detail::handler_metrics()},
        detail::make_handler_collector(metrics.counts()));
  }
  if (!info.writes_build_info) {
    runner.add({.name = "build_info", .keep_partial = true, .observed = false},
               detail::make_build_info(info.build_info.empty() ? info.program : info.build_info));
  }
  metrics.begin_choice();
  std::vector<std::string> names;
  for (auto& entry : entries) {
    if (entry.flag && !enabled(entry)) {
      entry.collector.reset();
      metrics.add_disabled(entry.name);
    }
    if (!entry.collector) continue;
    names.push_back(entry.name);
    runner.add({.name = entry.name,
                .keep_partial = entry.keep_partial,
                .observed = true,
                .families = entry.metrics,
                .min_interval = metrics.min_interval(entry.name)},
               std::move(entry.collector));
  }
  if (auto status = metrics.start(); !status) return status;
  log::info("Enabled collectors", {{"collectors", joined(names)}});
  return {};
}

Status App::Impl::reload() {
  detail::notify_systemd_reloading();
  for (const auto& step : reloads) {
    if (auto status = step(); !status) {
      log::error("Reloading failed, the old settings stay", {{"err", status.error().message}});
      detail::notify_systemd("READY=1");
      return status;
    }
  }
  log::info("Reloaded");
  detail::notify_systemd("READY=1");
  return {};
}

detail::LandingPage App::Impl::landing_page(const Request& request) {
  detail::LandingPage page{.title = info.title,
                           .description = info.description,
                           .metrics_path = **telemetry_path,
                           .query_example = info.query_example,
                           .forms = forms,
                           .started = started,
                           .collectors = metrics.runner().health()};
  for (const auto& [path, handler] : routes) {
    const auto has_form = [&path](const detail::LandingForm& form) { return form.path == path; };
    if (path == **telemetry_path || path.starts_with("/-/") || std::ranges::any_of(forms, has_form)) continue;
    page.links.emplace_back(path);
  }
  for (const auto& [path, listener] : links) {
    if (listener.value_or(request.listener) == request.listener) page.links.emplace_back(path);
  }
  return page;
}

void App::Impl::handle(const Request& request, Reply reply) {
  for (const auto& [path, handler] : routes) {
    if (request.path == path) return handler(request, std::move(reply));
  }
  if (request.path == **telemetry_path) return metrics.handle(request, std::move(reply));
  if (request.path == "/" || request.path == "/-/status") {
    requests.store(0, std::memory_order_relaxed);  // what only people look at is dropped again, too
    const auto page = landing_page(request);
    return reply.send(request.path == "/" ? detail::landing_response(page, request)
                                          : detail::status_response(page));
  }
  if (request.path == "/-/healthy") return reply.send(text_response(200, info.title + " is healthy.\n"));
  if (request.path == "/-/ready") return reply.send(text_response(200, info.title + " is ready.\n"));
  if (request.path == "/-/reload") {
    if (request.method != "POST" && request.method != "PUT") {
      return reply.send(
          {.status = 405, .headers = {{"Allow", "POST, PUT"}}, .body = shared_body("Use POST or PUT.\n")});
    }
    const auto status = reload();
    return reply.send(
        text_response(status ? 200 : 500, status ? "Reloaded.\n" : status.error().message + "\n"));
  }
  reply.send(text_response(404, "404 page not found\n"));
}

/// Signals are taken by a thread of their own, where reloading may take its time.
void App::Impl::watch_signals() {
  std::thread([this] {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    for (int signal = 0; sigwait(&signals, &signal) == 0;) {
      if (signal == SIGHUP) {
        (void)reload();
      } else {
        log::info("Stopping", {{"signal", sigabbrev_np(signal)}});
        detail::notify_systemd("STOPPING=1");
        return server->stop();
      }
    }
  }).detach();
}

int App::Impl::print_page() {
  std::string page;
  std::mutex mutex;
  std::condition_variable ready;
  bool done = false;
  std::thread timer([this] { (void)server->run([](const Request&, const Reply&) {}); });
  metrics.runner().scrape({.selection = metrics.all_collectors(),
                           .deadline = metrics.deadline_of(nullptr),
                           .done = [&](RunResult result) {
                             const std::lock_guard lock(mutex);
                             if (result.body) page = *result.body;
                             done = true;
                             ready.notify_one();
                           }});
  {
    std::unique_lock lock(mutex);
    ready.wait(lock, [&] { return done; });
  }
  server->stop();
  timer.join();
  return print(page);
}

/// People may know a program by more than one port: of several default addresses any one will do.
Result<std::vector<std::string>> App::Impl::open_addresses() {
  if (!addresses.empty()) return server->listen(addresses);
  if (!listen) return fail(Code::kInternal, "no address to listen on");
  if (listen->given() || (**listen).size() < 2) return server->listen(**listen);
  std::vector<std::string> opened;
  Error problem;
  for (const auto& address : **listen) {
    const auto bound = server->listen({address});
    if (bound) {
      opened.insert(opened.end(), bound->begin(), bound->end());
    } else {
      problem = bound.error();
      log::warn("Cannot listen on one of the default addresses",
                {{"address", address}, {"err", problem.message}});
    }
  }
  if (opened.empty()) return std::unexpected(problem);
  return opened;
}

int App::Impl::serve() {
  if (before_serving) {
    if (auto status = before_serving(); !status) {
      log::error("Cannot start", {{"err", status.error().message}});
      return info.start_error_status;
    }
  }
  if (**systemd_socket) log::info("Listening on systemd activated listeners instead of port listeners.");
  auto bound = **systemd_socket ? detail::adopt_systemd_sockets(*server) : open_addresses();
  if (!bound) {
    log::error("Cannot listen", {{"err", bound.error().message}});
    return 1;
  }
  for (const auto& address : *bound) {
    log::info("Listening on", {{"address", address}});
    log::info(web && web->tls() ? "TLS is enabled." : "TLS is disabled.",
              {{"http2", "false"}, {"address", address}});
  }
  watch_signals();
  detail::release_startup_memory();
  Handler handler = [this](const Request& request, Reply reply) { handle(request, std::move(reply)); };
  handler = [this, next = std::move(handler)](const Request& request, Reply reply) {
    // What only first requests run is dropped with what only start-up ran.
    if (requests.fetch_add(1, std::memory_order_relaxed) == kFirstRequests) detail::release_startup_memory();
    if (interceptor) return interceptor(request, std::move(reply), next);
    next(request, std::move(reply));
  };
  if (web) handler = web->protect(*server, std::move(handler));
  detail::notify_systemd("READY=1");
  auto status = server->run(std::move(handler));
  if (!status) {
    log::error("The server failed", {{"err", status.error().message}});
    return 1;
  }
  if (server->busy()) {
    // Whatever it waits for, it may never come, and what it uses must not be taken from under it.
    log::warn("A collector is still at work, the program ends without it");
    std::fflush(nullptr);
    std::_Exit(0);
  }
  return 0;
}

int App::run(int argc, const char* const* argv) {
  auto& self = *impl_;
  std::set_terminate(report_exception);
  auto outcome = self.flags.parse(argc, argv);
  if (!outcome) {
    self.flags.report(outcome.error());
    return self.info.flag_style == Flags::Style::kGo ? 2 : 1;
  }
  if (*outcome == Flags::Outcome::kExit) return 0;
  log::configure(log::parse_level(**self.log_level).value_or(log::Level::kInfo),
                 log::parse_format(**self.log_format).value_or(log::Format::kLogfmt));

  if (**self.markdown) {
    return print(self.flags.markdown());
  }
  if (**self.list_metrics) {
    auto groups = self.described;
    for (const auto& entry : self.entries) groups.push_back({entry.name, self.enabled(entry), entry.metrics});
    groups.push_back({"process", true, detail::process_metrics()});
    groups.push_back({"promhttp", true, detail::handler_metrics()});
    return print(detail::list_metrics(groups));
  }

  // Threads inherit this mask: only the one that waits for signals gets them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();
  mallopt(M_ARENA_MAX, 1);  // a second arena would double what is kept for page buffers

  log::info("Starting " + self.info.program, {{"version", detail::version()}});
  const auto timer = [&self](Clock::time_point when, std::move_only_function<void()> task) {
    self.server->at(when, std::move(task));
  };
  auto settings = self.metrics_flags.settings();
  if (!settings) {
    log::error("Cannot start", {{"err", settings.error().message}});
    return 1;
  }
  self.metrics.open(std::move(*settings), timer, self.info.collector_metrics);
  if (auto status = self.start(); !status) {
    log::error("Cannot start", {{"err", status.error().message}});
    return self.info.start_error_status;
  }
  self.server = std::make_unique<Server>(self.server_options);
  const auto& web_config = self.web_config_path ? *self.web_config_path : **self.web_config;
  if (!web_config.empty()) {
    auto web = detail::Web::open(web_config);
    if (!web) {
      log::error("Cannot use the web config file", {{"err", web.error().message}});
      return 1;
    }
    self.web = std::move(*web);
  }
  if (**self.check_config) {
    std::puts("The configuration is valid.");
    return 0;
  }
  if (**self.once) return self.print_once ? self.print_once() : self.print_page();
  const int status = self.serve();
  // A collector may still be stuck in the kernel: nothing it uses may be taken down, and nobody waits for it.
  std::fflush(nullptr);
  std::_Exit(status);
}

}  // namespace exporter
