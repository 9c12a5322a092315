// SPDX-License-Identifier: Apache-2.0
// Puts the families of several sinks in order and writes them in the format that was asked for.

#include <exporter/page.hpp>

#include <algorithm>
#include <functional>

#include <exporter/text.hpp>

#include "detail/protobuf_page.hpp"

namespace exporter {
namespace {

/// HELP texts escape '\' and line ends; OpenMetrics escapes '"' as well.
void append_help(std::string_view help, bool quotes, std::string& out) {
  if (help.find_first_of("\\\n\"") == std::string_view::npos) {
    out += help;
    return;
  }
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

std::string_view line_key(std::string_view line) { return line.substr(0, line.rfind(' ')); }

/// The type as OpenMetrics knows it. A counter whose name does not end in _total could only be written there
/// under another name; dashboards need the name, so its type is given up instead.
std::string_view open_metrics_type(MetricType type, std::string_view name) {
  if (type == MetricType::kUntyped) return "unknown";
  if (type == MetricType::kCounter && !name.ends_with("_total")) return "unknown";
  if (type == MetricType::kInfo && !name.ends_with("_info")) return "gauge";
  return type_name(type);
}

std::string_view text_type(MetricType type) {
  if (type == MetricType::kInfo || type == MetricType::kStateset) return "gauge";
  return type_name(type);
}

}  // namespace

void PageBuilder::append_header(const Sink& sink, const Sink::Entry& entry, PageFormat format,
                                std::string& out) {
  std::string_view name = sink.name_of(entry);
  const std::string_view help{sink.text_.get() + entry.help, entry.help_size};
  std::string_view type = text_type(entry.type);
  if (format == PageFormat::kOpenMetrics) {
    type = open_metrics_type(entry.type, name);
    if (type == "counter") name.remove_suffix(6);
    if (type == "info") name.remove_suffix(5);
  }
  out += "# HELP ";
  out += name;
  out += ' ';
  append_help(help, format == PageFormat::kOpenMetrics, out);
  out += "\n# TYPE ";
  out += name;
  out += ' ';
  out += type;
  out += '\n';
}

void PageBuilder::append_samples(std::span<const Source> sources, std::string& out, Outcome& outcome) {
  const std::size_t begin = out.size();
  std::size_t samples = 0;
  for (const Source& source : sources) {
    const Sink::Entry& entry = source.sink->entries_[source.entry];
    samples += entry.samples;
    for (auto i = entry.first; i != Sink::kNone; i = source.sink->segments_[i].next) {
      const auto& segment = source.sink->segments_[i];
      out.append(source.sink->text_.get() + segment.begin, segment.end - segment.begin);
    }
  }
  outcome.series += samples;
  if (samples < 2) return;

  hashes_.clear();
  const std::string_view written = std::string_view(out).substr(begin);
  for (const auto line : Lines(written)) hashes_.push_back(std::hash<std::string_view>{}(line_key(line)));
  std::sort(hashes_.begin(), hashes_.end());
  if (std::adjacent_find(hashes_.begin(), hashes_.end()) == hashes_.end()) return;

  // Rare: find out which lines really are the same, and keep the first of each.
  const std::string copy(written);
  std::vector<std::string_view> seen;
  out.resize(begin);
  for (const auto line : Lines(copy)) {
    const auto key = line_key(line);
    const auto at = std::lower_bound(seen.begin(), seen.end(), key);
    if (at != seen.end() && *at == key) {
      ++outcome.dropped;
      --outcome.series;
      if (outcome.first_problem.empty()) outcome.first_problem = "duplicate series " + std::string(key);
      continue;
    }
    seen.insert(at, key);
    out.append(line);
    out += '\n';
  }
}

PageBuilder::Outcome PageBuilder::build(std::span<const Sink* const> sinks, PageFormat format,
                                        std::string& out) {
  Outcome outcome;
  order_.clear();
  for (const Sink* sink : sinks) {
    for (std::uint32_t i = 0; i < sink->entries_.size(); ++i) {
      if (sink->entries_[i].samples > 0) order_.push_back({sink, i});
    }
  }
  const auto name = [](const Source& source) {
    return source.sink->name_of(source.sink->entries_[source.entry]);
  };
  std::stable_sort(order_.begin(), order_.end(),
                   [&](const Source& a, const Source& b) { return name(a) < name(b); });

  for (std::size_t begin = 0; begin < order_.size();) {
    const auto& first = order_[begin].sink->entries_[order_[begin].entry];
    std::size_t end = begin + 1;
    std::size_t kept = end;
    for (; end < order_.size() && name(order_[end]) == name(order_[begin]); ++end) {
      const auto& other = order_[end].sink->entries_[order_[end].entry];
      if (other.type == first.type) {
        std::swap(order_[kept++], order_[end]);
      } else {
        outcome.dropped += other.samples;
        if (outcome.first_problem.empty()) {
          outcome.first_problem = "two types of family " + std::string(name(order_[end]));
        }
      }
    }
    const auto sources = std::span(order_).subspan(begin, kept - begin);
    const Sink& sink = *order_[begin].sink;
    if (format == PageFormat::kProtobuf) {
      lines_.clear();
      append_samples(sources, lines_, outcome);
      detail::append_protobuf(sink.name_of(first), {sink.text_.get() + first.help, first.help_size},
                              first.type, lines_, out);
    } else {
      append_header(sink, first, format, out);
      append_samples(sources, out, outcome);
    }
    begin = end;
  }
  if (format == PageFormat::kOpenMetrics) out += "# EOF\n";
  return outcome;
}

}  // namespace exporter
