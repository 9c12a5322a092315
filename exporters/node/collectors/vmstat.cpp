// SPDX-License-Identifier: Apache-2.0
// node_vmstat_*: events of the memory management, from /proc/vmstat.

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Row of /proc/vmstat, as the kernel gives it.";
constexpr auto kField = untyped("node_vmstat_*", kHelp);
constexpr MetricInfo kMetrics[] = {kField};

class Vmstat final : public Collector {
 public:
  Vmstat(Host& host, Flags& flags)
      : proc_(host.procfs()),
        pattern_(flags.text("collector.vmstat.fields", "^(oom_kill|pgpg|pswp|pg.*fault).*",
                            "Rows of /proc/vmstat to expose (regexp).")) {}

  Status start() override {
    auto matcher = Matcher::make("--collector.vmstat.fields", *pattern_);
    if (!matcher) return fail(matcher);
    fields_ = std::move(*matcher);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("vmstat");
    if (!text) return fail(text);
    for (std::string_view line : Lines(*text)) {
      Fields fields(line);
      const auto key = fields.next();
      const auto number = fields.next();
      if (!fields_.matches(key)) continue;
      auto value = parse<std::int64_t>(number);
      if (!value) return std::unexpected(proc_.malformed("vmstat", value.error().message));
      name_.assign("node_vmstat_").append(sanitize_name(key));
      sink(untyped(name_, kHelp), *value);
    }
    return {};
  }

 private:
  Files proc_;
  const Flag<std::string>& pattern_;
  Matcher fields_;
  std::string name_;
};

}  // namespace

extern const CollectorSpec vmstat{"Paging and out-of-memory events, from /proc/vmstat.", kMetrics,
                                  make<Vmstat>};

}  // namespace exporter::node
