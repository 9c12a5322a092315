// SPDX-License-Identifier: Apache-2.0
#pragma once

// The frame of an exporter: flags, environment, logs, signals, the HTTP endpoints, one-shot and check modes.
// What is left to write are its collectors:
//
//     int main(int argc, char** argv) {
//       exporter::App app({.program = "minimal_exporter", .title = "Minimal Exporter",
//                          .description = "Shows how little an exporter needs.", .listen = {":9999"}});
//       app.add("answer", kMetrics, exporter::collector_from([](Sink& sink, const Scrape&) -> Status {
//         sink(kAnswer, 42);
//         return {};
//       }));
//       return app.run(argc, argv);
//     }

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/export.hpp>
#include <exporter/flags.hpp>
#include <exporter/metric.hpp>
#include <exporter/server.hpp>

namespace exporter {

/// How the original of an exporter calls one of the frame's flags; either may be empty.
struct FlagNames {
  std::string_view flag;         ///< ours: "web.telemetry-path"
  std::string_view alias;        ///< another name for it: "telemetry.endpoint"
  std::string_view environment;  ///< a variable that sets it, beside the automatic one
};

struct AppInfo {
  std::string program;      ///< the binary's name, as in logs, errors and environment variables
  std::string title;        ///< "Node Exporter"
  std::string description;  ///< one sentence
  /// Addresses without --web.listen-address. Of several a taken one is a warning, and all taken an error.
  /// With none there is no such flag: the exporter has its own, and calls listen_on().
  std::vector<std::string> listen;
  /// Prefix of the two families about each collector ("node_scrape_collector"); empty: none.
  std::string collector_metrics{};
  /// Exit status where a collector's start() fails; a bad flag's is 1, or 2 with Style::kGo.
  int start_error_status = 1;
  Flags::Style flag_style = Flags::Style::kKingpin;
  std::vector<FlagNames> flag_names{};
  /// What stands before "_build_info"; empty: the program's name.
  std::string build_info{};
  /// The exporter writes that family itself, with labels of its original's own.
  bool writes_build_info = false;
  /// A query that makes the page of metrics smaller, as an example for the landing page:
  /// "resources=pods,nodes".
  std::string query_example{"name[]=some_metric"};
};

/// A field of the form that the landing page has for a probe.
struct ProbeField {
  std::string name;       ///< of the query parameter: "target"
  std::string example{};  ///< shown while the field is empty
  bool required = false;
};

/// Which build this is.
struct Build {
  std::string_view version;
  std::string_view revision;  ///< of the source; may be empty
  std::string_view compiler;
};
EXPORTER_API Build build();

/// What protects the port, for exporters whose original has flags for it.
struct PortProtection {
  std::string certificate_file{}, key_file{};  ///< PEM, read again when they change; both set: TLS
  std::string client_ca_file{};          ///< where set, only clients with a certificate of it are let in
  std::string min_tls_version{"TLS12"};  ///< TLS10, TLS11, TLS12 or TLS13
  std::string user{};                    ///< where set, every path wants basic authentication
  std::string password{};
  std::string password_hash{};  ///< by bcrypt; instead of the password
};

class EXPORTER_API App {
 public:
  explicit App(AppInfo info);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// For flags of the exporter's own, before run().
  Flags& flags();

  /// A collector that is always on. Without a collector it is only described in --list-metrics: on_start then
  /// adds what the flags ask for.
  void add(std::string name, std::span<const MetricInfo> metrics, std::unique_ptr<Collector> collector,
           bool keep_partial = false);

  /// A collector with a switch of its own, --[no-]collector.<name>, which `collect[]` and `exclude[]` can
  /// choose.
  void add_switchable(std::string name, bool on, std::string_view description,
                      std::span<const MetricInfo> metrics, std::unique_ptr<Collector> collector,
                      bool keep_partial = false);

  /// Called when the flags are known, before any collector's start().
  void on_start(std::function<Status()> check);

  /// Called on SIGHUP and /-/reload.
  void on_reload(std::function<Status()> reload);

  /// A path of the exporter's own; it comes before those of the frame. The landing page links to it, unless
  /// it begins with "/-/". Before run() or in on_start().
  void route(std::string path, Handler handler);

  /// A path whose every request has a page of its own: the probe fills the sink, on a worker, by the scrape's
  /// deadline; Scrape::request() has the target and what else was asked for. Probes of several requests run
  /// at the same time. An error is answered instead of the page: kInvalid as 400, kNoData as 404, kTimeout as
  /// 504, others as 500. The landing page has a form for it with `fields`. Before run() or in on_start().
  void probe(std::string path, std::function<Status(Sink&, const Scrape&)> probe,
             std::vector<ProbeField> fields = {{.name = "target", .required = true}});

  /// What stands between the server and all paths: it answers, or hands the request on to `next`. One for an
  /// App, before run() or in on_start().
  using Interceptor = std::function<void(const Request&, Reply, const Handler& next)>;
  void intercept(Interceptor interceptor);

  /// A path that the interceptor answers, for the landing page to link to: on one listener
  /// (Request::listener), or on all.
  void link(std::string path, std::optional<unsigned> listener = std::nullopt);

  /// In on_start(): addresses to listen on, all of them; Request::listener counts them in this order.
  void listen_on(std::vector<std::string> addresses);
  /// In on_start(): the web config file, where it isn't the flag's.
  void web_config_file(std::string path);
  /// In on_start(): limits of the server.
  void server_options(const ServerOptions& options);

  /// Called right before the server's addresses are opened; not for --once and --check-config.
  void on_serve(std::function<Status()> start);

  /// A group of families for --list-metrics that no collector of the frame has. Its name is not copied.
  void describe(std::string_view group, bool on, std::span<const MetricInfo> metrics);

  /// Called for --once instead of printing the collectors' page; returns the exit status.
  void on_once(std::function<int()> print);

  /// In on_start(): leaves out the metrics about the exporter itself, as --web.disable-exporter-metrics does.
  void without_own_metrics();
  /// In on_start(): leaves out process_* alone.
  void without_process_metrics();

  /// In on_start(): protects the port as flags say. An error where --web.config.file is given too.
  Status protect(const PortProtection& protection);

  /// Everything from the command line to the exit status. After serving it ends the process itself, since a
  /// collector may be stuck in a system call; it returns for everything else (--help, --once, errors).
  int run(int argc, const char* const* argv);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace exporter
