// SPDX-License-Identifier: Apache-2.0
// LATENCY LATEST and LATENCY HISTOGRAM.

#include <exporter/text.hpp>

#include "number.hpp"
#include "sections.hpp"

namespace exporter::redis {
namespace {

constexpr auto kLast =
    gauge("redis_latency_spike_last", "Unix time of an event's last latency spike.", "event_name");
constexpr auto kDuration = gauge("redis_latency_spike_duration_seconds",
                                 "How long an event's last latency spike took.", "event_name");
constexpr Metric<2> kHistogram{"redis_commands_latencies_usec",
                               "Calls of a command by their latency in microseconds.",
                               MetricType::kHistogram,
                               {"cmd", "le"}};
constexpr MetricInfo kMetrics[] = {kLast, kDuration, kHistogram};

}  // namespace

std::span<const MetricInfo> latency_metrics() { return kMetrics; }

void write_latency_latest(const Reply& reply, Output& out) {
  for (const auto* event : reply.array()) {
    if (event->array().size() < 3) continue;
    const auto name = event->at(0).text;
    out(kLast, {name}, event->at(1).integer);
    out(kDuration, {name}, static_cast<double>(event->at(2).integer) / 1e3);
  }
}

void write_latency_histogram(const Reply& reply, const InfoFacts& facts, Output& out) {
  const auto commands = reply.array();
  for (std::size_t i = 0; i + 1 < commands.size(); i += 2) {
    const auto name = commands[i]->text;
    const auto calls = commands[i + 1]->named("calls").integer;
    const auto buckets = commands[i + 1]->named("histogram_usec").array();
    // Counts come cumulated, with the upper bounds in microseconds.
    for (std::size_t b = 0; b + 1 < buckets.size(); b += 2) {
      out(kHistogram, {name, GoNumber(static_cast<double>(buckets[b]->integer))}, buckets[b + 1]->integer,
          "_bucket");
    }
    out(kHistogram, {name, "+Inf"}, calls, "_bucket");
    const Label labels[] = {{"cmd", name}};
    out.sample(kHistogram.name, kHistogram.help, kHistogram.type, labels, facts.microseconds_of(name),
               "_sum");
    out.sample(kHistogram.name, kHistogram.help, kHistogram.type, labels, calls, "_count");
  }
}

}  // namespace exporter::redis
