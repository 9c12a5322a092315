// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a page of what collectors wrote: families sorted by name, each with its samples together, as the text
// format 0.0.4, as OpenMetrics 1.0 or as delimited protobuf; and compresses it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/sink.hpp>

namespace exporter {

enum class PageFormat : std::uint8_t { kText, kOpenMetrics, kProtobuf };

enum class Encoding : std::uint8_t { kIdentity, kGzip, kZstd };

/// What an Accept header asks for: the format of the highest quality, of equal ones the first. Text where it
/// asks for nothing that is offered.
EXPORTER_API PageFormat negotiate_format(std::string_view accept);

/// What an Accept-Encoding header asks for; of equal qualities gzip, then zstd.
EXPORTER_API Encoding negotiate_encoding(std::string_view accept_encoding);

/// "gzip", "zstd", or "" for the page as it is: the value of Content-Encoding.
EXPORTER_API std::string_view encoding_name(Encoding encoding);

EXPORTER_API std::string_view content_type(PageFormat format);

/// Reuses its tables between pages; one thread at a time.
class EXPORTER_API PageBuilder {
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
  std::string lines_;  // a family's samples as text, on their way to protobuf
};

/// Compresses pages at the lowest level, which costs a scrape least. Keeps its tables between pages; one
/// thread at a time.
class EXPORTER_API Compressor {
 public:
  Compressor() = default;
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  /// Replaces `out` by one gzip member, or one zstd frame. kIdentity copies.
  void compress(Encoding encoding, std::string_view text, std::string& out);

 private:
  void* gzip_ = nullptr;
  void* zstd_ = nullptr;
};

}  // namespace exporter
