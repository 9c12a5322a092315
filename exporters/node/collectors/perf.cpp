// SPDX-License-Identifier: Apache-2.0
// node_perf_*: hardware and software events of each CPU, counted by perf_event_open(2).

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

#include <exporter/log.hpp>

#include "collector_spec.hpp"
#include "cpu_list.hpp"

namespace exporter::node {
namespace {

struct Event {
  std::string_view profiler;  // as the flags name it
  std::uint32_t type;
  std::uint64_t config;
  Metric<1> metric;
};

constexpr Event hardware(std::string_view profiler, std::uint64_t config, std::string_view name,
                         std::string_view help) {
  return {profiler, PERF_TYPE_HARDWARE, config, counter(name, help, "cpu")};
}
constexpr Event software(std::string_view profiler, std::uint64_t config, std::string_view name,
                         std::string_view help) {
  return {profiler, PERF_TYPE_SOFTWARE, config, counter(name, help, "cpu")};
}
constexpr Event cache(std::string_view profiler, std::uint64_t unit, std::uint64_t operation,
                      std::uint64_t result, std::string_view name, std::string_view help) {
  return {profiler, PERF_TYPE_HW_CACHE, unit | operation << 8 | result << 16, counter(name, help, "cpu")};
}

constexpr std::uint64_t kRead = PERF_COUNT_HW_CACHE_OP_READ;
constexpr std::uint64_t kWrite = PERF_COUNT_HW_CACHE_OP_WRITE;
constexpr std::uint64_t kHit = PERF_COUNT_HW_CACHE_RESULT_ACCESS;
constexpr std::uint64_t kMiss = PERF_COUNT_HW_CACHE_RESULT_MISS;

constexpr Event kEvents[] = {
    hardware("CpuCycles", PERF_COUNT_HW_CPU_CYCLES, "node_perf_cpucycles_total", "CPU cycles."),
    hardware("CpuInstr", PERF_COUNT_HW_INSTRUCTIONS, "node_perf_instructions_total", "Instructions retired."),
    hardware("CacheRef", PERF_COUNT_HW_CACHE_REFERENCES, "node_perf_cache_refs_total", "Cache accesses."),
    hardware("CacheMisses", PERF_COUNT_HW_CACHE_MISSES, "node_perf_cache_misses_total", "Cache misses."),
    hardware("BranchInstr", PERF_COUNT_HW_BRANCH_INSTRUCTIONS, "node_perf_branch_instructions_total",
             "Branches."),
    hardware("BranchMisses", PERF_COUNT_HW_BRANCH_MISSES, "node_perf_branch_misses_total",
             "Branches mispredicted."),
    hardware("StalledCyclesBackend", PERF_COUNT_HW_STALLED_CYCLES_BACKEND,
             "node_perf_stalled_cycles_backend_total", "Cycles in which the back end stalled."),
    hardware("StalledCyclesFrontend", PERF_COUNT_HW_STALLED_CYCLES_FRONTEND,
             "node_perf_stalled_cycles_frontend_total", "Cycles in which the front end stalled."),
    hardware("RefCpuCycles", PERF_COUNT_HW_REF_CPU_CYCLES, "node_perf_ref_cpucycles_total",
             "CPU cycles at the nominal rate."),
    software("PageFault", PERF_COUNT_SW_PAGE_FAULTS, "node_perf_page_faults_total", "Page faults."),
    software("ContextSwitch", PERF_COUNT_SW_CONTEXT_SWITCHES, "node_perf_context_switches_total",
             "Context switches."),
    software("CpuMigration", PERF_COUNT_SW_CPU_MIGRATIONS, "node_perf_cpu_migrations_total",
             "Moves of tasks to another CPU."),
    software("MinorFault", PERF_COUNT_SW_PAGE_FAULTS_MIN, "node_perf_minor_faults_total",
             "Page faults without reading from disk."),
    software("MajorFault", PERF_COUNT_SW_PAGE_FAULTS_MAJ, "node_perf_major_faults_total",
             "Page faults that read from disk."),
    cache("L1DataReadHit", PERF_COUNT_HW_CACHE_L1D, kRead, kHit, "node_perf_cache_l1d_read_hits_total",
          "Reads of the level 1 data cache."),
    cache("L1DataReadMiss", PERF_COUNT_HW_CACHE_L1D, kRead, kMiss, "node_perf_cache_l1d_read_misses_total",
          "Reads that missed the level 1 data cache."),
    cache("L1DataWriteHit", PERF_COUNT_HW_CACHE_L1D, kWrite, kHit, "node_perf_cache_l1d_write_hits_total",
          "Writes to the level 1 data cache."),
    cache("L1InstrReadMiss", PERF_COUNT_HW_CACHE_L1I, kRead, kMiss,
          "node_perf_cache_l1_instr_read_misses_total", "Reads that missed the level 1 instruction cache."),
    cache("LLReadHit", PERF_COUNT_HW_CACHE_LL, kRead, kHit, "node_perf_cache_ll_read_hits_total",
          "Reads of the last level cache."),
    cache("LLReadMiss", PERF_COUNT_HW_CACHE_LL, kRead, kMiss, "node_perf_cache_ll_read_misses_total",
          "Reads that missed the last level cache."),
    cache("LLWriteHit", PERF_COUNT_HW_CACHE_LL, kWrite, kHit, "node_perf_cache_ll_write_hits_total",
          "Writes to the last level cache."),
    cache("LLWriteMiss", PERF_COUNT_HW_CACHE_LL, kWrite, kMiss, "node_perf_cache_ll_write_misses_total",
          "Writes that missed the last level cache."),
    cache("InstrTLBReadHit", PERF_COUNT_HW_CACHE_ITLB, kRead, kHit,
          "node_perf_cache_tlb_instr_read_hits_total", "Look-ups of the instruction TLB."),
    cache("InstrTLBReadMiss", PERF_COUNT_HW_CACHE_ITLB, kRead, kMiss,
          "node_perf_cache_tlb_instr_read_misses_total", "Look-ups that missed the instruction TLB."),
    cache("BPUReadHit", PERF_COUNT_HW_CACHE_BPU, kRead, kHit, "node_perf_cache_bpu_read_hits_total",
          "Look-ups of the branch predictor."),
    cache("BPUReadMiss", PERF_COUNT_HW_CACHE_BPU, kRead, kMiss, "node_perf_cache_bpu_read_misses_total",
          "Look-ups that missed the branch predictor."),
    cache("DataTLBReadHit", PERF_COUNT_HW_CACHE_DTLB, kRead, kHit, "node_perf_cache_tlb_data_read_hits_total",
          "Look-ups of the data TLB for reads."),
    cache("DataTLBReadMiss", PERF_COUNT_HW_CACHE_DTLB, kRead, kMiss,
          "node_perf_cache_tlb_data_read_misses_total", "Look-ups for reads that missed the data TLB."),
    cache("DataTLBWriteHit", PERF_COUNT_HW_CACHE_DTLB, kWrite, kHit,
          "node_perf_cache_tlb_data_write_hits_total", "Look-ups of the data TLB for writes."),
    cache("DataTLBWriteMiss", PERF_COUNT_HW_CACHE_DTLB, kWrite, kMiss,
          "node_perf_cache_tlb_data_write_misses_total", "Look-ups for writes that missed the data TLB."),
};

constexpr std::string_view kTracepointHelp = "Times that the tracepoint was passed.";
constexpr auto kTracepoint = counter("node_perf_*", kTracepointHelp, "cpu");

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kEvents) + 1> metrics;
  for (std::size_t i = 0; i < std::size(kEvents); ++i) metrics[i] = kEvents[i].metric;
  metrics.back() = kTracepoint;
  return metrics;
}();

/// Counts an event on one CPU, of all processes; it counts from here on.
Result<Fd> open_event(std::uint32_t type, std::uint64_t config, unsigned cpu) {
  ::perf_event_attr attributes{};
  attributes.type = type;
  attributes.size = sizeof(attributes);
  attributes.config = config;
  attributes.exclude_hv = 1;
  const auto fd =
      ::syscall(SYS_perf_event_open, &attributes, -1, static_cast<int>(cpu), -1, PERF_FLAG_FD_CLOEXEC);
  if (fd < 0) {
    return std::unexpected(errno_error("perf_event_open", "on CPU " + std::to_string(cpu), errno));
  }
  return Fd(static_cast<int>(fd));
}

/// The group of flags for one kind of events.
struct Profilers {
  std::uint32_t type;
  std::string_view setting;
  const Flag<bool>& disabled;
  const Flag<std::vector<std::string>>& names;

  bool has(const Event& event) const {
    return !*disabled && (names->empty() || std::ranges::find(*names, event.profiler) != names->end());
  }
};

class Perf final : public Collector {
 public:
  Perf(Host&, Flags& flags)
      : cpus_flag_(flags.text("collector.perf.cpus", "", "CPUs to count on (1,4-6,10-20:2); empty: all.")),
        tracepoints_(flags.list("collector.perf.tracepoint", {}, "Tracepoints to count: subsystem:event.")),
        profilers_{
            Profilers{
                PERF_TYPE_HARDWARE, "collector.perf.hardware-profilers",
                flags.toggle("collector.perf.disable-hardware-profilers", false,
                             "Do not count hardware events."),
                flags.list("collector.perf.hardware-profilers", {}, "Hardware events to count; none: all.")},
            Profilers{
                PERF_TYPE_SOFTWARE, "collector.perf.software-profilers",
                flags.toggle("collector.perf.disable-software-profilers", false,
                             "Do not count software events."),
                flags.list("collector.perf.software-profilers", {}, "Software events to count; none: all.")},
            Profilers{
                PERF_TYPE_HW_CACHE, "collector.perf.cache-profilers",
                flags.toggle("collector.perf.disable-cache-profilers", false, "Do not count cache events."),
                flags.list("collector.perf.cache-profilers", {}, "Cache events to count; none: all.")},
        } {}

  Status start() override {
    Files system("/sys");
    std::string buffer;
    auto list = cpus_flag_->empty() ? system.read_once("devices/system/cpu/online", buffer)
                                    : std::string_view(*cpus_flag_);
    if (!list) return fail(list);
    const auto cpus = parse_cpu_list(*list);
    if (!cpus)
      return fail(Code::kInvalid, "--collector.perf.cpus: not a list of CPUs: " + std::string(*list));

    std::optional<Error> refused;
    for (const auto& profilers : profilers_) {
      warn_of_unknown(profilers);
      for (const auto& event : kEvents) {
        if (event.type != profilers.type || !profilers.has(event)) continue;
        for (const auto cpu : *cpus) {
          auto fd = open_event(event.type, event.config, cpu);
          if (fd) {
            counters_.push_back({event.metric, {}, cpu, std::move(*fd)});
          } else {
            refused = fd.error();  // few machines have them all
          }
        }
      }
    }
    for (const auto& tracepoint : *tracepoints_) {
      if (auto status = open_tracepoint(system, tracepoint, *cpus); !status) return status;
    }
    if (counters_.empty() && refused) return std::unexpected(*refused);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto& counter : counters_) {
      std::uint64_t value = 0;
      if (::read(counter.fd.get(), &value, sizeof(value)) != sizeof(value)) continue;  // the CPU went offline
      auto metric = counter.metric;
      if (!counter.name.empty()) metric.name = counter.name;
      sink(metric, {Digits(counter.cpu)}, value);
    }
    return {};
  }

 private:
  struct Counter {
    Metric<1> metric;
    std::string name;  // of a tracepoint
    unsigned cpu;
    Fd fd;
  };

  static void warn_of_unknown(const Profilers& profilers) {
    for (const auto& name : *profilers.names) {
      const bool known = std::ranges::any_of(kEvents, [&](const Event& event) {
        return event.type == profilers.type && event.profiler == name;
      });
      if (!known)
        log::error("Unknown profiler is left out", {{"setting", profilers.setting}, {"name", name}});
    }
  }

  Status open_tracepoint(Files& system, const std::string& tracepoint, const std::vector<unsigned>& cpus) {
    std::string_view event = tracepoint;
    const auto subsystem = take_until(event, ':');
    if (subsystem.empty() || event.empty() || event.find(':') != event.npos) {
      return fail(Code::kInvalid, "--collector.perf.tracepoint: write subsystem:event, not " + tracepoint);
    }
    const auto path = "events/" + std::string(subsystem) + "/" + std::string(event) + "/id";
    auto id = system.number<std::uint64_t>("kernel/tracing/" + path);
    if (!id) id = system.number<std::uint64_t>("kernel/debug/tracing/" + path);
    if (!id) return fail(id);
    const auto name = "node_perf_" + sanitize_name(subsystem) + "_" + sanitize_name(event);
    for (const auto cpu : cpus) {
      auto fd = open_event(PERF_TYPE_TRACEPOINT, *id, cpu);
      if (!fd) return fail(fd);
      counters_.push_back({kTracepoint, name, cpu, std::move(*fd)});
    }
    return {};
  }

  const Flag<std::string>& cpus_flag_;
  const Flag<std::vector<std::string>>& tracepoints_;
  std::array<Profilers, 3> profilers_;
  std::vector<Counter> counters_;
};

}  // namespace

extern const CollectorSpec perf{"Events of each CPU, counted by perf_event_open(2).", kMetrics, make<Perf>};

}  // namespace exporter::node
