// SPDX-License-Identifier: Apache-2.0
// node_buddyinfo_blocks: free memory by the size of its blocks, from /proc/buddyinfo.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kBlocks =
    gauge("node_buddyinfo_blocks", "Free blocks of 2^size pages.", "node", "size", "zone");
constexpr MetricInfo kMetrics[] = {kBlocks};

class Buddyinfo final : public Collector {
 public:
  Buddyinfo(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("buddyinfo");
    if (!text) return fail(text);
    const auto blocks = sink.family(kBlocks);
    for (std::string_view line : Lines(*text)) {  // "Node 0, zone   Normal   1046    527 ..."
      Fields fields(line);
      if (fields.next() != "Node") return std::unexpected(proc_.malformed("buddyinfo", "no node in a line"));
      auto node = fields.next();
      if (node.ends_with(',')) node.remove_suffix(1);
      const auto zone = fields.skip(1).next();
      if (fields.empty()) return std::unexpected(proc_.malformed("buddyinfo", "a line without numbers"));
      for (unsigned size = 0; !fields.empty(); ++size) {
        auto count = parse<std::uint64_t>(fields.next());
        if (!count) return std::unexpected(proc_.malformed("buddyinfo", count.error().message));
        blocks({node, Digits(size), zone}, *count);
      }
    }
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec buddyinfo{"Fragmentation of free memory, from /proc/buddyinfo.", kMetrics,
                                     make<Buddyinfo>};

}  // namespace exporter::node
