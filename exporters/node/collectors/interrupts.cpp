// SPDX-License-Identifier: Apache-2.0
// node_interrupts_total: interrupts by line and CPU, from /proc/interrupts.

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInterrupts =
    counter("node_interrupts_total", "Interrupts serviced.", "cpu", "devices", "info", "type");
constexpr MetricInfo kMetrics[] = {kInterrupts};

class Interrupts final : public Collector {
 public:
  Interrupts(Host& host, Flags& flags)
      : proc_(host.procfs()),
        include_(flags.text("collector.interrupts.name-include", "",
                            "Interrupts to expose (regexp on type;info;devices).")),
        exclude_(flags.text("collector.interrupts.name-exclude", "",
                            "Interrupts to leave out (regexp on type;info;devices).")),
        zeros_(flags.toggle("collector.interrupts.include-zeros", true, "Expose counts that are zero.")) {}

  Status start() override {
    auto filter = NameFilter::make("--collector.interrupts.name-include", *include_,
                                   "--collector.interrupts.name-exclude", *exclude_);
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    filtered_ = !include_->empty() || !exclude_->empty();
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("interrupts");
    if (!text) return fail(text);
    std::string_view rest = *text;
    std::size_t cpus = 0;
    for (Fields header(take_until(rest, '\n')); !header.empty(); header.skip(1)) ++cpus;
    if (cpus == 0) return std::unexpected(proc_.malformed("interrupts", "no CPUs in the first line"));

    const auto interrupts = sink.family(kInterrupts);
    for (std::string_view line : Lines(rest)) {
      Fields fields(line);
      auto type = fields.next();
      if (!type.ends_with(':')) continue;
      type.remove_suffix(1);
      auto counts = fields;
      std::size_t numbers = 0;
      while (numbers < cpus && !fields.empty()) {
        fields.next();
        ++numbers;
      }
      if (numbers < cpus || fields.empty()) continue;  // ERR and MIS count for the whole machine
      info_.clear();
      devices_.clear();
      if (parse<unsigned>(type)) {
        info_.assign(fields.next());
        append_words(devices_, fields);
      } else {
        append_words(info_, fields);
      }
      if (filtered_) {
        name_.assign(type).append(";").append(info_).append(";").append(devices_);
        if (!filter_.passes(name_)) continue;
      }
      for (std::size_t cpu = 0; cpu < cpus; ++cpu) {
        const auto number = counts.next();
        auto count = parse<std::uint64_t>(number);
        if (!count) return std::unexpected(proc_.malformed("interrupts", count.error().message));
        if (*count > 0 || *zeros_) interrupts({Digits(cpu), devices_, info_, type}, *count);
      }
    }
    return {};
  }

 private:
  /// What stands in columns is put together with single spaces.
  static void append_words(std::string& text, Fields& fields) {
    while (!fields.empty()) {
      if (!text.empty()) text += ' ';
      text += fields.next();
    }
  }

  Files proc_;
  const Flag<std::string>& include_;
  const Flag<std::string>& exclude_;
  const Flag<bool>& zeros_;
  NameFilter filter_;
  bool filtered_ = false;
  std::string name_;
  std::string info_;
  std::string devices_;
};

}  // namespace

extern const CollectorSpec interrupts{"Interrupts of each line and CPU, from /proc/interrupts.", kMetrics,
                                      make<Interrupts>};

}  // namespace exporter::node
