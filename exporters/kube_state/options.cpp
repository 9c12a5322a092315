// SPDX-License-Identifier: Apache-2.0
// The flags of kube-state-metrics, and what of them cannot be meant.

#include "options.hpp"

#include <cstdio>
#include <cstdlib>
#include <limits>

#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "config.hpp"
#include "detail/web_config_file.hpp"

namespace exporter::kube {
namespace {

using Strings = std::vector<std::string>;

Strings split(const Strings& values) {
  Strings parts;
  for (const auto& value : values) append_list(value, parts);
  return parts;
}

bool wants_streaming_lists() {
  const char* gate = std::getenv("KUBE_FEATURE_WatchListClient");
  const std::string_view text = gate == nullptr ? "" : gate;
  return text != "false" && text != "False" && text != "FALSE" && text != "0" && text != "f" && text != "F";
}

/// What klog's flags ask for has no counterpart: there is one log, on standard error.
void accept_klog_flags(Flags& flags) {
  constexpr const char* kHelp = "Accepted for the original's sake; without effect.";
  for (const auto* name :
       {"add_dir_header", "alsologtostderr", "one_output", "skip_headers", "skip_log_headers"}) {
    flags.toggle(name, false, kHelp).hidden();
  }
  flags.toggle("logtostderr", true, kHelp).hidden();
  flags.toggle("legacy_stderr_threshold_behavior", true, kHelp).hidden();
  for (const auto* name : {"alsologtostderrthreshold", "log_backtrace_at", "log_dir", "log_file",
                           "stderrthreshold", "vmodule"}) {
    flags.text(name, "", kHelp).hidden();
  }
  flags.integer("log_file_max_size", 1800, kHelp).hidden();
  flags.toggle("auto-gomemlimit", false, "Accepted for the original's sake; there is no Go runtime here.")
      .hidden();
  flags.number("auto-gomemlimit-ratio", 0.9, "Accepted for the original's sake; there is no Go runtime here.")
      .hidden();
}

constexpr std::string_view kWordsOf =
    "kube-state-metrics help | sed -n 's/^ *\\(-., \\)\\?\\(--[a-z.-]*\\).*/\\2/p'";

int print_completion(std::string_view shell) {
  std::string script;
  if (shell == "bash") {
    script = "_kube_state_metrics() {\n  local words=\"version help completion $(" + std::string(kWordsOf) +
             ")\"\n  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\")\n}\n"
             "complete -o default -F _kube_state_metrics kube-state-metrics\n";
  } else if (shell == "zsh") {
    script =
        "#compdef kube-state-metrics\n_kube_state_metrics() {\n  compadd -- version help completion "
        "${(f)\"$(" +
        std::string(kWordsOf) + ")\"}\n}\ncompdef _kube_state_metrics kube-state-metrics\n";
  } else if (shell == "fish") {
    script =
        "complete -c kube-state-metrics -a 'version help completion'\ncomplete -c kube-state-metrics -a \"(" +
        std::string(kWordsOf) + ")\"\n";
  } else if (shell == "powershell") {
    script =
        "Register-ArgumentCompleter -Native -CommandName kube-state-metrics -ScriptBlock {\n"
        "  param($word, $line, $at)\n  kube-state-metrics help | Select-String -AllMatches '--[a-z.-]+' |\n"
        "    ForEach-Object { $_.Matches.Value } | Where-Object { $_ -like \"$word*\" }\n}\n";
  } else {
    std::fputs("Error: completion needs a shell: bash, zsh, fish or powershell\n", stderr);
    return 1;
  }
  return std::fputs(script.c_str(), stdout) < 0 ? 1 : 0;
}

}  // namespace

OptionFlags::OptionFlags(Flags& flags) {
  apiserver_ =
      &flags.text("apiserver", "", "URL of the API server, instead of the kubeconfig's or the pod's own.");
  auth_filter_ =
      &flags.toggle("auth-filter", false,
                    "Only answer /metrics to callers whose bearer token the API server knows, and who "
                    "may get that path.");
  config_ = &flags.text("config", "",
                        "YAML file with options, which override the flags; read again when it changes.");
  without_config_ = &flags.toggle("continue-without-config", false,
                                  "Start without the --config file, and read it when it appears.");
  without_custom_config_ =
      &flags.toggle("continue-without-custom-resource-state-config-file", false,
                    "Start without the --custom-resource-state-config-file, and read it when it appears.");
  either_day_ = &flags.toggle(
      "cron-either-day", false,
      "A cron schedule with both days is due on either, as the controller has it; else where both fit.");
  custom_config_ = &flags.text("custom-resource-state-config", "",
                               "YAML that says what to expose of custom resources; it wins over the file.");
  custom_config_file_ =
      &flags.text("custom-resource-state-config-file", "", "File with the same; read again when it changes.");
  custom_only_ =
      &flags.toggle("custom-resource-state-only", false, "Expose custom resources, and nothing built in.");
  gzip_ = &flags.toggle("enable-gzip-encoding", false, "Compress /metrics for clients that take gzip.");
  host_ = &flags.text("host", "::", "Address of /metrics; :: is all, IPv4 as well.");
  kubeconfig_ =
      &flags.text("kubeconfig", "", "File that says where the API server is, and how to log in there.");
  allow_ = &flags.list(
      "metric-allowlist", {},
      "Regular expressions, comma separated, of the families to expose; the others are left out.");
  annotations_ = &flags.text("metric-annotations-allowlist", "",
                             "Annotations to expose: resource=[key,prefix-*],resource2=[*].");
  deny_ = &flags.list("metric-denylist", {},
                      "Regular expressions, comma separated, of the families to leave out.");
  labels_ =
      &flags.text("metric-labels-allowlist", "", "Labels to expose: resource=[key,prefix-*],resource2=[*].");
  opt_in_ =
      &flags.list("metric-opt-in-list", {},
                  "Regular expressions, comma separated, of families to expose that are off by default.");
  namespaces_ = &flags.list("namespaces", {}, "Namespaces to look at, comma separated; none: all.");
  namespaces_denylist_ = &flags.list("namespaces-denylist", {}, "Namespaces to leave out, comma separated.");
  node_ = &flags.text("node", "", "Only pods on this node: for a DaemonSet with --resources=pods.");
  object_limit_ =
      &flags.integer("object-limit", 0, "Most objects to list of a resource; 0 is without limit.");
  pod_ = &flags.text("pod", "",
                     "Name of this pod. With --pod-namespace, its StatefulSet says which shard it is.");
  pod_namespace_ = &flags.text("pod-namespace", "", "Namespace of --pod.");
  port_ = &flags.integer("port", 8080, "Port of /metrics.");
  resources_ =
      &flags.list("resources", {}, "Resources to look at, comma separated; none: those on by default.");
  idle_timeout_ = &flags.duration("server-idle-timeout", "5m", "How long a connection may be idle.");
  read_header_timeout_ =
      &flags.duration("server-read-header-timeout", "5s", "How long a client may take to send its request.");
  flags.duration("server-read-timeout", "60s",
                 "Accepted; a request's head is limited by --server-read-header-timeout.");
  write_timeout_ =
      &flags.duration("server-write-timeout", "60s",
                      "How long a client may take nothing of an answer; a slow one is not cut off.");
  shard_ = &flags.integer("shard", 0, "Which of --total-shards this is, from 0.");
  telemetry_host_ = &flags.text("telemetry-host", "::", "Address of the exporter's own metrics.");
  telemetry_port_ = &flags.integer("telemetry-port", 8081, "Port of the exporter's own metrics.");
  tls_config_ =
      &flags.text("tls-config", "", "File with TLS settings and users for both ports, as --web.config.file.");
  total_shards_ = &flags.integer("total-shards", 1, "How many exporters share the objects; 1: no sharding.");
  unscheduled_ =
      &flags.toggle("track-unscheduled-pods", false, "Only pods that have no node yet, instead of --node.");
  cache_ = &flags.toggle("use-apiserver-cache", false, "Let the API server answer lists from its cache.");
  print_rbac_ = &flags.toggle("print-rbac", false,
                              "Print the least role that the other flags need, as a manifest, and exit.");
  verbosity_ = &flags.integer("v", 0, "Log verbosity; from 4 on as --log.level=debug.").short_name('v');
  accept_klog_flags(flags);
}

Result<Options> OptionFlags::read() const {
  Options o;
  o.apiserver = **apiserver_;
  o.kubeconfig = **kubeconfig_;
  o.streaming_lists = wants_streaming_lists();
  o.use_apiserver_cache = **cache_;
  o.object_limit = **object_limit_;
  o.resources = split(**resources_);
  o.namespaces = split(**namespaces_);
  o.namespaces_denylist = split(**namespaces_denylist_);
  o.node = **node_;
  o.track_unscheduled_pods = **unscheduled_;
  o.cron_either_day = **either_day_;
  o.pod = **pod_;
  o.pod_namespace = **pod_namespace_;
  constexpr long kMost = std::numeric_limits<std::int32_t>::max();
  if (**shard_ < 0 || **total_shards_ < 1 || **shard_ > kMost || **total_shards_ > kMost) {
    return fail(Code::kInvalid, "--shard counts from 0, and --total-shards is at least 1");
  }
  o.shard = {static_cast<std::uint32_t>(**shard_), static_cast<std::uint32_t>(**total_shards_)};
  o.metric_allowlist = split(**allow_);
  o.metric_denylist = split(**deny_);
  o.metric_opt_in_list = split(**opt_in_);
  const struct {
    const char* flag;
    Ref<std::string> from;
    std::vector<AllowList>& to;
  } lists[] = {{"--metric-labels-allowlist", labels_, o.labels_allowlist},
               {"--metric-annotations-allowlist", annotations_, o.annotations_allowlist}};
  for (const auto& list : lists) {
    auto parsed = parse_allow_lists(**list.from);
    if (!parsed) return fail(Code::kInvalid, std::string(list.flag) + ": " + parsed.error().message);
    list.to = std::move(*parsed);
  }
  o.custom_resource_config = **custom_config_;
  o.custom_resource_config_file = **custom_config_file_;
  o.custom_resources_only = **custom_only_;
  o.continue_without_custom_resource_config = **without_custom_config_;
  o.host = **host_;
  o.port = **port_;
  o.telemetry_host = **telemetry_host_;
  o.telemetry_port = **telemetry_port_;
  o.tls_config = **tls_config_;
  o.write_timeout = **write_timeout_;
  o.idle_timeout = **idle_timeout_;
  o.read_header_timeout = **read_header_timeout_;
  o.gzip = **gzip_;
  o.auth_filter = **auth_filter_;

  if (!(*config_)->empty()) {
    auto text = detail::read_small_file(**config_);
    if (!text) {
      if (text.error().code != Code::kNoData || !**without_config_) {
        return fail(text.error().code, "--config: " + text.error().message);
      }
      log::warn("There is no config file yet; the flags are used until it appears", {{"file", **config_}});
    } else if (auto status = apply_config(*text, o); !status) {
      return fail(Code::kInvalid, **config_ + ": " + status.error().message);
    }
  }
  if (auto status = check(o); !status) return fail(status);
  return o;
}

bool same_listeners(const Options& a, const Options& b) {
  return a.host == b.host && a.port == b.port && a.telemetry_host == b.telemetry_host &&
         a.telemetry_port == b.telemetry_port && a.tls_config == b.tls_config &&
         a.write_timeout == b.write_timeout && a.idle_timeout == b.idle_timeout &&
         a.read_header_timeout == b.read_header_timeout;
}

Status check(const Options& o) {
  if (o.shard.total < 1 || (o.shard.ordinal >= o.shard.total && !o.automatic_shard())) {
    return fail(Code::kInvalid, "shard " + std::to_string(o.shard.ordinal) + " of " +
                                    std::to_string(o.shard.total) +
                                    " does not exist: --shard has to be below --total-shards");
  }
  for (const auto port : {o.port, o.telemetry_port}) {
    if (port < 0 || port > 65535) {
      return fail(Code::kInvalid, "port " + std::to_string(port) + " does not exist: use 0 to 65535");
    }
  }
  if (!o.metric_allowlist.empty() && !o.metric_denylist.empty()) {
    return fail(Code::kInvalid,
                "--metric-allowlist and --metric-denylist exclude each other: give one of them");
  }
  if (o.custom_resources_only && o.custom_resource_config.empty() && o.custom_resource_config_file.empty()) {
    log::warn("--custom-resource-state-only without a custom resource config: /metrics stays empty");
  }
  if (o.pod.empty() != o.pod_namespace.empty()) {
    log::warn("--pod and --pod-namespace belong together: without both the shard is that of the flags");
  }
  const bool only_pods = o.resources.size() == 1 && o.resources.front() == "pods";
  if ((!o.node.empty() || o.track_unscheduled_pods) && !only_pods) {
    log::warn(
        "--node and --track-unscheduled-pods can only pick pods: other resources of namespaces stay empty; "
        "use --resources=pods");
  }
  if (o.object_limit < 0) log::warn("A negative --object-limit is no limit");
  return {};
}

std::string listen_address(const std::string& host, std::int64_t port) {
  const bool bare = host.find(':') != std::string::npos && !host.starts_with('[');
  if (host == "::" || host.empty()) return ":" + std::to_string(port);
  return (bare ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<std::vector<const char*>> take_command(int argc, const char* const* argv, int& exit_status) {
  std::vector<const char*> arguments(argv, argv + argc);
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "version") {
    arguments[1] = "--version";
  } else if (command == "help") {
    arguments.resize(1);
    arguments.push_back("--help");
  } else if (command == "completion") {
    exit_status = print_completion(argc > 2 ? argv[2] : "");
    return fail(Code::kCancelled, "");
  }
  return arguments;
}

}  // namespace exporter::kube
