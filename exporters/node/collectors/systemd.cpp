// SPDX-License-Identifier: Apache-2.0
// node_systemd_*: systemd's units, sockets and timers, over D-Bus.

#include <unistd.h>

#include <algorithm>
#include <map>

#include <exporter/log.hpp>
#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "dbus.hpp"

namespace exporter::node {
namespace {

constexpr auto kVersion = gauge("node_systemd_version", "systemd's version.", "version");
constexpr auto kVirtualization = gauge("node_systemd_virtualization_info",
                                       "1 for the virtualization that systemd sees.", "virtualization_type");
constexpr auto kRunning = gauge("node_systemd_system_running", "1 where all of the system is up, else 0.");
constexpr auto kUnits = gauge("node_systemd_units", "Units by their state.", "state");
constexpr auto kUnitState =
    gauge("node_systemd_unit_state", "1 for the state that the unit is in.", "name", "state", "type");
constexpr auto kStartTime = gauge("node_systemd_unit_start_time_seconds",
                                  "When the unit became active, Unix time in seconds.", "name");
constexpr auto kTasks = gauge("node_systemd_unit_tasks_current", "Tasks of the service.", "name");
constexpr auto kTasksMax = gauge("node_systemd_unit_tasks_max", "Tasks that the service may have.", "name");
constexpr auto kRestarts =
    counter("node_systemd_service_restart_total", "Automatic restarts of the service.", "name");
constexpr auto kTrigger = gauge("node_systemd_timer_last_trigger_seconds",
                                "When the timer last elapsed, Unix time in seconds.", "name");
constexpr auto kAccepted =
    counter("node_systemd_socket_accepted_connections_total", "Accepted connections.", "name");
constexpr auto kCurrent = gauge("node_systemd_socket_current_connections", "Open connections.", "name");
constexpr auto kRefused =
    gauge("node_systemd_socket_refused_connections_total", "Refused connections.", "name");
constexpr MetricInfo kMetrics[] = {kVersion,   kVirtualization, kRunning,  kUnits,    kUnitState,
                                   kStartTime, kTasks,          kTasksMax, kRestarts, kTrigger,
                                   kAccepted,  kCurrent,        kRefused};

constexpr std::string_view kService = "org.freedesktop.systemd1";
constexpr std::string_view kPath = "/org/freedesktop/systemd1";
constexpr std::string_view kManager = "org.freedesktop.systemd1.Manager";
constexpr std::string_view kServiceInterface = "org.freedesktop.systemd1.Service";
constexpr std::string_view kStates[] = {"active", "activating", "deactivating", "inactive", "failed"};
constexpr double kTimersSince = 212;  // the version that has the timers' and the system's state

struct Unit {
  std::string_view name, load_state, active_state, path;
};

/// The first number of three digits and more.
double version_number(std::string_view version) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  for (std::size_t begin = 0; begin < version.size();) {
    std::size_t end = begin;
    while (end < version.size() && is_digit(version[end])) ++end;
    if (end - begin >= 3) {
      std::size_t fraction = end;
      if (fraction + 1 < version.size() && version[fraction] == '.' && is_digit(version[fraction + 1])) {
        for (++fraction; fraction < version.size() && is_digit(version[fraction]);) ++fraction;
      }
      return parse<double>(version.substr(begin, fraction - begin)).value_or(0);
    }
    begin = end + 1;
  }
  return 0;
}

class Systemd final : public Collector {
 public:
  Systemd(Host&, Flags& flags)
      : include_(flags.text(
            "collector.systemd.unit-include", ".+",
            "Regexp of systemd units to include. Units must both match include and not match exclude "
            "to be included.")),
        exclude_(flags.text(
            "collector.systemd.unit-exclude", ".+\\.(automount|device|mount|scope|slice)",
            "Regexp of systemd units to exclude. Units must both match include and not match exclude "
            "to be included.")),
        old_include_(flags
                         .text("collector.systemd.unit-whitelist", "",
                               "DEPRECATED: Use --collector.systemd.unit-include")
                         .hidden()),
        old_exclude_(flags
                         .text("collector.systemd.unit-blacklist", "",
                               "DEPRECATED: Use --collector.systemd.unit-exclude")
                         .hidden()),
        private_(
            flags
                .toggle(
                    "collector.systemd.private", false,
                    "Establish a private, direct connection to systemd without dbus (Strongly discouraged "
                    "since it requires root. For testing purposes only).")
                .hidden()),
        tasks_(flags.toggle("collector.systemd.enable-task-metrics", false,
                            "Enables service unit tasks metrics unit_tasks_current and unit_tasks_max")),
        restarts_(flags.toggle("collector.systemd.enable-restarts-metrics", false,
                               "Enables service unit metric service_restart_total")),
        start_times_(flags.toggle("collector.systemd.enable-start-time-metrics", false,
                                  "Enables service unit metric unit_start_time_seconds")) {}

  Status start() override {
    auto include = pattern("include", include_, "whitelist", old_include_);
    if (!include) return fail(include);
    auto exclude = pattern("exclude", exclude_, "blacklist", old_exclude_);
    if (!exclude) return fail(exclude);
    include_matcher_ = std::move(*include);
    exclude_matcher_ = std::move(*exclude);
    if (*private_ || ::geteuid() == 0) {
      bus_.set_private_socket(*private_ ? DBus::Private::kAlways : DBus::Private::kWithoutBus,
                              "/run/systemd/private");
    }
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto reply = bus_.call(kService, kPath, kManager, "ListUnits", bus_deadline(scrape));
    if (!reply) return fail(reply.error().code, "couldn't get units: " + reply.error().message);
    const DBus::Property about[] = {
        {kPath, kManager, "Version"}, {kPath, kManager, "Virtualization"}, {kPath, kManager, "SystemState"}};
    auto manager = bus_.properties(kService, about, bus_deadline(scrape));
    if (!manager) return fail(manager);
    const auto& version = (*manager)[0];
    const auto& virtualization = (*manager)[1];
    const auto& state = (*manager)[2];

    const double number = version ? version_number(version->text) : 0;
    sink(kVersion, {number > 0 ? std::string_view(version->text) : ""}, number);
    sink(kVirtualization,
         {!virtualization                ? "unknown"
          : virtualization->text.empty() ? "none"
                                         : std::string_view(virtualization->text)},
         1);
    if (number >= kTimersSince) {
      if (!state) return fail(Code::kUnavailable, "couldn't get system state");
      sink(kRunning, state->text == "running" ? 1 : 0);
    }

    std::vector<Unit> units;
    std::map<std::string_view, std::size_t> summary;
    for (const auto name : kStates) summary[name] = 0;
    auto body = reply->body();
    for (const auto end = body.array(8); body.more_before(end);) {  // a(ssssssouso)
      body.align(8);
      Unit unit;
      unit.name = body.text();
      body.text();  // description
      unit.load_state = body.text();
      unit.active_state = body.text();
      body.text();  // sub state
      body.text();  // the unit it follows
      unit.path = body.text();
      body.u32();  // its job's number, type and path
      body.text();
      body.text();
      if (!body.ok()) return fail(Code::kInvalid, "systemd sent a malformed list of units");
      ++summary[unit.active_state];
      if (unit.load_state == "loaded" && include_matcher_.matches(unit.name) &&
          !exclude_matcher_.matches(unit.name)) {
        units.push_back(unit);
      }
    }
    for (const auto& [name, count] : summary) sink(kUnits, {name}, count);
    return unit_metrics(sink, units, number >= kTimersSince, scrape);
  }

 private:
  struct Question {
    std::size_t unit;
    const Metric<1>* metric;  // null: the unit's type
    bool microseconds;
  };

  /// Asks for all properties of all units in one go.
  Status unit_metrics(Sink& sink, std::span<const Unit> units, bool timers, const Scrape& scrape) {
    std::vector<DBus::Property> wanted;
    std::vector<Question> questions;
    for (std::size_t i = 0; i < units.size(); ++i) {
      const auto want = [&](std::string_view interface, std::string_view name, const Metric<1>* metric,
                            bool time = false) {
        wanted.push_back({units[i].path, interface, name});
        questions.push_back({i, metric, time});
      };
      if (units[i].name.ends_with(".service")) {
        want(kServiceInterface, "Type", nullptr);
        if (*restarts_) want(kServiceInterface, "NRestarts", &kRestarts);
        if (*tasks_) {
          want(kServiceInterface, "TasksCurrent", &kTasks);
          want(kServiceInterface, "TasksMax", &kTasksMax);
        }
      } else if (units[i].name.ends_with(".mount")) {
        want("org.freedesktop.systemd1.Mount", "Type", nullptr);
      } else if (units[i].name.ends_with(".timer") && timers) {
        want("org.freedesktop.systemd1.Timer", "LastTriggerUSec", &kTrigger, true);
      } else if (units[i].name.ends_with(".socket")) {
        want("org.freedesktop.systemd1.Socket", "NAccepted", &kAccepted);
        want("org.freedesktop.systemd1.Socket", "NConnections", &kCurrent);
        want("org.freedesktop.systemd1.Socket", "NRefused", &kRefused);
      }
      if (*start_times_ && units[i].active_state == "active") {
        want("org.freedesktop.systemd1.Unit", "ActiveEnterTimestamp", &kStartTime, true);
      }
    }
    auto values = bus_.properties(kService, wanted, bus_deadline(scrape));
    if (!values) return fail(values);

    std::vector<std::string_view> types(units.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (!(*values)[i]) continue;  // an older systemd, or a unit that has gone
      const auto& value = *(*values)[i];
      const auto& question = questions[i];
      if (!question.metric) {
        types[question.unit] = value.text;
      } else if (question.microseconds) {
        sink(*question.metric, {units[question.unit].name}, static_cast<double>(value.number) / 1e6);
      } else if (value.type != 't' || value.number != UINT64_MAX) {  // what systemd does not know is all ones
        sink(*question.metric, {units[question.unit].name}, value.number);
      }
    }
    const auto states = sink.family(kUnitState);
    for (std::size_t i = 0; i < units.size(); ++i) {
      for (const auto state : kStates)
        states({units[i].name, state, types[i]}, units[i].active_state == state ? 1 : 0);
      if (*start_times_ && units[i].active_state != "active") sink(kStartTime, {units[i].name}, 0);
    }
    return {};
  }

  static Result<Matcher> pattern(std::string_view name, const Flag<std::string>& flag,
                                 std::string_view old_name, const Flag<std::string>& old) {
    const std::string setting = "--collector.systemd.unit-" + std::string(name);
    if (old->empty()) return Matcher::make_anchored(setting, *flag);
    const std::string old_setting = "--collector.systemd.unit-" + std::string(old_name);
    if (flag.given())
      return fail(Code::kInvalid, old_setting + " and " + setting + " are mutually exclusive");
    log::warn(old_setting + " is DEPRECATED and will be removed in 2.0.0, use " + setting);
    return Matcher::make_anchored(old_setting, *old);
  }

  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  const Flag<std::string>& old_include_;
  const Flag<std::string>& old_exclude_;
  const Flag<bool>& private_;
  const Flag<bool>& tasks_;
  const Flag<bool>& restarts_;
  const Flag<bool>& start_times_;
  Matcher include_matcher_;
  Matcher exclude_matcher_;
  DBus bus_;
};

}  // namespace

extern const CollectorSpec systemd{"Units, from systemd over D-Bus.", kMetrics, make<Systemd>};

}  // namespace exporter::node
