// SPDX-License-Identifier: Apache-2.0
// The flags of redis_exporter, their environment variables, and what they mean.

#include "options.hpp"

#include <cstdlib>

#include <exporter/files.hpp>
#include <exporter/log.hpp>
#include <exporter/text.hpp>

#include "address.hpp"
#include "read_text_file.hpp"

namespace exporter::redis {

OptionFlags::OptionFlags(Flags& flags) {
  address_ = &flags
                  .text("redis.addr", "redis://localhost:6379",
                        "Address of the server; empty: /metrics has no server's metrics.")
                  .env("REDIS_ADDR");
  user_ = &flags.text("redis.user", "", "User name (ACL) to log in with.").env("REDIS_USER");
  password_ = &flags.text("redis.password", "", "Password to log in with.").env("REDIS_PASSWORD").secret();
  password_file_ =
      &flags.text("redis.password-file", "", "JSON file that maps server addresses to passwords.")
           .env("REDIS_PASSWORD_FILE");
  namespace_ = &flags.text("namespace", "redis", "First part of each family's name.");
  check_keys_ = &flags.text(
      "check-keys", "", "Patterns (db1=a*,b*) of keys whose size and value are exposed; found with SCAN.");
  check_single_keys_ =
      &flags.text("check-single-keys", "", "Keys (db1=a,b) whose size and value are exposed, without SCAN.");
  key_groups_ = &flags.text("check-key-groups", "",
                            "Lua patterns, comma separated, by whose captures keys are grouped.");
  check_streams_ = &flags.text("check-streams", "", "Patterns of streams to expose; found with SCAN.");
  check_single_streams_ = &flags.text("check-single-streams", "", "Streams to expose, without SCAN.");
  no_consumers_ = &flags.toggle("streams-exclude-consumer-metrics", false,
                                "Leave out the families about single consumers.");
  count_keys_ = &flags.text("count-keys", "", "Patterns whose keys are counted; found with SCAN.");
  batch_size_ = &flags.integer("check-keys-batch-size", 1000, "How many keys one SCAN asks for.");
  script_ = &flags.text("script", "", "Files with Lua scripts, comma separated, to run at each scrape.");
  scripts_read_only_ = &flags.toggle("lua-script-read-only", false, "Run scripts with EVAL_RO.");
  config_command_ =
      &flags.text("config-command", "CONFIG", "What CONFIG is called on the server; - leaves it out.");
  timeout_ = &flags.text("connection-timeout", "15s", "Longest wait for the server.");
  key_ = &flags.text("tls-client-key-file", "", "Client key for TLS.");
  certificate_ = &flags.text("tls-client-cert-file", "", "Client certificate for TLS.");
  ca_ = &flags.text("tls-ca-cert-file", "", "CA certificates that the server's is checked with.");
  server_name_ = &flags.text("tls-server-name", "", "Host name that the server's certificate must have.");
  skip_verification_ = &flags.toggle("skip-tls-verification", false, "Take any certificate of the server.");
  max_key_groups_ = &flags.integer("max-distinct-key-groups", 100,
                                   "Most key groups to expose; the others become one, overflow.");
  debug_ = &flags.toggle("debug", false, "Log at level debug, whatever log-level says.");
  log_level_ = &flags.text("log-level", "INFO", "Least severe log lines to write: DEBUG, INFO, WARN, ERROR.");
  log_format_ = &flags.text("log-format", "txt", "Form of log lines: txt or json.");
  client_name_ = &flags.toggle("set-client-name", true, "Name the connection redis_exporter.");
  tile38_ = &flags.toggle("is-tile38", false, "The server is a Tile38: expose its extra metrics.");
  cluster_ = &flags.toggle("is-cluster", false,
                           "The server is a node of a cluster: look at the keys of all its masters.");
  hostnames_ = &flags.toggle("cluster-discover-hostnames", false,
                             "Discover cluster nodes by host name instead of IP address.");
  client_list_ = &flags.toggle("export-client-list", false, "Expose each connected client.");
  client_port_ = &flags.toggle("export-client-port", false, "Add the client's port as a label.");
  only_redis_ = &flags.toggle("redis-only-metrics", false, "Leave out metrics about the exporter itself.");
  flags.toggle("include-go-runtime-metrics", false,
               "Accepted for the original's sake; there is no Go runtime here.");
  ping_ = &flags.toggle("ping-on-connect", false, "Send a PING first and expose how long it took.");
  config_metrics_ = &flags.toggle("include-config-metrics", false, "Expose all of CONFIG GET.")
                         .env("REDIS_EXPORTER_INCL_CONFIG_METRICS");
  modules_ = &flags.toggle("include-modules-metrics", false, "Expose INFO MODULES.")
                  .env("REDIS_EXPORTER_INCL_MODULES_METRICS");
  search_ = &flags.toggle("include-search-indexes-metrics", false, "Expose search indexes.")
                 .env("REDIS_EXPORTER_INCL_SEARCH_INDEXES_METRICS");
  sentinel_peers_ =
      &flags.toggle("include-sentinel-peer-info", false, "Expose each sentinel that a sentinel knows.")
           .env("REDIS_EXPORTER_INCL_SENTINEL_PEER_INFO");
  search_pattern_ =
      &flags.text("check-search-indexes", ".*", "Regular expression of the search indexes to expose.");
  no_values_ = &flags.toggle("disable-exporting-key-values", false, "Leave out the values of keys.");
  no_histograms_ = &flags.toggle("exclude-latency-histogram-metrics", false, "Leave out LATENCY's metrics.");
  redact_ = &flags.toggle("redact-config-metrics", true, "Leave out settings that hold passwords.");
  system_ = &flags.toggle("include-system-metrics", false, "Expose the machine's memory size.")
                 .env("REDIS_EXPORTER_INCL_SYSTEM_METRICS");
  rdb_size_ =
      &flags.toggle("include-rdb-file-size-metric", false, "Expose the size of the RDB file on this machine.")
           .env("REDIS_EXPORTER_INCL_RDB_FILE_SIZE_METRIC");
  skip_master_ = &flags.toggle("skip-checkkeys-for-role-master", false, "Look at keys on replicas only.");
  no_scrape_endpoint_ = &flags.toggle("disable-scrape-endpoint", false, "Don't serve /scrape.");
  empty_databases_ =
      &flags.toggle("include-metrics-for-empty-databases", true, "Expose databases without keys with 0.")
           .env("REDIS_EXPORTER_INCL_METRICS_FOR_EMPTY_DATABASES");
  role_ = &flags.toggle("append-instance-role-label", false,
                        "Add the label instance_role to all families of the server.");
  basic_user_ = &flags.text("basic-auth-username", "", "User who may ask this exporter; needs a password.");
  basic_password_ = &flags.text("basic-auth-password", "", "That user's password.").secret();
  basic_hash_ =
      &flags.text("basic-auth-hash-password", "", "A bcrypt hash of it, instead of the password.").secret();
  port_key_ = &flags.text("tls-server-key-file", "", "Key of this exporter's own port, for TLS.");
  port_certificate_ = &flags.text("tls-server-cert-file", "", "Certificate of this exporter's own port.");
  port_ca_ = &flags.text("tls-server-ca-cert-file", "",
                         "CA certificates of the clients that are let in; empty: all clients are.");
  port_version_ = &flags.text("tls-server-min-version", "TLS1.2",
                              "Oldest version that is spoken: TLS1.0, TLS1.1, TLS1.2 or TLS1.3.");
}

Status OptionFlags::finish_keys() {
  const struct {
    Ref<std::string> flag;
    std::vector<KeyPattern>* to;
    const char* name;
  } lists[] = {{check_keys_, &options_.keys.check_keys, "check-keys"},
               {check_single_keys_, &options_.keys.check_single_keys, "check-single-keys"},
               {check_streams_, &options_.keys.check_streams, "check-streams"},
               {check_single_streams_, &options_.keys.check_single_streams, "check-single-streams"},
               {count_keys_, &options_.keys.count_keys, "count-keys"}};
  for (const auto& list : lists) {
    auto patterns = parse_key_patterns(**list.flag);
    if (!patterns) return fail(Code::kInvalid, std::string(list.name) + ": " + patterns.error().message);
    *list.to = std::move(*patterns);
  }
  auto groups = parse_csv(**key_groups_);
  if (!groups) {
    log::error("Key groups are left out", {{"flag", "check-key-groups"}, {"err", groups.error().message}});
  } else {
    options_.key_groups = std::move(*groups);
  }
  return {};
}

Status OptionFlags::finish_log() const {
  std::string level = **log_level_;
  for (char& c : level) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (level == "warning") level = "warn";
  if (level == "trace") level = "debug";
  if (level == "fatal" || level == "panic") level = "error";
  const auto parsed = log::parse_level(**debug_ ? "debug" : level);
  if (!parsed) return fail(Code::kInvalid, "log-level: unknown level, use DEBUG, INFO, WARN or ERROR");
  if (log_level_->given() || log_format_->given() || **debug_) {
    log::configure(*parsed, **log_format_ == "json" ? log::Format::kJson : log::Format::kLogfmt);
  }
  return {};
}

Status OptionFlags::finish() {
  if (auto status = finish_log(); !status) return status;
  if (auto status = finish_keys(); !status) return status;
  const auto timeout = parse_duration(**timeout_);
  if (!timeout) return fail(Code::kInvalid, "connection-timeout: " + timeout.error().message);
  options_.timeout = *timeout;
  options_.address = **address_;
  // Empty in the environment is no address, too.
  if (const char* set = std::getenv("REDIS_ADDR"); set && !*set && !address_->given()) options_.address = "";
  options_.user = **user_;
  options_.password = **password_;
  options_.prefix = (*namespace_)->empty() ? "" : sanitize_name(**namespace_);
  options_.max_key_groups = **max_key_groups_;
  options_.batch_size = **batch_size_;
  options_.scripts_read_only = **scripts_read_only_;
  options_.config_command = **config_command_ == "-" ? "" : **config_command_;
  options_.tls = {.ca_file = **ca_,
                  .certificate_file = **certificate_,
                  .key_file = **key_,
                  .server_name = **server_name_,
                  .skip_verification = **skip_verification_};
  if (options_.tls.certificate_file.empty() != options_.tls.key_file.empty())
    return fail(Code::kInvalid, "tls-client-cert-file and tls-client-key-file: one needs the other");
  options_.client_name = **client_name_;
  options_.ping = **ping_;
  options_.cluster = **cluster_;
  options_.cluster_hostnames = **hostnames_;
  options_.tile38 = **tile38_;
  options_.client_list = **client_list_;
  options_.client_port = **client_port_;
  options_.config_metrics = **config_metrics_;
  options_.redact_config = **redact_;
  options_.system_metrics = **system_;
  options_.rdb_size = **rdb_size_;
  options_.modules = **modules_;
  options_.search_indexes = **search_;
  options_.sentinel_peers = **sentinel_peers_;
  options_.stream_consumers = !**no_consumers_;
  options_.key_values = !**no_values_;
  options_.latency_histograms = !**no_histograms_;
  options_.skip_keys_on_master = **skip_master_;
  options_.empty_databases = **empty_databases_;
  options_.role_label = **role_;
  options_.search_pattern = **search_pattern_;
  std::string_view scripts = **script_;
  while (!scripts.empty()) {
    const std::string filename(take_until(scripts, ','));
    auto text = read_text_file(filename);
    if (!text) return fail(Code::kInvalid, "script: " + text.error().message);
    options_.scripts.push_back({filename, std::move(*text)});
  }
  if (auto status = reload_passwords(); !status && status.error().code != Code::kNoData) return status;
  return {};
}

Result<std::optional<PortProtection>> OptionFlags::port_protection() const {
  PortProtection protection{.certificate_file = **port_certificate_,
                            .key_file = **port_key_,
                            .client_ca_file = **port_ca_,
                            .user = **basic_user_,
                            .password = **basic_password_,
                            .password_hash = **basic_hash_};
  const bool tls = !protection.certificate_file.empty() && !protection.key_file.empty();
  const bool secret = !protection.password.empty() || !protection.password_hash.empty();
  const bool users = !protection.user.empty() && secret;
  // As the original does, a half is taken for nothing; but not silently.
  if (!tls && (!protection.certificate_file.empty() || !protection.key_file.empty()))
    log::warn("The port is served without TLS: it needs both tls-server-cert-file and tls-server-key-file");
  if (!users && (!protection.user.empty() || secret))
    log::warn("The port is served without basic authentication: it needs a user and a password");
  if (!tls && !users) return std::nullopt;
  if (!users) protection.user.clear();
  if (tls) {
    // "TLS1.2" here, "TLS12" in a web config file.
    auto version = **port_version_;
    if (const auto dot = version.find('.'); dot != std::string::npos)
      version.erase(dot, 1);
    else
      version.clear();
    if (version.size() != 5)
      return fail(Code::kInvalid, "tls-server-min-version must be TLS1.0, TLS1.1, TLS1.2 or TLS1.3");
    protection.min_tls_version = version;
  }
  return protection;
}

Status OptionFlags::reload_passwords() {
  if ((*password_file_)->empty() || !(*password_)->empty())
    return fail(Code::kNoData, "there is no password file");
  auto passwords = read_password_file(**password_file_);
  if (!passwords) return std::unexpected(Error{Code::kInvalid, passwords.error().message});
  const std::lock_guard lock(mutex_);
  passwords_ = std::move(*passwords);
  return {};
}

std::string OptionFlags::password_for(std::string_view address, std::string_view user) const {
  if (!options_.password.empty()) return options_.password;
  const std::lock_guard lock(mutex_);
  if (const auto it = passwords_.find(address); it != passwords_.end()) return it->second;
  // The file's keys have a scheme, and the user in front of the host where one is set.
  std::string key(address);
  if (key.find("://") == std::string::npos) key = "redis://" + key;
  if (const auto it = passwords_.find(key); it != passwords_.end()) return it->second;
  if (!user.empty()) {
    const auto host = key.find("://") + 3;
    key.insert(host, std::string(user) + "@");
    if (const auto it = passwords_.find(key); it != passwords_.end()) return it->second;
  }
  return {};
}

}  // namespace exporter::redis
