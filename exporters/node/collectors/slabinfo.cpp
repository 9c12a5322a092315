// SPDX-License-Identifier: Apache-2.0
// node_slabinfo_*: the kernel's slab caches, from /proc/slabinfo, which only root may read.

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kActive = gauge("node_slabinfo_active_objects", "Objects in use.", "slab");
constexpr auto kObjects = gauge("node_slabinfo_objects", "Objects there is room for.", "slab");
constexpr auto kSize = gauge("node_slabinfo_object_size_bytes", "Size of an object, in bytes.", "slab");
constexpr auto kPerSlab = gauge("node_slabinfo_objects_per_slab", "Objects in one slab.", "slab");
constexpr auto kPages = gauge("node_slabinfo_pages_per_slab", "Pages of one slab.", "slab");
constexpr MetricInfo kMetrics[] = {kActive, kObjects, kSize, kPerSlab, kPages};
constexpr const Metric<1>* kColumns[] = {&kActive, &kObjects, &kSize, &kPerSlab, &kPages};

class Slabinfo final : public Collector {
 public:
  Slabinfo(Host& host, Flags& flags)
      : proc_(host.procfs()),
        include_(flags.text("collector.slabinfo.slabs-include", ".*", "Slabs to expose (regexp).")),
        exclude_(flags.text("collector.slabinfo.slabs-exclude", "", "Slabs to leave out (regexp).")) {}

  Status start() override {
    auto filter = NameFilter::make("--collector.slabinfo.slabs-include", *include_,
                                   "--collector.slabinfo.slabs-exclude", *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("slabinfo");
    if (!text) return fail(text);
    for (std::string_view line : Lines(*text)) {
      if (line.starts_with('#') || line.starts_with("slabinfo") || trim(line).empty()) continue;
      Fields fields(line);
      const auto slab = fields.next();
      if (!filter_.passes(slab)) continue;
      for (const auto* column : kColumns) {
        auto value = parse<std::int64_t>(fields.next());
        if (!value) return std::unexpected(proc_.malformed("slabinfo", value.error().message));
        sink(*column, {slab}, *value);
      }
    }
    return {};
  }

 private:
  Files proc_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  NameFilter filter_;
};

}  // namespace

extern const CollectorSpec slabinfo{"The kernel's slab caches, from /proc/slabinfo.", kMetrics,
                                    make<Slabinfo>};

}  // namespace exporter::node
