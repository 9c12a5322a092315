// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a page of what collectors wrote: families sorted by name, each with its samples together, as the text
// format 0.0.4 or as OpenMetrics 1.0.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/sink.hpp>

namespace exporter {

enum class PageFormat : std::uint8_t { kText, kOpenMetrics };

/// What an Accept header asks for; text where it asks for nothing that is offered.
PageFormat negotiate_format(std::string_view accept);

/// Whether an Accept-Encoding header allows gzip.
bool accepts_gzip(std::string_view accept_encoding);

std::string_view content_type(PageFormat format);

/// Reuses its tables between pages; one thread at a time.
class PageBuilder {
 public:
  struct Outcome {
    std::size_t series = 0;
    std::size_t dropped =
        0;  ///< duplicate samples, and those whose family another sink has with another type
    std::string first_problem;  ///< what was dropped first: one line for the log
  };

  /// Appends the page to `out`. A duplicate sample is dropped, and so is a family that an earlier sink wrote
  /// with another type; the rest stays whole.
  Outcome build(std::span<const Sink* const> sinks, PageFormat format, std::string& out);

 private:
  struct Source {
    const Sink* sink;
    std::uint32_t entry;
  };
  void append_header(const Sink& sink, const Sink::Entry& entry, PageFormat format, std::string& out);
  void append_samples(std::span<const Source> sources, std::string& out, Outcome& outcome);

  std::vector<Source> order_;
  std::vector<std::uint64_t> hashes_;
};

/// Compresses with gzip (one member). `level` as libdeflate's, 1 to 12. Reuses its state.
class Gzip {
 public:
  explicit Gzip(int level = 1) : level_(level) {}
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  /// Replaces `out`.
  void compress(std::string_view text, std::string& out);

 private:
  int level_;
  void* state_ = nullptr;
};

}  // namespace exporter
