// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a collector writes its samples: an append-only text of one run. A sample costs one size check and a
// few copies; no registry is filled, and nothing is allocated once the buffers have grown to a page's size.
//
//     auto seconds = sink.family(kSeconds);        // a Metric<2> with labels cpu and mode
//     seconds({cpu, "user"}, user);
//     seconds({cpu, "idle"}, idle);
//     sink(kLoad1, load);                          // a Metric without labels
//
// Families may be written in any order and mixed as it suits the collector: the encoder puts each family's
// samples together and sorts the families by name.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/metric.hpp>

namespace exporter {

class EXPORTER_API Sink {
 public:
  Sink() = default;
  Sink(Sink&&) = default;
  Sink& operator=(Sink&&) = default;

  template <std::size_t N>
  class Family {
   public:
    /// One sample. There are as many label values as the family has labels: the compiler checks it. An empty
    /// value is printed as "".
    template <std::size_t M>
    void operator()(const std::string_view (&values)[M], Value value) const {
      static_assert(M == N, "a sample needs one value for each label of its family");
      if (sink_) sink_->write(family_, {}, labels_.data(), values, N, value);
    }
    void operator()(Value value) const {
      static_assert(N == 0, "this family has labels: family({values...}, value)");
      if (sink_) sink_->write(family_, {}, nullptr, nullptr, 0, value);
    }
    /// False where a filter leaves this family out: what it costs to compute can be saved.
    explicit operator bool() const { return sink_ != nullptr; }

   private:
    friend class Sink;
    Family(Sink* sink, std::uint32_t family, const std::array<std::string_view, N>& labels)
        : sink_(sink), family_(family), labels_(labels) {}
    Sink* sink_;
    std::uint32_t family_;
    std::array<std::string_view, N> labels_;
  };

  /// Opens a family, or finds it again by its name. Name and help are copied on first use; label names are
  /// not, and must live as long as the Family. A family without samples is not exposed.
  template <std::size_t N>
  Family<N> family(const Metric<N>& metric) {
    const auto index = open(metric.name, metric.help, metric.type);
    return Family<N>(index == kFilteredOut ? nullptr : this, index, metric.labels);
  }

  void operator()(const Metric<0>& metric, Value value) { family(metric)(value); }

  template <std::size_t N, std::size_t M>
  void operator()(const Metric<N>& metric, const std::string_view (&values)[M], Value value) {
    static_assert(M == N, "a sample needs one value for each label of its metric");
    const auto index = open(metric.name, metric.help, metric.type);
    if (index != kFilteredOut) write(index, {}, metric.labels.data(), values, N, value);
  }

  /// One sample whose labels are only known at run time. `suffix` is "_bucket", "_sum" or "_count" for the
  /// parts of a histogram or summary, else "".
  void sample(std::string_view name, std::string_view help, MetricType type, std::span<const Label> labels,
              Value value, std::string_view suffix = {});

  /// Labels that every sample written from here on has in front of its own, until the next clear(): a
  /// target's name, labels that a flag asks for.
  void constant_labels(std::span<const Label> labels);

  /// Whether the scrape asks for this family at all.
  bool wants(std::string_view name) const { return !filter_ || filter_(filter_context_, name); }

  /// What the samples take as text, without their families' names.
  std::size_t bytes() const { return size_; }
  /// Samples written so far.
  std::size_t samples() const { return samples_; }

  /// Takes at most so many samples until the next clear(); what comes after them is counted and left out.
  void set_limit(std::size_t samples) { limit_ = samples; }
  /// Samples that the limit left out.
  std::size_t cut() const { return cut_; }
  /// Which families they belong to: "app_requests_total (210), app_size_bytes (3)".
  std::string describe_cut() const;

  /// Forgets all samples and keeps the memory.
  void clear();

  /// Leaves out families for which `filter(context, name)` is false, from the next clear() on. Null: no
  /// filter.
  using Filter = bool (*)(const void* context, std::string_view name);
  void set_filter(Filter filter, const void* context) {
    filter_ = filter;
    filter_context_ = context;
  }

 private:
  friend class PageBuilder;
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kFilteredOut = 0xfffffffe;

  struct Segment {  // consecutive lines of one family
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t next;
  };
  struct Entry {  // one family: its name and help stand in text_
    std::uint32_t name;
    std::uint32_t help;
    std::uint16_t name_size;
    std::uint16_t help_size;
    MetricType type;
    bool muted;
    std::uint32_t first;
    std::uint32_t last;
    std::uint32_t samples;
    std::uint32_t cut;
  };

  std::uint32_t open(std::string_view name, std::string_view help, MetricType type);
  void write(std::uint32_t family, std::string_view suffix, const std::string_view* names,
             const std::string_view* values, std::size_t count, Value value);
  void finish_line(Entry& entry, std::uint32_t begin);
  char* room(std::size_t bytes);
  std::string_view name_of(const Entry& entry) const { return {text_.get() + entry.name, entry.name_size}; }
  void rehash(std::size_t slots);

  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> text_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
  std::vector<Entry> entries_;
  std::vector<Segment> segments_;
  std::vector<std::uint32_t> slots_;  // hash table of indices into entries_, open addressing
  std::size_t samples_ = 0;
  std::size_t limit_ = static_cast<std::size_t>(-1);
  std::size_t cut_ = 0;
  std::string constant_;  // the constant labels as they are written
  Filter filter_ = nullptr;
  const void* filter_context_ = nullptr;
};

}  // namespace exporter
