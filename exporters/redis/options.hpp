// SPDX-License-Identifier: Apache-2.0
// What the flags of redis_exporter say.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/app.hpp>
#include <exporter/flags.hpp>

#include "tls.hpp"

namespace exporter::redis {

/// A key or a pattern of keys in one database.
struct KeyPattern {
  std::string database;
  std::string pattern;
  bool is_glob() const { return pattern.find_first_of("?*[]^") != std::string::npos; }
};

/// "db3=a*,b" with each part percent-encoded.
Result<std::vector<KeyPattern>> parse_key_patterns(std::string_view text);

/// One line of comma separated values: "a,""b"",c".
Result<std::vector<std::string>> parse_csv(std::string_view text);

struct Script {
  std::string filename;
  std::string text;
};

/// A JSON object of server addresses and their passwords.
using PasswordMap = std::map<std::string, std::string, std::less<>>;
Result<PasswordMap> parse_passwords(std::string_view text);
Result<PasswordMap> read_password_file(const std::string& path);

/// Which keys and streams one scrape looks at: the flags', or those of a /scrape request.
struct KeyChoice {
  std::vector<KeyPattern> check_keys, check_single_keys, check_streams, check_single_streams, count_keys;
};

struct Options {
  std::string address;
  std::string user, password;
  std::string prefix;  ///< "redis": the first part of each family's name
  KeyChoice keys;
  std::vector<std::string> key_groups;
  long max_key_groups = 100;
  long batch_size = 1000;
  std::vector<Script> scripts;
  bool scripts_read_only = false;
  std::string config_command;  ///< empty: settings are not asked for
  std::chrono::nanoseconds timeout{};
  TlsSettings tls;
  bool client_name = true, ping = false, cluster = false, cluster_hostnames = false, tile38 = false;
  bool client_list = false, client_port = false;
  bool config_metrics = false, redact_config = true, system_metrics = false, rdb_size = false;
  bool modules = false, search_indexes = false, sentinel_peers = false;
  bool stream_consumers = true, key_values = true, latency_histograms = true;
  bool skip_keys_on_master = false, empty_databases = true, role_label = false;
  std::string search_pattern;
};

/// The flags as declared; `options()` is good once they are parsed and `finish()` has succeeded.
class OptionFlags {
 public:
  explicit OptionFlags(Flags& flags);
  Status finish();
  const Options& options() const { return options_; }
  bool own_metrics() const { return !**only_redis_; }
  bool scrape_endpoint() const { return !**no_scrape_endpoint_; }
  /// How the exporter's own port is to be protected; nothing where it is open to all.
  Result<std::optional<PortProtection>> port_protection() const;

  /// The password of a server, from its address as given.
  std::string password_for(std::string_view address, std::string_view user) const;
  /// Reads the password file again; kNoData where there is none.
  Status reload_passwords();

 private:
  Status finish_keys();
  Status finish_log() const;

  Options options_;
  mutable std::mutex mutex_;  // over passwords_
  PasswordMap passwords_;

  template <class T>
  using Ref = const Flag<T>*;
  Ref<std::string> address_, user_, password_, password_file_, namespace_, check_keys_, check_single_keys_,
      key_groups_, check_streams_, check_single_streams_, count_keys_, script_, config_command_, timeout_,
      ca_, certificate_, key_, server_name_, log_level_, log_format_, search_pattern_, basic_user_,
      basic_password_, basic_hash_, port_key_, port_certificate_, port_ca_, port_version_;
  Ref<long> batch_size_, max_key_groups_;
  Ref<bool> no_consumers_, scripts_read_only_, debug_, client_name_, tile38_, cluster_, hostnames_,
      client_list_, client_port_, only_redis_, ping_, config_metrics_, modules_, search_, sentinel_peers_,
      no_values_, no_histograms_, redact_, system_, rdb_size_, skip_verification_, skip_master_,
      no_scrape_endpoint_, empty_databases_, role_;
};

}  // namespace exporter::redis
