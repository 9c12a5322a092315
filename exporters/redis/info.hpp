// SPDX-License-Identifier: Apache-2.0
// INFO: what other parts need to know of it, and its metrics.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "output.hpp"

namespace exporter::redis {

struct CommandStat {
  std::string_view name;
  std::uint64_t calls = 0;
  std::uint64_t microseconds = 0;
};

struct SentinelMaster {
  std::string_view name, address;
};

/// What stands in one answer of INFO. The views point into it.
struct InfoFacts {
  std::string_view role;
  std::string_view valkey_version;
  bool cluster = false;
  bool sentinel = false;
  std::vector<CommandStat> commands;  ///< sorted by name
  std::vector<SentinelMaster> masters;

  const CommandStat* command(std::string_view name) const;
  /// Of a command and its subcommands ("config", "config|get").
  std::uint64_t microseconds_of(std::string_view name) const;
};

/// `databases` is how many there are, for those that are empty. `now` is the Unix time.
InfoFacts write_info(std::string_view info, std::int64_t databases, std::int64_t now, const Options& options,
                     Output& out);

/// The value of one field, or "".
std::string_view info_field(std::string_view info, std::string_view name);

/// CLUSTER INFO.
void write_cluster_info(std::string_view text, Output& out);
/// INFO MODULES.
void write_modules(std::string_view text, Output& out);

std::span<const MetricInfo> info_metrics();

}  // namespace exporter::redis
