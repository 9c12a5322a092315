// SPDX-License-Identifier: Apache-2.0
#pragma once

// What kube-state-metrics is asked to do: by its flags, and by the file that --config names, whose values
// override them.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/flags.hpp>

#include "policy/label_choice.hpp"
#include "policy/shard.hpp"

namespace exporter::kube {

struct Options {
  std::string apiserver;
  std::string kubeconfig;
  bool streaming_lists = true;
  bool use_apiserver_cache = false;
  std::int64_t object_limit = 0;

  std::vector<std::string> resources;  ///< empty: those that are on by default
  std::vector<std::string> namespaces;
  std::vector<std::string> namespaces_denylist;
  std::string node;
  bool track_unscheduled_pods = false;
  bool cron_either_day = false;
  Shard shard;
  std::string pod;
  std::string pod_namespace;

  std::vector<std::string> metric_allowlist;
  std::vector<std::string> metric_denylist;
  std::vector<std::string> metric_opt_in_list;
  std::vector<AllowList> labels_allowlist;
  std::vector<AllowList> annotations_allowlist;

  std::string custom_resource_config;  ///< the YAML itself; wins over the file
  std::string custom_resource_config_file;
  bool custom_resources_only = false;
  bool continue_without_custom_resource_config = false;

  std::string host;
  std::int64_t port = 0;
  std::string telemetry_host;
  std::int64_t telemetry_port = 0;
  std::string tls_config;
  std::chrono::nanoseconds write_timeout{};
  std::chrono::nanoseconds idle_timeout{};
  std::chrono::nanoseconds read_header_timeout{};
  bool gzip = false;
  bool auth_filter = false;

  bool automatic_shard() const { return !pod.empty() && !pod_namespace.empty(); }
  bool operator==(const Options&) const = default;
};

/// What belongs to the listening sockets: a change of it is a new start.
bool same_listeners(const Options& a, const Options& b);

/// Errors for what cannot work; what merely looks odd, and runs with the original, is only logged.
Status check(const Options& options);

/// "host:port", with an IPv6 address in brackets.
std::string listen_address(const std::string& host, std::int64_t port);

class OptionFlags {
 public:
  explicit OptionFlags(Flags& flags);

  /// What the flags say, and the --config file over it. kNoData: the file isn't there, and
  /// --continue-without-config is not given.
  Result<Options> read() const;

  const std::string& config_file() const { return **config_; }
  bool print_rbac() const { return **print_rbac_; }
  /// klog's -v.
  long verbosity() const { return **verbosity_; }

 private:
  template <class T>
  using Ref = const Flag<T>*;
  using Strings = std::vector<std::string>;

  Ref<std::string> apiserver_, kubeconfig_, node_, pod_, pod_namespace_, labels_, annotations_,
      custom_config_, custom_config_file_, host_, telemetry_host_, tls_config_, config_;
  Ref<Strings> resources_, namespaces_, namespaces_denylist_, allow_, deny_, opt_in_;
  Ref<bool> unscheduled_, either_day_, custom_only_, without_config_, without_custom_config_, cache_, gzip_,
      auth_filter_, print_rbac_;
  Ref<long> shard_, total_shards_, object_limit_, port_, telemetry_port_, verbosity_;
  Ref<std::chrono::nanoseconds> write_timeout_, idle_timeout_, read_header_timeout_;
};

/// Sub-commands: `version` and `help` as flags say it, `completion SHELL` printed here. The arguments to go
/// on with, or an exit status.
Result<std::vector<const char*>> take_command(int argc, const char* const* argv, int& exit_status);

}  // namespace exporter::kube
