// SPDX-License-Identifier: Apache-2.0
// apache_*: from mod_status's page.

#include <array>

#include "server_status.hpp"

namespace exporter::apache {
namespace {

constexpr auto kUp = gauge("apache_up", "Whether Apache gave any answer in this scrape (1) or not (0).");
constexpr auto kFailures = counter("apache_exporter_scrape_failures_total",
                                   "Failed scrapes since the start; only shown while they fail.");
constexpr auto kVersion = gauge("apache_version", "Apache's version as one number: 2.4.57 is 2.04057.");
constexpr auto kInfo = gauge(
    "apache_info", "Always 1; the labels tell Apache's version and its process model.", "version", "mpm");
constexpr auto kGeneration = gauge(
    "apache_generation", "How often the configuration was read, and the process model restarted.", "type");
constexpr auto kLoad =
    gauge("apache_load", "The machine's load averages as Apache reports them.", "interval");
constexpr auto kAccesses = counter("apache_accesses_total", "Requests served.");
constexpr auto kKilobytes = counter("apache_sent_kilobytes_total", "Kibibytes served.");
constexpr auto kDuration = counter("apache_duration_ms_total", "Time spent on requests, in milliseconds.");
constexpr auto kCpuTime = counter("apache_cpu_time_ms_total",
                                  "Processor time of Apache and its children, in milliseconds.", "type");
constexpr auto kCpuLoad =
    gauge("apache_cpuload", "Processor use of all of Apache since its start, in percent.");
constexpr auto kUptime = counter("apache_uptime_seconds_total", "Time since Apache's start, in seconds.");
constexpr auto kWorkers = gauge("apache_workers", "Workers by state.", "state");
constexpr auto kProcesses = gauge("apache_processes", "Apache's processes by state.", "state");
constexpr auto kConnections =
    gauge("apache_connections", "Connections of the event and worker models by state.", "state");
constexpr auto kGraceful = gauge("apache_graceful_workers", "Workers that end once they have answered.");
constexpr auto kWaitIo =
    gauge("apache_connections_wait_io", "Connections of the event model that wait for the network.");
constexpr auto kScoreboard = gauge("apache_scoreboard", "Slots of the scoreboard by state.", "state");
constexpr auto kProxyStatus =
    gauge("apache_proxy_balancer_status", "Always 1; the label tells the worker's state.", "balancer",
          "worker", "status");
constexpr auto kProxyAccesses =
    counter("apache_proxy_balancer_accesses_total", "Requests given to the worker.", "balancer", "worker");
constexpr auto kProxyBusy =
    gauge("apache_proxy_balancer_busy", "Requests that the worker is busy with.", "balancer", "worker");
constexpr auto kProxySent = counter("apache_proxy_balancer_request_kbytes_total",
                                    "Kibibytes sent to the worker.", "balancer", "worker");
constexpr auto kProxyReceived = counter("apache_proxy_balancer_response_kbytes_total",
                                        "Kibibytes received from the worker.", "balancer", "worker");

constexpr MetricInfo kMetrics[] = {
    kUp,       kFailures,   kVersion,     kInfo,          kGeneration, kLoad,      kAccesses,     kKilobytes,
    kDuration, kCpuTime,    kCpuLoad,     kUptime,        kWorkers,    kProcesses, kConnections,  kGraceful,
    kWaitIo,   kScoreboard, kProxyStatus, kProxyAccesses, kProxyBusy,  kProxySent, kProxyReceived};

struct State {
  char letter;
  std::string_view name;
};
constexpr State kStates[] = {{'_', "idle"},         {'S', "startup"},   {'R', "read"},
                             {'W', "reply"},        {'K', "keepalive"}, {'D', "dns"},
                             {'C', "closing"},      {'L', "logging"},   {'G', "graceful_stop"},
                             {'I', "idle_cleanup"}, {'.', "open_slot"}};

void write_scoreboard(Sink& sink, std::string_view board) {
  std::array<std::uint64_t, 256> counts{};
  for (const char c : board) ++counts[static_cast<unsigned char>(c)];
  const auto family = sink.family(kScoreboard);
  for (const auto& state : kStates) {
    auto& count = counts[static_cast<unsigned char>(state.letter)];
    family({state.name}, count);
    count = 0;
  }
  for (unsigned char c = '!'; c <= '~'; ++c) {
    const char letter = static_cast<char>(c);
    if (counts[c] > 0) family({std::string_view(&letter, 1)}, counts[c]);
  }
}

void write_workers(Sink& sink, const ServerStatus& status, bool whole) {
  for (const auto& w : status.workers) {
    if (w.elected) sink(kProxyAccesses, {w.balancer, w.worker}, *w.elected);
    if (w.sent) sink(kProxySent, {w.balancer, w.worker}, *w.sent);
    if (w.received) sink(kProxyReceived, {w.balancer, w.worker}, *w.received);
    if (whole && !w.status.empty()) sink(kProxyStatus, {w.balancer, w.worker, w.status}, 1);
    if (whole && w.busy) sink(kProxyBusy, {w.balancer, w.worker}, *w.busy);
  }
}

using Number = std::optional<double>;
void write_if(Sink& sink, const Metric<0>& metric, const Number& value) {
  if (value) sink(metric, *value);
}
void write_if(Sink& sink, const Metric<1>& metric, std::string_view label, const Number& value) {
  if (value) sink(metric, {label}, *value);
}

}  // namespace

void write_server_status(Sink& sink, const ServerStatus& s, bool whole) {
  write_if(sink, kVersion, version_number(s.version));
  write_if(sink, kAccesses, s.accesses);
  write_if(sink, kKilobytes, s.kilobytes);
  write_if(sink, kDuration, s.duration);
  write_if(sink, kUptime, s.uptime);
  write_workers(sink, s, whole);
  if (!whole) return;
  sink(kInfo, {s.version, s.mpm}, 1);
  sink(kCpuLoad, s.cpu_load.value_or(0));
  if (s.cpu_user || s.cpu_system || s.cpu_children_user || s.cpu_children_system) {
    constexpr double kMilliseconds = 1000;
    sink(kCpuTime, {"user"}, kMilliseconds * (s.cpu_user.value_or(0) + s.cpu_children_user.value_or(0)));
    sink(kCpuTime, {"system"},
         kMilliseconds * (s.cpu_system.value_or(0) + s.cpu_children_system.value_or(0)));
  }
  write_if(sink, kGeneration, "config", s.config_generation);
  write_if(sink, kGeneration, "mpm", s.mpm_generation);
  write_if(sink, kLoad, "1min", s.load1);
  write_if(sink, kLoad, "5min", s.load5);
  write_if(sink, kLoad, "15min", s.load15);
  write_if(sink, kWorkers, "busy", s.busy);
  write_if(sink, kWorkers, "idle", s.idle);
  write_if(sink, kProcesses, "all", s.processes);
  write_if(sink, kProcesses, "stopping", s.stopping);
  write_if(sink, kConnections, "total", s.connections);
  write_if(sink, kConnections, "writing", s.writing);
  write_if(sink, kConnections, "keepalive", s.keep_alive);
  write_if(sink, kConnections, "closing", s.closing);
  write_if(sink, kGraceful, s.graceful);
  write_if(sink, kWaitIo, s.wait_io);
  if (s.scoreboard) write_scoreboard(sink, *s.scoreboard);
}

void write_up(Sink& sink, bool up) { sink(kUp, up ? 1 : 0); }
void write_failures(Sink& sink, std::uint64_t failures) { sink(kFailures, failures); }
std::span<const MetricInfo> metrics() { return kMetrics; }

}  // namespace exporter::apache
