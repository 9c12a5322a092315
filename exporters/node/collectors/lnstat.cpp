// SPDX-License-Identifier: Apache-2.0
// node_lnstat_<column>_total: counters of the kernel's network caches by CPU, from the files of
// /proc/net/stat.

#include <string>
#include <vector>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Counter of a network cache of the kernel.";
constexpr auto kColumn = counter("node_lnstat_*_total", kHelp, "subsystem", "cpu");
constexpr MetricInfo kMetrics[] = {kColumn};

class Lnstat final : public Collector {
 public:
  Lnstat(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto files = proc_.list("net/stat");
    if (!files) return files.error().code == Code::kNoData ? Status{} : fail(files);
    for (const auto& file : *files) {
      if (auto done = write(sink, file); !done) return done;
    }
    return {};
  }

 private:
  // A line of headings, then a line for each CPU.
  Status write(Sink& sink, const std::string& file) {
    const auto path = "net/stat/" + file;
    auto text = proc_.read(path);
    if (!text) return fail(text);
    auto rest = *text;
    names_.clear();
    Fields headings(take_until(rest, '\n'));
    for (auto name = headings.next(); !name.empty(); name = headings.next()) names_.push_back(name);

    // By column, so that the samples of a family stand together.
    for (std::size_t column = 0; column < names_.size(); ++column) {
      family_.assign("node_lnstat_").append(sanitize_name(names_[column])).append("_total");
      auto family = sink.family(counter(family_, kHelp, "subsystem", "cpu"));
      std::size_t cpu = 0;
      for (const auto line : Lines(rest)) {
        Fields fields(line);
        const auto field = fields.skip(column).next();
        if (field.empty()) continue;  // a short line
        auto number = parse<std::uint64_t>(field, 16);
        if (!number) return std::unexpected(proc_.malformed(path, number.error().message));
        if (column + 1 == names_.size() && !fields.empty()) {
          return std::unexpected(proc_.malformed(path, "more columns than headings"));
        }
        family({file, Digits(cpu)}, *number);
        ++cpu;
      }
    }
    return {};
  }

  Files proc_;
  std::vector<std::string_view> names_;
  std::string family_;
};

}  // namespace

extern const CollectorSpec lnstat{"Counters of the kernel's network caches, from /proc/net/stat.", kMetrics,
                                  make<Lnstat>};

}  // namespace exporter::node
