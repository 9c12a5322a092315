// SPDX-License-Identifier: Apache-2.0
#pragma once

// Holds it all together: flags, config files that are watched, the cluster that they ask for, both ports.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <exporter/app.hpp>

#include "cluster.hpp"
#include "endpoints.hpp"
#include "options.hpp"
#include "telemetry.hpp"

namespace exporter::kube {

class Service {
 public:
  Service(App& app, char** arguments);
  ~Service();

 private:
  struct File;  // that is watched

  Status check();
  Status start();
  int print_once();
  Status reload(bool reconnect = false);
  Status apply(Options options, bool reconnect);
  void restart();
  void keep(const std::stop_token& stop);
  void look_after();
  std::vector<File> files() const;
  void note_files(bool successful);
  std::shared_ptr<Cluster> cluster() const;

  App& app_;
  char** const arguments_;
  OptionFlags flags_;
  CustomEvents custom_events_;
  mutable std::mutex mutex_;  // of what follows
  std::shared_ptr<Cluster> cluster_;
  std::vector<ConfigFileState> file_states_;
  Options options_;
  Endpoints endpoints_;
  std::mutex reloading_;
  std::jthread keeper_;
};

}  // namespace exporter::kube
