// SPDX-License-Identifier: Apache-2.0
// INFO's metrics: one table for plain fields, and a function for each section that is more than that.

#include "info.hpp"

#include <algorithm>
#include <array>

#include <exporter/text.hpp>

#include "fields.hpp"
#include "info_sections.hpp"
#include "number.hpp"

namespace exporter::redis {
namespace {

constexpr auto kInstance =
    gauge("redis_instance_info", "About the server; always 1.", "master_replid", "maxmemory_policy", "os",
          "process_id", "redis_build_id", "redis_mode", "redis_version", "role", "run_id", "tcp_port");
constexpr auto kStart = gauge("redis_start_time_seconds", "Unix time at which the server started.");
constexpr auto kSystemMemory = gauge("redis_total_system_memory_bytes", "Memory of the server's machine.");
constexpr auto kThread =
    counter("redis_active_time_io_thread_seconds_total", "Time that an I/O thread was at work.", "thread");
constexpr auto kOtherCluster = gauge("redis_cluster_*", "Any other field whose name starts with cluster_.");
constexpr auto kOtherDatabase = gauge("redis_db*", "Any other field whose name starts with db.");

enum class Section : unsigned char {
  kOther,
  kServer,
  kReplication,
  kCommands,
  kLatency,
  kErrors,
  kKeyspace,
  kSentinel
};

Section section_of(std::string_view name) {
  constexpr struct {
    std::string_view name;
    Section section;
  } kSections[] = {{"Server", Section::kServer},         {"Replication", Section::kReplication},
                   {"Commandstats", Section::kCommands}, {"Latencystats", Section::kLatency},
                   {"Errorstats", Section::kErrors},     {"Keyspace", Section::kKeyspace},
                   {"Sentinel", Section::kSentinel}};
  for (const auto& entry : kSections) {
    if (entry.name == name) return entry.section;
  }
  return Section::kOther;
}

/// A field that may pass without being in the table.
bool passes(std::string_view name) {
  return name.starts_with("db") || name.starts_with("cmdstat_") || name.starts_with("cluster_");
}

void write_field(std::string_view name, std::string_view text, Output& out) {
  if (const auto* field = find_info_field(name)) {
    if (auto value = info_value(text)) {
      if (name == "latest_fork_usec") value = Value(go_float(text).value_or(0) / 1e6);
      out(field->metric, *value);
    }
    return;
  }
  constexpr std::string_view kThreadField = "used_active_time_io_thread_";
  if (name.starts_with(kThreadField)) {
    if (const auto value = info_value(text)) out(kThread, {name.substr(kThreadField.size())}, *value);
  } else if (passes(name)) {
    if (const auto value = info_value(text)) {
      const auto family = "redis_" + sanitize_name(name);
      out.sample(family, "Field of INFO.", MetricType::kGauge, {}, *value);
    }
  }
}

/// The labels of redis_instance_info, in their order; Valkey's come last and only where it is one.
class InstanceLabels {
 public:
  void note(std::string_view name, std::string_view text) {
    // Nearly no field is one of these: their lengths and first letters tell.
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (kNames[i].size() == name.size() && kNames[i][0] == name[0] && kNames[i] == name) {
        values_[i] = text;
        found_[i] = true;
        return;
      }
    }
  }
  void write(Output& out) const {
    std::array<Label, kNames.size()> labels;
    std::size_t count = 0;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (i < kValkey || found_[i]) labels[count++] = {kNames[i], values_[i]};
    }
    out.sample(kInstance.name, kInstance.help, kInstance.type, std::span(labels).first(count), 1);
  }

 private:
  static constexpr std::array<std::string_view, 12> kNames = {
      "master_replid",  "maxmemory_policy",    "os",   "process_id", "redis_build_id",
      "redis_mode",     "redis_version",       "role", "run_id",     "tcp_port",
      "valkey_version", "valkey_release_stage"};
  static constexpr std::size_t kValkey = 10;
  std::array<std::string_view, kNames.size()> values_;
  std::array<bool, kNames.size()> found_{};
};

/// "name:value" without the line's \r.
std::optional<KeyValue> field_of(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return KeyValue{line.substr(0, colon), line.substr(colon + 1)};
}

}  // namespace

const CommandStat* InfoFacts::command(std::string_view name) const {
  const auto it =
      std::lower_bound(commands.begin(), commands.end(), name,
                       [](const CommandStat& stat, std::string_view wanted) { return stat.name < wanted; });
  return it != commands.end() && it->name == name ? &*it : nullptr;
}

std::uint64_t InfoFacts::microseconds_of(std::string_view name) const {
  std::uint64_t sum = 0;
  auto it =
      std::lower_bound(commands.begin(), commands.end(), name,
                       [](const CommandStat& stat, std::string_view wanted) { return stat.name < wanted; });
  // "a", "a-b", "a|b": what starts with the name stands together, with others in between.
  for (; it != commands.end() && it->name.starts_with(name); ++it) {
    if (it->name.size() == name.size() || it->name[name.size()] == '|') sum += it->microseconds;
  }
  return sum;
}

std::string_view info_field(std::string_view info, std::string_view name) {
  for (const auto line : Lines(info)) {
    if (!line.starts_with(name)) continue;
    if (const auto field = field_of(line); field && field->key == name) return field->value;
  }
  return {};
}

InfoFacts write_info(std::string_view info, std::int64_t databases, std::int64_t now, const Options& options,
                     Output& out) {
  InfoFacts facts;
  InstanceLabels instance;
  Replication replication(out);
  Keyspace keyspace(out, options.empty_databases);
  auto section = Section::kOther;
  std::string_view latency_lines;
  for (const auto line : Lines(info)) {
    if (line.starts_with('#')) {
      section = section_of(trim(line.substr(1)));
      if (section == Section::kLatency)
        latency_lines = info.substr(static_cast<std::size_t>(line.data() - info.data()));
      facts.sentinel |= section == Section::kSentinel;
      continue;
    }
    const auto field = field_of(line);
    if (!field) continue;
    const auto name = field->key;
    const auto value = field->value;
    instance.note(name, value);
    switch (section) {
      case Section::kServer:
        if (name == "valkey_version") facts.valkey_version = value;
        if (name == "uptime_in_seconds") {
          if (const auto uptime = parse<std::int64_t>(value)) out(kStart, now - *uptime);
        }
        if ((name == "hz" || name == "configured_hz") && !parse<std::int64_t>(value)) continue;
        break;
      case Section::kReplication:
        if (name == "role") facts.role = value;
        if (replication.take(name, value)) continue;
        break;
      case Section::kCommands:
        if (const auto stat = write_command_stat(name, value, out)) facts.commands.push_back(*stat);
        continue;
      case Section::kErrors:
        write_error_stat(name, value, out);
        continue;
      case Section::kLatency:
        continue;  // needs all of the command statistics
      case Section::kKeyspace:
        if (keyspace.take(name, value)) continue;
        break;
      case Section::kSentinel:
        if (write_sentinel_master(name, value, facts.masters, out)) continue;
        break;
      case Section::kOther:
        if (name == "cluster_enabled") facts.cluster = value == "1";
        if (name == "total_system_memory" && options.system_metrics) {
          if (const auto bytes = info_value(value)) out(kSystemMemory, *bytes);
        }
        break;
    }
    write_field(name, value, out);
  }
  instance.write(out);
  replication.finish(facts.role);
  keyspace.finish(facts.cluster ? 1 : databases);
  std::sort(facts.commands.begin(), facts.commands.end(),
            [](const CommandStat& a, const CommandStat& b) { return a.name < b.name; });
  if (!latency_lines.empty())
    latency_lines.remove_prefix(std::min(latency_lines.size(), latency_lines.find('\n')));
  for (const auto line : Lines(latency_lines)) {
    if (line.starts_with('#')) break;
    if (const auto field = field_of(line)) write_latency_stat(field->key, field->value, facts, out);
  }
  return facts;
}

void write_cluster_info(std::string_view text, Output& out) {
  for (const auto line : Lines(text)) {
    if (const auto field = field_of(line)) write_field(field->key, field->value, out);
  }
}

void write_modules(std::string_view text, Output& out) {
  for (const auto line : Lines(text)) {
    const auto field = field_of(line);
    if (!field) continue;
    if (const auto* known = find_module_field(field->key)) {
      if (const auto value = info_value(field->value)) out(known->metric, *value);
    } else if (field->key == "module") {
      write_module(field->value, out);
    }
  }
}

std::span<const MetricInfo> info_metrics() {
  static const auto all = [] {
    std::vector<MetricInfo> list;
    for (const auto& field : info_fields()) list.emplace_back(field.metric);
    for (const auto& field : module_fields()) list.emplace_back(field.metric);
    for (const MetricInfo& metric : std::initializer_list<MetricInfo>{kInstance, kStart, kSystemMemory,
                                                                      kThread, kOtherCluster, kOtherDatabase})
      list.push_back(metric);
    return list;
  }();
  return all;
}

}  // namespace exporter::redis
