// SPDX-License-Identifier: Apache-2.0
// node_sockstat_<Protocol>_<item>: sockets in use by protocol, from /proc/net/sockstat and sockstat6.

#include <unistd.h>

#include <optional>
#include <string>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Sockets of a protocol (inuse, orphan, tw, alloc), or their memory.";
constexpr auto kUsed = gauge("node_sockstat_sockets_used", "Sockets of all protocols.");
constexpr MetricInfo kMetrics[] = {kUsed, gauge("node_sockstat_*", kHelp)};

constexpr std::string_view kItems[] = {"inuse", "orphan", "tw", "alloc", "mem", "memory"};

class Sockstat final : public Collector {
 public:
  Sockstat(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto* path : {"net/sockstat", "net/sockstat6"}) {
      auto text = proc_.read(path);
      if (!text) {
        if (text.error().code == Code::kNoData) continue;  // this kernel has no such protocol
        return fail(text);
      }
      for (const auto line : Lines(*text)) {
        if (auto done = write(sink, line); !done)
          return std::unexpected(proc_.malformed(path, done.error().message));
      }
    }
    return {};
  }

 private:
  // "TCP: inuse 5 orphan 0 ..."
  Status write(Sink& sink, std::string_view line) {
    auto rest = line;
    auto protocol = take_until(rest, ' ');
    if (protocol.ends_with(':')) protocol.remove_suffix(1);
    std::optional<long> values[std::size(kItems)];
    values[0] = 0;
    long used = 0;
    bool any = false;
    while (!rest.empty()) {
      const auto key = take_until(rest, ' ');
      auto number = parse<long>(take_until(rest, ' '));
      if (!number) return fail(number);
      any = true;
      if (key == "used") used = *number;
      for (std::size_t i = 0; i < std::size(kItems); ++i) {
        if (key == kItems[i]) values[i] = *number;
      }
    }
    if (!any) return fail(Code::kInvalid, "a line without values");
    if (protocol == "sockets") {
      sink(kUsed, used);
      return {};
    }
    for (std::size_t i = 0; i < std::size(kItems); ++i) {
      if (!values[i]) continue;
      sink(family(protocol, kItems[i]), *values[i]);
      // The unit of mem is the page, for reasons of history; memory's is the byte.
      if (kItems[i] == "mem") {
        sink(family(protocol, "mem_bytes"),
             static_cast<double>(*values[i]) * static_cast<double>(page_size_));
      }
    }
    return {};
  }

  Metric<0> family(std::string_view protocol, std::string_view item) {
    name_.assign("node_sockstat_").append(sanitize_name(protocol)).append("_").append(item);
    return gauge(name_, kHelp);
  }

  Files proc_;
  std::string name_;
  long page_size_ = sysconf(_SC_PAGESIZE);
};

}  // namespace

extern const CollectorSpec sockstat{"Sockets in use by protocol, from /proc/net/sockstat and sockstat6.",
                                    kMetrics, make<Sockstat>};

}  // namespace exporter::node
