// SPDX-License-Identifier: Apache-2.0
// node_qdisc_*: counters of the queueing disciplines at the root of network devices, from rtnetlink.

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <string>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "fixture_json.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

struct Qdisc {
  std::string device;
  std::string kind;
  std::uint32_t parent = 0;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint32_t drops = 0, requeues = 0, overlimits = 0, length = 0, backlog = 0;
};

struct Column {
  Metric<2> metric;
  std::uint64_t (*value)(const Qdisc&);
};
constexpr Column kColumns[] = {
    {counter("node_qdisc_bytes_total", "Bytes sent.", "device", "kind"),
     [](const Qdisc& q) { return q.bytes; }},
    {counter("node_qdisc_packets_total", "Packets sent.", "device", "kind"),
     [](const Qdisc& q) { return q.packets; }},
    {counter("node_qdisc_drops_total", "Packets dropped.", "device", "kind"),
     [](const Qdisc& q) -> std::uint64_t { return q.drops; }},
    {counter("node_qdisc_requeues_total", "Packets put back into the queue.", "device", "kind"),
     [](const Qdisc& q) -> std::uint64_t { return q.requeues; }},
    {counter("node_qdisc_overlimits_total", "Packets over the limit.", "device", "kind"),
     [](const Qdisc& q) -> std::uint64_t { return q.overlimits; }},
    {gauge("node_qdisc_current_queue_length", "Packets in the queue.", "device", "kind"),
     [](const Qdisc& q) -> std::uint64_t { return q.length; }},
    {gauge("node_qdisc_backlog", "Bytes in the queue.", "device", "kind"),
     [](const Qdisc& q) -> std::uint64_t { return q.backlog; }},
};
constexpr MetricInfo kMetrics[] = {kColumns[0].metric, kColumns[1].metric, kColumns[2].metric,
                                   kColumns[3].metric, kColumns[4].metric, kColumns[5].metric,
                                   kColumns[6].metric};

class QdiscCollector final : public Collector {
 public:
  QdiscCollector(Host& host, Flags& flags)
      : host_(host),
        fixtures_(flags.text("collector.qdisc.fixtures", "", "Folder with results.json, for tests.")),
        include_(flags
                     .text("collector.qdisc.device-include", "",
                           "Regexp of network devices to include (not together with device-exclude).")
                     .alias("collector.qdisk.device-include")),
        exclude_(flags
                     .text("collector.qdisc.device-exclude", "",
                           "Regexp of network devices to leave out (not together with device-include).")
                     .alias("collector.qdisk.device-exclude")) {}

  Status start() override {
    if (!include_->empty() && !exclude_->empty()) {
      return fail(Code::kInvalid,
                  "collector.qdisc.device-include and collector.qdisc.device-exclude are mutually exclusive");
    }
    auto filter = NameFilter::make("--collector.qdisc.device-include", *include_,
                                   "--collector.qdisc.device-exclude", *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto read = fixtures_->empty() ? read_netlink(scrape) : read_fixture();
    if (!read) return read;
    for (const auto& column : kColumns) {
      auto family = sink.family(column.metric);
      for (const auto& qdisc : qdiscs_) {
        if (qdisc.parent == 0 && filter_.passes(qdisc.device))
          family({qdisc.device, qdisc.kind}, column.value(qdisc));
      }
    }
    return {};
  }

 private:
  Status read_netlink(const Scrape& scrape) {
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    const tcmsg all{};
    return route_.dump(
        RTM_GETQDISC, as_bytes(all), scrape.deadline(), [&] { qdiscs_.clear(); },
        [&](const Netlink::Message& message) {
          const auto header = message.header<tcmsg>();
          if (message.type != RTM_NEWQDISC || !header) return;
          Qdisc qdisc;
          qdisc.parent = header->tcm_parent == TC_H_ROOT ? 0 : header->tcm_parent;
          qdisc.device = (*links)->name(header->tcm_ifindex);
          if (qdisc.device.empty()) return;  // it came after the links were read
          if (host_.links().excludes_kinds() && (*links)->excluded(qdisc.device)) return;
          for (const auto& attribute : message.attributes(sizeof *header)) {
            if (attribute.type == TCA_KIND) qdisc.kind = attribute.text();
            if (attribute.type == TCA_STATS2) read_stats(qdisc, Attributes(attribute.data));
          }
          qdiscs_.push_back(std::move(qdisc));
        });
  }

  static void read_stats(Qdisc& qdisc, Attributes attributes) {
    for (const auto& attribute : attributes) {
      if (attribute.type == TCA_STATS_BASIC) {
        const auto basic = attribute.partly<gnet_stats_basic>();
        qdisc.bytes = basic.bytes;
        qdisc.packets = basic.packets;
      } else if (attribute.type == TCA_STATS_QUEUE) {
        const auto queue = attribute.partly<gnet_stats_queue>();
        qdisc.length = queue.qlen;
        qdisc.backlog = queue.backlog;
        qdisc.drops = queue.drops;
        qdisc.requeues = queue.requeues;
        qdisc.overlimits = queue.overlimits;
      }
    }
  }

  Status read_fixture() {
    Files files(*fixtures_);
    auto text = files.read("results.json");
    if (!text) return fail(text);
    auto objects = parse_fixture(*text);
    if (!objects) return std::unexpected(files.malformed("results.json", objects.error().message));
    qdiscs_.clear();
    for (const auto& object : *objects) {
      const auto number = [&](std::string_view key) {
        return static_cast<std::uint32_t>(std::clamp(object.number(key), 0.0, 4294967295.0));
      };
      Qdisc qdisc;
      qdisc.device = object.text("ifacename");
      qdisc.kind = object.text("kind");
      qdisc.parent = number("parent");
      qdisc.bytes = static_cast<std::uint64_t>(std::clamp(object.number("bytes"), 0.0, 1e18));
      qdisc.packets = number("packets");
      qdisc.drops = number("drops");
      qdisc.requeues = number("requeues");
      qdisc.overlimits = number("overlimits");
      qdisc.length = number("qlen");
      qdisc.backlog = number("backlog");
      qdiscs_.push_back(std::move(qdisc));
    }
    return {};
  }

  Host& host_;
  const Flag<std::string>& fixtures_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  NameFilter filter_;
  Netlink route_{NETLINK_ROUTE};
  std::vector<Qdisc> qdiscs_;
};

}  // namespace

extern const CollectorSpec qdisc{"Counters of queueing disciplines, from rtnetlink.", kMetrics,
                                 make<QdiscCollector>};

}  // namespace exporter::node
