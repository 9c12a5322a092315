// SPDX-License-Identifier: Apache-2.0
// node_processes_*: processes and threads by state, from /proc/<pid>.

#include <algorithm>
#include <array>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kThreads = gauge("node_processes_threads", "Threads there are.");
constexpr auto kMaxThreads = gauge("node_processes_max_threads", "Threads there may be.");
constexpr auto kState = gauge("node_processes_state", "Processes in each state.", "state");
constexpr auto kThreadState = gauge("node_processes_threads_state", "Threads in each state.", "thread_state");
constexpr auto kProcesses = gauge("node_processes_pids", "Processes there are.");
constexpr auto kMaxProcesses = gauge("node_processes_max_processes", "Highest process number.");
constexpr MetricInfo kMetrics[] = {kThreads, kMaxThreads, kState, kThreadState, kProcesses, kMaxProcesses};

bool is_number(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

struct ProcessStat {
  char state = 0;
  std::uint64_t threads = 0;
};

/// "12 (name) S 1 ..."; the name may have anything in it, parentheses and spaces too.
Result<ProcessStat> parse_stat(std::string_view text) {
  const auto name_end = text.rfind(')');
  if (name_end == text.npos) return fail(Code::kInvalid, "no name of the process");
  Fields fields(text.substr(name_end + 1));
  const auto state = fields.next();
  auto threads = parse<std::uint64_t>(fields.skip(16).next());
  if (!threads || state.size() != 1) return fail(Code::kInvalid, "too few fields, or not those of a process");
  return ProcessStat{state.front(), *threads};
}

class Processes final : public Collector {
 public:
  Processes(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto names = proc_.list("");
    if (!names) return fail(names);
    Counts states{};
    Counts thread_states{};
    std::uint64_t processes = 0;
    std::uint64_t threads = 0;
    for (const auto& pid : *names) {
      if (!is_number(pid)) continue;
      auto text = proc_.read_once(pid + "/stat", buffer_);
      if (!text) continue;  // it has ended
      auto stat = parse_stat(*text);
      if (!stat) return std::unexpected(proc_.malformed(pid + "/stat", stat.error().message));
      ++processes;
      threads += stat->threads;
      ++states[static_cast<unsigned char>(stat->state)];
      ++thread_states[static_cast<unsigned char>(stat->state)];
      if (stat->threads > 1) count_threads(pid, thread_states);
    }

    sink(kThreads, threads);
    auto max_threads = proc_.number<std::uint64_t>("sys/kernel/threads-max");
    if (!max_threads) return fail(max_threads);
    sink(kMaxThreads, *max_threads);
    write(sink.family(kState), states);
    write(sink.family(kThreadState), thread_states);
    auto max_processes = proc_.number<std::uint64_t>("sys/kernel/pid_max");
    if (!max_processes) return fail(max_processes);
    sink(kMaxProcesses, *max_processes);
    sink(kProcesses, processes);
    return {};
  }

 private:
  using Counts = std::array<std::uint64_t, 256>;

  /// All threads but the first, which is the process itself.
  void count_threads(const std::string& pid, Counts& states) {
    auto tasks = proc_.list(pid + "/task");
    if (!tasks) return;
    for (const auto& task : *tasks) {
      if (task == pid || !is_number(task)) continue;
      auto text = proc_.read_once(pid + "/task/" + task + "/stat", buffer_);
      if (!text) continue;
      if (auto stat = parse_stat(*text)) ++states[static_cast<unsigned char>(stat->state)];
    }
  }

  static void write(const Sink::Family<1>& family, const Counts& states) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      const char state = static_cast<char>(i);
      if (states[i] > 0) family({std::string_view(&state, 1)}, states[i]);
    }
  }

  Files proc_;
  std::string buffer_;
};

}  // namespace

extern const CollectorSpec processes{"Processes and threads by state, from /proc.", kMetrics, make<Processes>,
                                     true};

}  // namespace exporter::node
