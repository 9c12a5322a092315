// SPDX-License-Identifier: Apache-2.0
#pragma once

// Makes a page of what collectors wrote: families sorted by name, each with its samples together, as the text
// format 0.0.4, as OpenMetrics 1.0 or as delimited protobuf; and compresses it.

#include <cstdint>
#include <functional>
#include <memory>
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

  /// Takes what the page has so far out of `out`, now and then, so that a large page need not stand in memory
  /// whole.
  using Take = std::function<void(std::string& out)>;

  /// Appends the page to `out`. A duplicate sample is dropped, and so is a family that an earlier sink wrote
  /// with another type; the rest stays whole. `take`, where it is set, gets the page in parts of about 64 kB,
  /// and what is left at the end.
  Outcome build(std::span<const Sink* const> sinks, PageFormat format, std::string& out,
                const Take& take = {});

 private:
  struct Source {
    const Sink* sink;
    std::uint32_t entry;
  };
  void append_header(const Sink& sink, const Sink::Entry& entry, PageFormat format, std::string& out);
  void append_samples(std::span<const Source> sources, std::string& out, Outcome& outcome, const Take& take);
  void find_repeated(std::span<const Source> sources);
  template <class Function>
  void each_line(std::span<const Source> sources, Function line);

  std::vector<Source> order_;
  std::vector<std::uint64_t> hashes_;    // of a family's samples
  std::vector<std::uint64_t> repeated_;  // those that are there more than once
  std::string lines_;                    // a family's samples as text, on their way to protobuf
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

  /// The same for a text that comes in parts: `out` is replaced by their compressed form, part by part.
  class EXPORTER_API Parts {
   public:
    Parts(Encoding encoding, std::string& out);
    ~Parts();
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    void add(std::string_view part) { push(part, false); }
    void end() { push({}, true); }

   private:
    void push(std::string_view part, bool last);
    struct State;
    std::unique_ptr<State> state_;
    std::string& out_;
  };

 private:
  void* gzip_ = nullptr;
  void* zstd_ = nullptr;
};

/// Makes pages and compresses them; a large one that is to be compressed is never in memory as text. Keeps
/// its tables between pages; one thread at a time.
class EXPORTER_API PageMaker {
 public:
  /// The page, good until the next call. The outcome is the builder's.
  const std::string& make(std::span<const Sink* const> sinks, PageFormat format, Encoding encoding,
                          PageBuilder::Outcome& outcome);
  /// The page that make() made last, of the same sinks and in the same format, in another encoding.
  const std::string& again(std::span<const Sink* const> sinks, PageFormat format, Encoding encoding);

 private:
  const std::string& encoded(Encoding encoding);
  PageBuilder builder_;
  Compressor compressor_;
  bool whole_ = true;  // page_ has the page: it was not made in parts
  std::string page_;
  std::string compressed_;
};

}  // namespace exporter
