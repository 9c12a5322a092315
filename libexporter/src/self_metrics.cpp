// SPDX-License-Identifier: Apache-2.0
// process_* from /proc/self and promhttp_* from the handler's counts.

#include "detail/self_metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <exporter/files.hpp>

namespace exporter::detail {
namespace {

constexpr auto kCpu =
    counter("process_cpu_seconds_total", "CPU time of this process, user and system, in seconds.");
constexpr auto kOpenFds = gauge("process_open_fds", "File descriptors that this process has open.");
constexpr auto kMaxFds = gauge("process_max_fds", "File descriptors that this process may have open.");
constexpr auto kVirtual = gauge("process_virtual_memory_bytes", "Virtual memory of this process in bytes.");
constexpr auto kVirtualMax =
    gauge("process_virtual_memory_max_bytes", "Virtual memory that this process may have, in bytes.");
constexpr auto kResident =
    gauge("process_resident_memory_bytes", "Resident memory of this process in bytes.");
constexpr auto kStartTime = gauge("process_start_time_seconds", "When this process started, in Unix time.");
constexpr auto kReceived = counter("process_network_receive_bytes_total",
                                   "Bytes that this process's network namespace received over IP.");
constexpr auto kSent = counter("process_network_transmit_bytes_total",
                               "Bytes that this process's network namespace sent over IP.");
constexpr MetricInfo kProcessMetrics[] = {kCpu,      kOpenFds,   kMaxFds,   kVirtual, kVirtualMax,
                                          kResident, kStartTime, kReceived, kSent};

constexpr auto kRequests =
    counter("promhttp_metric_handler_requests_total", "Scrapes answered, by HTTP status.", "code");
constexpr auto kInFlight = gauge("promhttp_metric_handler_requests_in_flight", "Scrapes being served now.");
constexpr auto kErrors =
    counter("promhttp_metric_handler_errors_total", "Errors of the metrics handler.", "cause");
constexpr MetricInfo kHandlerMetrics[] = {kRequests, kInFlight, kErrors};

/// RLIM_INFINITY as the number that "unlimited" has always been shown as.
double limit_of(int resource) {
  rlimit limit{};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return static_cast<double>(limit.rlim_cur);
}

class Process final : public Collector {
 public:
  Status start() override {
    auto boot = proc_.read("stat");
    if (!boot) return {};
    for (const auto line : Lines(*boot)) {
      if (line.starts_with("btime ")) boot_time_ = parse<double>(line.substr(6)).value_or(0);
    }
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("self/stat");
    if (!text) return fail(text);
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    Fields fields(text->substr(text->rfind(')') + 1));
    fields.skip(11);  // state is field 3 of proc(5); utime is field 14
    const double user = parse<double>(fields.next()).value_or(0);
    const double system = parse<double>(fields.next()).value_or(0);
    fields.skip(6);
    const double started = parse<double>(fields.next()).value_or(0);
    const auto virtual_bytes = parse<std::uint64_t>(fields.next()).value_or(0);
    const auto resident_pages = parse<std::uint64_t>(fields.next()).value_or(0);
    sink(kCpu, (user + system) / ticks);
    sink(kStartTime, boot_time_ + started / ticks);
    sink(kVirtual, virtual_bytes);
    sink(kResident, resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)));
    sink(kMaxFds, limit_of(RLIMIT_NOFILE));
    sink(kVirtualMax, limit_of(RLIMIT_AS));
    if (const auto count = open_descriptors(); count >= 0) sink(kOpenFds, count);
    write_network(sink);
    return {};
  }

 private:
  static long open_descriptors() {
    // Since Linux 6.2 the folder's size is their number; to list it costs more than many a collector.
    struct stat status {};
    if (stat("/proc/self/fd", &status) == 0 && status.st_size > 0) return status.st_size;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
    if (!directory) return -1;
    long count = -3;  // ".", "..", and the directory itself
    while (readdir(directory.get())) ++count;
    return count;
  }

  void write_network(Sink& sink) {
    auto text = proc_.read("self/net/netstat");
    if (!text) return;
    std::string_view names;
    for (const auto line : Lines(*text)) {
      if (!line.starts_with("IpExt:")) continue;
      if (names.empty()) {
        names = line;
        continue;
      }
      Fields keys(names);
      Fields values(line);
      for (auto key = keys.next(); !key.empty(); key = keys.next()) {
        const auto value = values.next();
        const auto number = parse<std::uint64_t>(value);
        if (!number) continue;
        if (key == "InOctets") sink(kReceived, *number);
        if (key == "OutOctets") sink(kSent, *number);
      }
    }
  }

  Files proc_{std::string_view("/proc")};
  double boot_time_ = 0;
};

class HandlerMetrics final : public Collector {
 public:
  explicit HandlerMetrics(const HandlerCounts& counts) : counts_(counts) {}

  Status collect(Sink& sink, const Scrape&) override {
    sink(kRequests, {"200"}, counts_.ok.load());
    sink(kRequests, {"500"}, counts_.failed.load());
    sink(kRequests, {"503"}, counts_.refused.load());
    sink(kInFlight, counts_.in_flight.load());
    sink(kErrors, {"encoding"}, 0);
    sink(kErrors, {"gathering"}, counts_.gathering_errors());
    return {};
  }

 private:
  const HandlerCounts& counts_;
};

}  // namespace

std::unique_ptr<Collector> make_process_collector() { return std::make_unique<Process>(); }
std::span<const MetricInfo> process_metrics() { return kProcessMetrics; }
std::unique_ptr<Collector> make_handler_collector(const HandlerCounts& counts) {
  return std::make_unique<HandlerMetrics>(counts);
}
std::span<const MetricInfo> handler_metrics() { return kHandlerMetrics; }

}  // namespace exporter::detail
