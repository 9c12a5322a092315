// SPDX-License-Identifier: Apache-2.0
// node_swap_*: each swap device, from /proc/swaps.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kSize =
    gauge("node_swap_size_bytes", "Size of the swap device, in bytes.", "device", "swap_type");
constexpr auto kUsed =
    gauge("node_swap_used_bytes", "Swap in use on the device, in bytes.", "device", "swap_type");
constexpr auto kPriority = gauge("node_swap_priority", "Priority of the swap device.", "device", "swap_type");
constexpr MetricInfo kMetrics[] = {kSize, kUsed, kPriority};

class Swap final : public Collector {
 public:
  Swap(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("swaps");
    if (!text) return fail(text);
    std::string_view rest = *text;
    take_until(rest, '\n');  // the header
    for (std::string_view line : Lines(rest)) {
      Fields fields(line);
      const auto device = fields.next();
      const auto type = fields.next();
      auto size = parse<std::int64_t>(fields.next());
      auto used = parse<std::int64_t>(fields.next());
      auto priority = parse<std::int64_t>(fields.next());
      if (!size || !used || !priority)
        return std::unexpected(proc_.malformed("swaps", "not a swap device: " + std::string(line)));
      sink(kSize, {device, type}, static_cast<double>(*size) * 1024);
      sink(kUsed, {device, type}, static_cast<double>(*used) * 1024);
      sink(kPriority, {device, type}, *priority);
    }
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec swap{"Each swap device, from /proc/swaps.", kMetrics, make<Swap>};

}  // namespace exporter::node
