// SPDX-License-Identifier: Apache-2.0
// Sections of INFO whose lines are more than a name and a number.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "info.hpp"

namespace exporter::redis {

/// "cmdstat_get:calls=1,usec=2,..."
std::optional<CommandStat> write_command_stat(std::string_view name, std::string_view text, Output& out);

/// "latency_percentiles_usec_get:p50=1.003,p99=2.007"
void write_latency_stat(std::string_view name, std::string_view text, const InfoFacts& facts, Output& out);

/// "errorstat_ERR:count=1"
void write_error_stat(std::string_view name, std::string_view text, Output& out);

/// "name=json,ver=1,api=1,filters=0,usedby=[],using=[],options=[]"
void write_module(std::string_view text, Output& out);

/// "master0:name=a,status=ok,address=10.0.0.1:6379,slaves=1,sentinels=3"; false where it is something else.
bool write_sentinel_master(std::string_view name, std::string_view text, std::vector<SentinelMaster>& masters,
                           Output& out);

/// The Replication section: its labels come from lines before and after.
class Replication {
 public:
  explicit Replication(Output& out) : out_(out) {}
  /// False where the line is none of these.
  bool take(std::string_view name, std::string_view text);
  void finish(std::string_view role);

 private:
  bool take_replica(std::string_view name, std::string_view text);
  Output& out_;
  std::string_view host_, port_, read_only_;
};

/// The Keyspace section.
class Keyspace {
 public:
  Keyspace(Output& out, bool empty_too) : out_(out), empty_too_(empty_too) {}
  bool take(std::string_view name, std::string_view text);
  void finish(std::int64_t databases);

 private:
  Output& out_;
  bool empty_too_;
  std::vector<std::string_view> seen_;
};

/// "a=1,b=2" one pair after the other.
class Pairs {
 public:
  explicit Pairs(std::string_view text) : rest_(text) {}
  /// Nothing at the end. A part without '=' has an empty value and `complete` false.
  struct Pair {
    std::string_view key, value;
    bool complete;
  };
  std::optional<Pair> next();

 private:
  std::string_view rest_;
};

}  // namespace exporter::redis
