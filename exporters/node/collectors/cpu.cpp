// SPDX-License-Identifier: Apache-2.0
// node_cpu_*: what CPUs spend their time on, from /proc/stat; throttling, isolation and state from
// /sys/devices/system/cpu; and what they are, from /proc/cpuinfo.

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "cpu_list.hpp"

namespace exporter::node {
namespace {

constexpr auto kSeconds =
    counter("node_cpu_seconds_total", "Time spent in each mode, in seconds.", "cpu", "mode");
constexpr auto kGuestSeconds =
    counter("node_cpu_guest_seconds_total", "Time spent for virtual machines, in seconds.", "cpu", "mode");
constexpr auto kCoreThrottles = counter("node_cpu_core_throttles_total",
                                        "Times the core was slowed down for its heat.", "core", "package");
constexpr auto kPackageThrottles =
    counter("node_cpu_package_throttles_total", "Times the package was slowed down for its heat.", "package");
constexpr auto kIsolated = gauge("node_cpu_isolated", "1 for CPUs that the scheduler leaves alone.", "cpu");
constexpr auto kOnline = gauge("node_cpu_online", "1 where the CPU is on, else 0.", "cpu");
constexpr auto kInfo =
    gauge("node_cpu_info", "What the CPU says of itself; always 1.", "cachesize", "core", "cpu", "family",
          "microcode", "model", "model_name", "package", "stepping", "vendor");
constexpr auto kFrequency =
    gauge("node_cpu_frequency_hertz", "Clock rate of the CPU, in hertz.", "core", "cpu", "package");
constexpr auto kFlag = gauge("node_cpu_flag_info", "Features of the first CPU; always 1.", "flag");
constexpr auto kBug = gauge("node_cpu_bug_info", "Known bugs of the first CPU; always 1.", "bug");
constexpr MetricInfo kMetrics[] = {kSeconds,  kGuestSeconds, kCoreThrottles, kPackageThrottles,
                                   kIsolated, kOnline,       kInfo,          kFrequency,
                                   kFlag,     kBug};

// The columns of a line of /proc/stat; the last two are the guests'.
constexpr std::string_view kModes[] = {"user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"};
constexpr std::size_t kIdle = 3;
constexpr std::size_t kGuest = 8;
constexpr std::size_t kGuestNice = 9;
constexpr double kTicksPerSecond = 100;  // USER_HZ, the same on all architectures that matter

/// A CPU's times. Kernels let single columns go back a little now and then, which counters must not.
struct Times {
  std::array<double, 10> seconds{};
  std::uint64_t seen = 0;

  void keep_maxima(const std::array<double, 10>& now) {
    constexpr double kRestarted = 3;  // a CPU that was unplugged starts anew
    if (seconds[kIdle] - now[kIdle] >= kRestarted) seconds.fill(0);
    for (std::size_t i = 0; i < now.size(); ++i) seconds[i] = std::max(seconds[i], now[i]);
  }
};

/// One CPU of /proc/cpuinfo.
struct CpuInfo {
  std::string_view processor, vendor, family, model, model_name, stepping, microcode, megahertz, cache_size,
      package, core, flags, bugs;
};

struct InfoField {
  std::string_view key;
  std::string_view CpuInfo::*field;
};
constexpr InfoField kInfoFields[] = {
    {"vendor_id", &CpuInfo::vendor},    {"cpu family", &CpuInfo::family},
    {"model", &CpuInfo::model},         {"model name", &CpuInfo::model_name},
    {"stepping", &CpuInfo::stepping},   {"microcode", &CpuInfo::microcode},
    {"cpu MHz", &CpuInfo::megahertz},   {"cache size", &CpuInfo::cache_size},
    {"physical id", &CpuInfo::package}, {"core id", &CpuInfo::core},
    {"flags", &CpuInfo::flags},         {"Features", &CpuInfo::flags},
    {"bugs", &CpuInfo::bugs},
};

class Cpu final : public Collector {
 public:
  Cpu(Host& host, Flags& flags)
      : proc_(host.procfs()),
        sys_(host.sysfs()),
        guest_(flags.toggle("collector.cpu.guest", true, "Expose the time spent for virtual machines.")),
        aggregate_(
            flags.toggle("collector.cpu.aggregate", false,
                         "Expose the times of all CPUs added up, as cpu=\"all\", instead of each one's.")),
        info_(flags.toggle("collector.cpu.info", false, "Expose what /proc/cpuinfo says.")),
        flags_pattern_(flags.text("collector.cpu.info.flags-include", "",
                                  "Features to expose (regexp). Switches collector.cpu.info on.")),
        bugs_pattern_(flags.text("collector.cpu.info.bugs-include", "",
                                 "Bugs to expose (regexp). Switches collector.cpu.info on.")) {}

  Status start() override {
    for (auto [setting, pattern, matcher] :
         {std::tuple("--collector.cpu.info.flags-include", &*flags_pattern_, &flags_include_),
          std::tuple("--collector.cpu.info.bugs-include", &*bugs_pattern_, &bugs_include_)}) {
      if (pattern->empty()) continue;
      auto made = Matcher::make(setting, *pattern);
      if (!made) return fail(made);
      *matcher = std::move(*made);
    }
    constexpr std::string_view kPath = "devices/system/cpu/isolated";
    std::string buffer;
    auto isolated = sys_.read_once(kPath, buffer);
    if (!isolated && isolated.error().code == Code::kNoData) return {};
    if (!isolated) return fail(isolated);
    auto cpus = parse_cpu_list(*isolated);
    if (!cpus) return std::unexpected(sys_.malformed(kPath, "not a list of CPUs"));
    isolated_ = std::move(*cpus);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    if (*info_ || !flags_pattern_->empty() || !bugs_pattern_->empty()) {
      if (auto status = collect_info(sink); !status) return status;
    }
    if (auto status = collect_times(sink); !status) return status;
    const auto cpus = sys_.glob("devices/system/cpu/cpu[0-9]*");
    collect_throttles(sink, cpus);
    collect_online(sink, cpus);
    const auto isolated = sink.family(kIsolated);
    for (const auto cpu : isolated_) isolated({Digits(cpu)}, 1);
    return {};
  }

 private:
  Status collect_times(Sink& sink) {
    auto text = proc_.read("stat");
    if (!text) return fail(text);
    ++runs_;
    const auto seconds = sink.family(kSeconds);
    const auto guest = sink.family(kGuestSeconds);
    const auto write = [&](std::string_view label, const std::array<double, 10>& spent) {
      for (std::size_t i = 0; i < std::size(kModes); ++i) seconds({label, kModes[i]}, spent[i]);
      if (!*guest_) return;
      guest({label, "user"}, spent[kGuest]);
      guest({label, "nice"}, spent[kGuestNice]);
    };
    for (std::string_view line : Lines(*text)) {
      if (!line.starts_with("cpu")) continue;
      Fields fields(line);
      const auto label = fields.next().substr(3);
      if (label.empty()) continue;  // the sum of all
      const auto number = parse<unsigned>(label);
      if (!number) return std::unexpected(proc_.malformed("stat", number.error().message));
      std::array<double, 10> now{};
      for (std::size_t i = 0; i < now.size() && !fields.empty(); ++i) {  // old kernels have fewer columns
        auto ticks = parse<std::uint64_t>(fields.next());
        if (!ticks) return std::unexpected(proc_.malformed("stat", ticks.error().message));
        now[i] = static_cast<double>(*ticks) / kTicksPerSecond;
      }
      auto& times = times_[*number];
      times.seen = runs_;
      times.keep_maxima(now);
      if (!*aggregate_) write(label, times.seconds);
    }
    if (*aggregate_) {
      // Times of a CPU that was switched off stay in the sum: a counter must not go back.
      std::array<double, 10> all{};
      for (const auto& [cpu, times] : times_) {
        for (std::size_t i = 0; i < all.size(); ++i) all[i] += times.seconds[i];
      }
      write("all", all);
    } else {
      std::erase_if(times_, [&](const auto& entry) { return entry.second.seen != runs_; });
    }
    return {};
  }

  /// Threads of a core, and cores of a package, share their counter: the first one found counts.
  void collect_throttles(Sink& sink, const std::vector<std::string>& cpus) {
    const auto core_throttles = sink.family(kCoreThrottles);
    const auto package_throttles = sink.family(kPackageThrottles);
    std::set<std::uint64_t> packages;
    std::set<std::pair<std::uint64_t, std::uint64_t>> cores;
    for (const auto& cpu : cpus) {
      const auto directory = cpu + "/thermal_throttle";
      if (!sys_.exists(directory)) continue;
      auto package = sys_.number<std::uint64_t>(cpu + "/topology/physical_package_id");
      auto core = sys_.number<std::uint64_t>(cpu + "/topology/core_id");
      if (!package || !core) continue;
      if (!cores.contains({*package, *core})) {
        if (auto count = sys_.number<std::uint64_t>(directory + "/core_throttle_count")) {
          cores.insert({*package, *core});
          core_throttles({Digits(*core), Digits(*package)}, *count);
        }
      }
      if (!packages.contains(*package)) {
        if (auto count = sys_.number<std::uint64_t>(directory + "/package_throttle_count")) {
          packages.insert(*package);
          package_throttles({Digits(*package)}, *count);
        }
      }
    }
  }

  void collect_online(Sink& sink, const std::vector<std::string>& cpus) {
    // Machines whose first CPU cannot be switched off have no such series.
    if (cpus.empty() || !sys_.exists(cpus.front() + "/online")) return;
    const auto online = sink.family(kOnline);
    for (const auto& cpu : cpus) {
      const bool on = sys_.value(cpu + "/online").value_or("0") == "1";
      online({std::string_view(cpu).substr(cpu.find_last_of('/') + 4)}, on ? 1 : 0);
    }
  }

  Status collect_info(Sink& sink) {
    auto text = proc_.read("cpuinfo");
    if (!text) return fail(text);
    CpuInfo cpu;
    bool first = true;
    const auto write = [&] {
      if (cpu.processor.empty()) return;
      sink(kInfo,
           {cpu.cache_size, cpu.core, cpu.processor, cpu.family, cpu.microcode, cpu.model, cpu.model_name,
            cpu.package, cpu.stepping, cpu.vendor},
           1);
      if (auto megahertz = parse<double>(cpu.megahertz)) {
        sink(kFrequency, {cpu.core, cpu.processor, cpu.package}, *megahertz * 1e6);
      }
      if (!std::exchange(first, false)) return;
      write_matching(sink.family(kFlag), cpu.flags, flags_include_);
      write_matching(sink.family(kBug), cpu.bugs, bugs_include_);
    };
    for (std::string_view line : Lines(*text)) {
      const auto pair = split_pair(line, ':');
      if (!pair) continue;
      if (pair->key == "processor") {
        write();
        cpu = {};
        cpu.processor = pair->value;
      }
      for (const auto& field : kInfoFields) {
        if (pair->key == field.key) cpu.*field.field = pair->value;
      }
    }
    if (cpu.processor.empty()) return std::unexpected(proc_.malformed("cpuinfo", "no processor"));
    write();
    return {};
  }

  static void write_matching(const Sink::Family<1>& family, std::string_view words, const Matcher& include) {
    if (include.pattern_empty()) return;
    for (Fields fields(words); !fields.empty();) {
      const auto word = fields.next();
      if (include.matches(word)) family({word}, 1);
    }
  }

  Files proc_;
  Files sys_;
  const Flag<bool>& guest_;
  const Flag<bool>& aggregate_;
  const Flag<bool>& info_;
  const Flag<std::string>& flags_pattern_;
  const Flag<std::string>& bugs_pattern_;
  Matcher flags_include_;
  Matcher bugs_include_;
  std::vector<unsigned> isolated_;
  std::map<unsigned, Times> times_;
  std::uint64_t runs_ = 0;
};

}  // namespace

extern const CollectorSpec cpu{"Time in each mode, throttling and kind of CPUs, from /proc and /sys.",
                               kMetrics, make<Cpu>};

}  // namespace exporter::node
