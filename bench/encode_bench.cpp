// SPDX-License-Identifier: Apache-2.0
// What a sample costs from a collector's call to the compressed page.

#include <benchmark/benchmark.h>

#include <exporter/page.hpp>
#include <exporter/text.hpp>

namespace exporter {
namespace {

constexpr auto kSeconds = counter("node_cpu_seconds_total", "Time spent per mode.", "cpu", "mode");
constexpr std::string_view kModes[] = {"idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"};

void fill(Sink& sink, int cpus, double base) {
  auto seconds = sink.family(kSeconds);
  for (int cpu = 0; cpu < cpus; ++cpu) {
    const Digits label(cpu);
    for (const auto mode : kModes) seconds({label, mode}, base + cpu * 0.37);
  }
}

void fill_families(Sink& sink, int families) {
  std::string name;
  for (int i = 0; i < families; ++i) {
    name = "node_vmstat_field_";
    name += Digits(i);
    sink(untyped(name, "Field of /proc/vmstat."), i * 31);
  }
}

void write_fractions(benchmark::State& state) {
  Sink sink;
  for (auto _ : state) {
    sink.clear();
    fill(sink, static_cast<int>(state.range(0)), 12345.67);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * 8);
}
BENCHMARK(write_fractions)->Arg(8)->Arg(128);

void write_families(benchmark::State& state) {
  Sink sink;
  for (auto _ : state) {
    sink.clear();
    fill_families(sink, static_cast<int>(state.range(0)));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(write_families)->Arg(300);

void build_page(benchmark::State& state) {
  Sink few;
  Sink many;
  fill(many, 64, 12345.67);
  fill_families(few, 300);
  const Sink* const sinks[] = {&many, &few};
  PageBuilder builder;
  std::string page;
  for (auto _ : state) {
    page.clear();
    builder.build(sinks, state.range(0) ? PageFormat::kOpenMetrics : PageFormat::kText, page);
  }
  state.SetItemsProcessed(state.iterations() * (64 * 8 + 300));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(page.size()));
}
BENCHMARK(build_page)->ArgName("openmetrics")->Arg(0)->Arg(1);

void gzip_page(benchmark::State& state) {
  Sink sink;
  fill(sink, 128, 12345.67);
  const Sink* const sinks[] = {&sink};
  std::string page;
  PageBuilder().build(sinks, PageFormat::kText, page);
  Gzip gzip(static_cast<int>(state.range(0)));
  std::string compressed;
  for (auto _ : state) gzip.compress(page, compressed);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(page.size()));
  state.counters["ratio"] = static_cast<double>(page.size()) / static_cast<double>(compressed.size());
}
BENCHMARK(gzip_page)->ArgName("level")->Arg(1)->Arg(6);

}  // namespace
}  // namespace exporter
