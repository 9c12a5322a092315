// SPDX-License-Identifier: Apache-2.0
// What reading and parsing a file of /proc costs, kept open and opened anew.

#include <benchmark/benchmark.h>

#include <exporter/files.hpp>

namespace exporter {
namespace {

constexpr const char* kFiles[] = {"loadavg", "meminfo", "stat", "net/netstat"};

void read_kept(benchmark::State& state) {
  Files proc("/proc");
  const auto* name = kFiles[state.range(0)];
  state.SetLabel(name);
  for (auto _ : state) benchmark::DoNotOptimize(proc.read(name));
}
BENCHMARK(read_kept)->DenseRange(0, 3);

void read_opened(benchmark::State& state) {
  Files proc("/proc");
  const auto* name = kFiles[state.range(0)];
  state.SetLabel(name);
  std::string buffer;
  for (auto _ : state) benchmark::DoNotOptimize(proc.read_once(name, buffer));
}
BENCHMARK(read_opened)->DenseRange(0, 3);

void parse_pairs(benchmark::State& state) {
  Files proc("/proc");
  const std::string text(proc.read("vmstat").value_or(""));
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const auto line : Lines(text)) {
      Fields fields(line);
      fields.next();
      sum += parse<std::uint64_t>(fields.next()).value_or(0);
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(parse_pairs);

}  // namespace
}  // namespace exporter
