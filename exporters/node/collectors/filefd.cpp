// SPDX-License-Identifier: Apache-2.0
// node_filefd_*: open files of the whole machine, from /proc/sys/fs/file-nr.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kAllocated = gauge("node_filefd_allocated", "File handles in use.");
constexpr auto kMaximum = gauge("node_filefd_maximum", "File handles that may be in use.");
constexpr MetricInfo kMetrics[] = {kAllocated, kMaximum};

class Filefd final : public Collector {
 public:
  Filefd(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    constexpr std::string_view kPath = "sys/fs/file-nr";
    auto text = proc_.read(kPath);
    if (!text) return fail(text);
    Fields fields(*text);
    auto allocated = parse<std::uint64_t>(fields.next());
    auto maximum = parse<std::uint64_t>(fields.skip(1).next());
    if (!allocated) return std::unexpected(proc_.malformed(kPath, allocated.error().message));
    if (!maximum) return std::unexpected(proc_.malformed(kPath, maximum.error().message));
    sink(kAllocated, *allocated);
    sink(kMaximum, *maximum);
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec filefd{"Open file handles, from /proc/sys/fs/file-nr.", kMetrics, make<Filefd>};

}  // namespace exporter::node
