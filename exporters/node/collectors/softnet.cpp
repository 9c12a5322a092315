// SPDX-License-Identifier: Apache-2.0
// node_softnet_*: packets that each CPU took from its network queues, from /proc/net/softnet_stat.

#include <array>
#include <vector>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::size_t kCpuColumn = 12;
constexpr std::size_t kColumns = 13;

struct Column {
  Metric<1> metric;
  std::size_t index;
};
constexpr Column kFamilies[] = {
    {counter("node_softnet_processed_total", "Packets processed.", "cpu"), 0},
    {counter("node_softnet_dropped_total", "Packets dropped as the backlog was full.", "cpu"), 1},
    {counter("node_softnet_times_squeezed_total", "Times that processing ended with packets left.", "cpu"),
     2},
    {counter("node_softnet_cpu_collision_total", "Collisions for a device's lock while sending.", "cpu"), 8},
    {counter("node_softnet_received_rps_total", "Wake-ups by another CPU to process packets.", "cpu"), 9},
    {counter("node_softnet_flow_limit_count_total", "Times that the flow limit was reached.", "cpu"), 10},
    {gauge("node_softnet_backlog_len", "Packets in the backlog.", "cpu"), 11},
};
constexpr MetricInfo kMetrics[] = {kFamilies[0].metric, kFamilies[1].metric, kFamilies[2].metric,
                                   kFamilies[3].metric, kFamilies[4].metric, kFamilies[5].metric,
                                   kFamilies[6].metric};

class Softnet final : public Collector {
 public:
  Softnet(Host& host, Flags& flags)
      : proc_(host.procfs()),
        aggregate_(flags.toggle("collector.softnet.aggregate", false,
                                "Expose the numbers of all CPUs added up, as cpu=\"all\".")) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("net/softnet_stat");
    if (!text) return fail(text);
    rows_.clear();
    for (const auto line : Lines(*text)) {
      std::array<std::uint32_t, kColumns> row{};
      std::size_t width = 0;
      Fields fields(line);
      for (auto field = fields.next(); !field.empty(); field = fields.next()) {
        if (width < kColumns) {
          auto number = parse<std::uint32_t>(field, 16);
          if (!number) return std::unexpected(proc_.malformed("net/softnet_stat", number.error().message));
          row[width] = *number;
        }
        ++width;
      }
      if (width < 9)
        return std::unexpected(proc_.malformed("net/softnet_stat", "a line has fewer than 9 columns"));
      // The last two came together; before, lines were in the order of the CPUs.
      if (width < kColumns) {
        row[kCpuColumn - 1] = 0;
        row[kCpuColumn] = static_cast<std::uint32_t>(rows_.size());
      }
      rows_.push_back(row);
    }
    for (const auto& column : kFamilies) {
      auto family = sink.family(column.metric);
      if (*aggregate_) {
        std::uint64_t sum = 0;
        for (const auto& row : rows_) sum += row[column.index];
        family({"all"}, sum);
        continue;
      }
      for (const auto& row : rows_) family({Digits(row[kCpuColumn])}, row[column.index]);
    }
    return {};
  }

 private:
  Files proc_;
  const Flag<bool>& aggregate_;
  std::vector<std::array<std::uint32_t, kColumns>> rows_;
};

}  // namespace

extern const CollectorSpec softnet{
    "Packets that each CPU took from the network, from /proc/net/softnet_stat.", kMetrics, make<Softnet>};

}  // namespace exporter::node
