// SPDX-License-Identifier: Apache-2.0
// node_nf_conntrack_*: connection tracking, from /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack. The
// latter is missing on kernels without CONFIG_NF_CONNTRACK_PROCFS: the size of the table is exposed all the
// same.

#include <array>
#include <utility>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kEntries = gauge("node_nf_conntrack_entries", "Connections tracked.");
constexpr auto kLimit = gauge("node_nf_conntrack_entries_limit", "Most connections that can be tracked.");

struct Column {
  Metric<0> metric;
  std::size_t index;
};
constexpr std::size_t kColumns = 17;
constexpr Column kStats[] = {
    {gauge("node_nf_conntrack_stat_found", "Look-ups that found an entry."), 2},
    {gauge("node_nf_conntrack_stat_invalid", "Packets that cannot be tracked."), 4},
    {gauge("node_nf_conntrack_stat_ignore", "Packets that already belong to an entry."), 5},
    {gauge("node_nf_conntrack_stat_insert", "Entries inserted."), 8},
    {gauge("node_nf_conntrack_stat_insert_failed", "Insertions that failed, as the entry was there."), 9},
    {gauge("node_nf_conntrack_stat_drop", "Packets dropped as tracking failed."), 10},
    {gauge("node_nf_conntrack_stat_early_drop", "Entries dropped to make room for others."), 11},
    {gauge("node_nf_conntrack_stat_search_restart", "Look-ups restarted as the table was resized."), 16},
};
constexpr MetricInfo kMetrics[] = {kEntries,         kLimit,           kStats[0].metric, kStats[1].metric,
                                   kStats[2].metric, kStats[3].metric, kStats[4].metric, kStats[5].metric,
                                   kStats[6].metric, kStats[7].metric};

class Conntrack final : public Collector {
 public:
  Conntrack(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto entries = proc_.number<std::uint64_t>("sys/net/netfilter/nf_conntrack_count");
    if (!entries) return fail(entries);
    sink(kEntries, *entries);
    auto limit = proc_.number<std::uint64_t>("sys/net/netfilter/nf_conntrack_max");
    if (!limit) return fail(limit);
    sink(kLimit, *limit);
    auto text = proc_.read("net/stat/nf_conntrack");
    if (!text) return fail(text);

    std::array<std::uint64_t, kColumns> sums{};
    bool heading = true;
    for (const auto line : Lines(*text)) {  // one a CPU
      if (std::exchange(heading, false)) continue;
      Fields fields(line);
      std::size_t width = 0;
      for (auto field = fields.next(); !field.empty(); field = fields.next(), ++width) {
        auto number = parse<std::uint64_t>(field, 16);
        if (!number) return std::unexpected(proc_.malformed("net/stat/nf_conntrack", number.error().message));
        if (width < kColumns) sums[width] += *number;
      }
      // The last column is missing before Linux 2.6.35.
      if (width != kColumns && width != kColumns - 1) {
        return std::unexpected(proc_.malformed("net/stat/nf_conntrack", "a line has not 16 or 17 columns"));
      }
    }
    for (const auto& column : kStats) sink(column.metric, sums[column.index]);
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec conntrack{"Connection tracking, from /proc/sys/net/netfilter and /proc/net/stat.",
                                     kMetrics, make<Conntrack>, /*keep_partial=*/true};

}  // namespace exporter::node
