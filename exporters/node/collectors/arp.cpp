// SPDX-License-Identifier: Apache-2.0
// node_arp_entries: IPv4 neighbours of each network device, from rtnetlink or /proc/net/arp.

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

constexpr auto kEntries = gauge("node_arp_entries", "IPv4 neighbours of a network device.", "device");
constexpr MetricInfo kMetrics[] = {kEntries};

class Arp final : public Collector {
 public:
  Arp(Host& host, Flags& flags)
      : host_(host),
        proc_(host.procfs()),
        include_(flags.text("collector.arp.device-include", "", "Regexp of network devices to include.")),
        exclude_(flags.text("collector.arp.device-exclude", "", "Regexp of network devices to leave out.")),
        netlink_(flags.toggle("collector.arp.netlink", true, "Read rtnetlink instead of /proc/net/arp.")) {}

  Status start() override {
    auto filter = NameFilter::make("--collector.arp.device-include", *include_,
                                   "--collector.arp.device-exclude", *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    return *netlink_ ? collect_netlink(sink, scrape) : collect_proc(sink);
  }

 private:
  Status collect_netlink(Sink& sink, const Scrape& scrape) {
    std::vector<std::pair<int, std::uint64_t>>
        counts;  // by index of the link: there are only a few with neighbours
    ndmsg request{};
    request.ndm_family = AF_INET;
    auto done = route_.dump(
        RTM_GETNEIGH, as_bytes(request), scrape.deadline(), [&] { counts.clear(); },
        [&](const Netlink::Message& message) {
          const auto neighbour = message.header<ndmsg>();
          if (message.type != RTM_NEWNEIGH || !neighbour || (neighbour->ndm_state & NUD_NOARP) != 0) return;
          if (counts.empty() || counts.back().first != neighbour->ndm_ifindex) {
            auto known = std::find_if(counts.begin(), counts.end(), [&](const auto& count) {
              return count.first == neighbour->ndm_ifindex;
            });
            if (known == counts.end()) {
              counts.emplace_back(neighbour->ndm_ifindex, 0);
            } else {
              std::iter_swap(known, counts.end() - 1);  // neighbours of a link often follow each other
            }
          }
          ++counts.back().second;
        });
    if (!done) return done;
    if (counts.empty()) return {};
    auto links = host_.links().links(scrape);
    if (!links) return fail(links);
    auto entries = sink.family(kEntries);
    for (const auto& [index, count] : counts) {
      const auto name = (*links)->name(index);
      if (!name.empty() && filter_.passes(name)) entries({name}, count);
    }
    return {};
  }

  Status collect_proc(Sink& sink) {
    auto text = proc_.read("net/arp");
    if (!text) return fail(text);
    std::vector<std::pair<std::string_view, std::uint64_t>> counts;
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      std::string_view device;
      std::size_t width = 0;
      for (auto field = fields.next(); !field.empty(); field = fields.next(), ++width) device = field;
      if (width == 0 || width == 9) continue;  // the heading
      if (width != 6) return std::unexpected(proc_.malformed("net/arp", "a line has not 6 columns"));
      auto known = std::find_if(counts.begin(), counts.end(),
                                [&](const auto& count) { return count.first == device; });
      if (known == counts.end()) known = counts.emplace(counts.end(), device, 0);
      ++known->second;
    }
    auto entries = sink.family(kEntries);
    for (const auto& [device, count] : counts) {
      if (filter_.passes(device)) entries({device}, count);
    }
    return {};
  }

  Host& host_;
  Files proc_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  const Flag<bool>& netlink_;
  NameFilter filter_;
  Netlink route_{NETLINK_ROUTE};
};

}  // namespace

extern const CollectorSpec arp{"IPv4 neighbours of network devices, from rtnetlink or /proc/net/arp.",
                               kMetrics, make<Arp>};

}  // namespace exporter::node
