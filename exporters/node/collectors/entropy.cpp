// SPDX-License-Identifier: Apache-2.0
// node_entropy_*: the random number generator's pool, from /proc/sys/kernel/random.

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kAvailable = gauge("node_entropy_available_bits", "Entropy in the pool, in bits.");
constexpr auto kPoolSize = gauge("node_entropy_pool_size_bits", "Size of the entropy pool, in bits.");
constexpr MetricInfo kMetrics[] = {kAvailable, kPoolSize};

class Entropy final : public Collector {
 public:
  Entropy(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto available = proc_.number<std::uint64_t>("sys/kernel/random/entropy_avail");
    if (!available) return fail(available);
    auto size = proc_.number<std::uint64_t>("sys/kernel/random/poolsize");
    if (!size) return fail(size);
    sink(kAvailable, *available);
    sink(kPoolSize, *size);
    return {};
  }

 private:
  Files proc_;
};

}  // namespace

extern const CollectorSpec entropy{"Available entropy, from /proc/sys/kernel/random.", kMetrics,
                                   make<Entropy>};

}  // namespace exporter::node
