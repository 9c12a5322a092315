// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gives an application a page of metrics: a server in threads of its own, inside of a program that has its
// own main(), signals, flags and end. It installs no signal handlers, reads no flags, and ends no process.
//
//     exporter::Endpoint endpoint({.listen = {":9464"}});
//     endpoint.add("application", exporter::instruments(registry));
//     if (auto status = endpoint.start(); !status) die(status.error().message);
//     ... the program's own work ...
//     endpoint.stop();
//
// TLS, users and limits come from a web config file, if that is wanted: endpoint.protect("web.yml"). A
// program that does not call it has nothing of OpenSSL in it when it is linked statically.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/export.hpp>
#include <exporter/result.hpp>
#include <exporter/server.hpp>

namespace exporter {

struct EndpointOptions {
  std::vector<std::string> listen{};         ///< in the forms that Server::listen takes, all of them
  std::string path = "/metrics";             ///< of the page
  std::chrono::milliseconds timeout{10000};  ///< deadline of a scrape that names none in its headers
  bool process_metrics = true;               ///< process_*: CPU time, memory and descriptors of this process
  std::chrono::milliseconds grace{2000};     ///< for requests under way when the endpoint is stopped
  /// Prefix of the two families about each collector ("app_scrape_collector"); empty: none.
  std::string collector_metrics{};
};

/// Used by one thread at a time.
class EXPORTER_API Endpoint {
 public:
  explicit Endpoint(EndpointOptions options);
  /// As stop().
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  /// Before start(). Collectors run on the endpoint's threads, each of them never twice at once; what they
  /// write before they fail is dropped.
  void add(std::string name, std::unique_ptr<Collector> collector);

  /// A path of the application's own. Before start().
  void route(std::string path, Handler handler);

  /// Protects all paths as a web config file says (TLS, client certificates, users, headers, rate limit),
  /// which is read again when it changes. Before start().
  [[nodiscard]] Status protect(const std::string& web_config_file);

  /// Starts the collectors, opens the addresses and serves. Once.
  [[nodiscard]] Status start();

  /// The addresses as bound ("[::]:9464"), one for each that was asked for, so that port 0 can be.
  const std::vector<std::string>& addresses() const;

  /// Closes the addresses and gives requests under way their grace. True: nothing of the endpoint runs any
  /// more. False: a collector or a handler is stuck; it is left behind with what it owns, and must not touch
  /// what ends before it does. Again, or without start(), it does nothing.
  bool stop();

 private:
  struct Control;
  struct Service;
  std::chrono::milliseconds grace_;
  std::shared_ptr<Control> control_;
  std::unique_ptr<Service> service_;  // until start(): then its thread has it
  std::vector<std::string> addresses_;
};

}  // namespace exporter
