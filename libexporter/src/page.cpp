// SPDX-License-Identifier: Apache-2.0
// Puts the families of several sinks in order and writes them in the format that was asked for.

#include <exporter/page.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <unordered_set>

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

constexpr std::size_t kPart = 65536;
/// Sinks with more than this make a page that is compressed as it is built.
constexpr std::size_t kLarge = 1 << 20;

std::string_view line_key(std::string_view line) { return line.substr(0, line.rfind(' ')); }
std::uint64_t hash_of(std::string_view key) { return std::hash<std::string_view>{}(key); }

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

/// Calls `line` with what stands behind the family's name in each of its samples, the line end included.
template <class Function>
void PageBuilder::each_line(std::span<const Source> sources, Function line) {
  for (const Source& source : sources) {
    const auto& [sink, entry] = source;
    for (auto i = sink->entries_[entry].first; i != Sink::kNone; i = sink->segments_[i].next) {
      const char* at = sink->text_.get() + sink->segments_[i].begin;
      const char* const end = sink->text_.get() + sink->segments_[i].end;
      while (at < end) {
        const void* const newline = std::memchr(at, '\n', static_cast<std::size_t>(end - at));
        const char* const next = static_cast<const char*>(newline) + 1;
        line(std::string_view(at, static_cast<std::size_t>(next - at)));
        at = next;
      }
    }
  }
}

void PageBuilder::find_repeated(std::span<const Source> sources) {
  hashes_.clear();
  repeated_.clear();
  each_line(sources, [&](std::string_view line) { hashes_.push_back(hash_of(line_key(line))); });
  std::sort(hashes_.begin(), hashes_.end());
  for (auto at = std::adjacent_find(hashes_.begin(), hashes_.end()); at != hashes_.end();
       at = std::adjacent_find(at, hashes_.end())) {
    repeated_.push_back(*at);
    at = std::upper_bound(at, hashes_.end(), *at);
  }
}

void PageBuilder::append_samples(std::span<const Source> sources, std::string& out, Outcome& outcome,
                                 const Take& take) {
  std::size_t samples = 0;
  for (const Source& source : sources) samples += source.sink->entries_[source.entry].samples;
  outcome.series += samples;
  repeated_.clear();
  if (samples > 1) find_repeated(sources);

  const auto name = sources[0].sink->name_of(sources[0].sink->entries_[sources[0].entry]);
  std::unordered_set<std::string_view> seen;  // rare: those of which there may be another
  each_line(sources, [&](std::string_view line) {
    const auto key = line_key(line);
    if (!repeated_.empty() && std::binary_search(repeated_.begin(), repeated_.end(), hash_of(key))) {
      if (!seen.insert(key).second) {
        ++outcome.dropped;
        --outcome.series;
        if (outcome.first_problem.empty())
          outcome.first_problem = "duplicate series " + std::string(name) + std::string(key);
        return;
      }
    }
    out += name;
    out += line;
    if (take && out.size() >= kPart) take(out);
  });
}

PageBuilder::Outcome PageBuilder::build(std::span<const Sink* const> sinks, PageFormat format,
                                        std::string& out, const Take& take) {
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
      append_samples(sources, lines_, outcome, {});
      detail::append_protobuf(sink.name_of(first), {sink.text_.get() + first.help, first.help_size},
                              first.type, lines_, out);
    } else {
      append_header(sink, first, format, out);
      append_samples(sources, out, outcome, take);
    }
    begin = end;
  }
  if (format == PageFormat::kOpenMetrics) out += "# EOF\n";
  if (take) take(out);
  return outcome;
}

const std::string& PageMaker::make(std::span<const Sink* const> sinks, PageFormat format, Encoding encoding,
                                   PageBuilder::Outcome& outcome) {
  std::size_t bytes = 0;
  for (const auto* sink : sinks) bytes += sink->bytes();
  whole_ = bytes < kLarge || encoding == Encoding::kIdentity;
  page_.clear();
  if (whole_) {
    outcome = builder_.build(sinks, format, page_);
    return encoded(encoding);
  }
  Compressor::Parts parts(encoding, compressed_);
  outcome = builder_.build(sinks, format, page_, [&](std::string& part) {
    parts.add(part);
    part.clear();
  });
  parts.end();
  return compressed_;
}

const std::string& PageMaker::again(std::span<const Sink* const> sinks, PageFormat format,
                                    Encoding encoding) {
  PageBuilder::Outcome known;
  return whole_ ? encoded(encoding) : make(sinks, format, encoding, known);
}

const std::string& PageMaker::encoded(Encoding encoding) {
  if (encoding == Encoding::kIdentity) return page_;
  compressor_.compress(encoding, page_, compressed_);
  return compressed_;
}

}  // namespace exporter
