// SPDX-License-Identifier: Apache-2.0
// gzip of whole bodies with libdeflate, and zstd: compression, not encoding, is the larger part of a scrape's
// CPU. gzip of bodies in parts is zlib's, at half the speed: libdeflate wants the whole text.

#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <new>

#include <exporter/page.hpp>

namespace exporter {
namespace {

constexpr int kLevel = 1;
/// A window of 512 kB: more would cost memory for pages that hardly shrink further.
constexpr int kZstdWindowLog = 19;

void gzip(libdeflate_compressor* compressor, std::string_view text, std::string& out) {
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor, text.size());
  out.resize_and_overwrite(bound, [&](char* to, std::size_t size) {
    return libdeflate_gzip_compress(compressor, text.data(), text.size(), to, size);
  });
}

void zstd(ZSTD_CCtx* compressor, std::string_view text, std::string& out) {
  out.resize_and_overwrite(ZSTD_compressBound(text.size()), [&](char* to, std::size_t size) {
    const std::size_t written = ZSTD_compress2(compressor, to, size, text.data(), text.size());
    return ZSTD_isError(written) ? 0 : written;
  });
  if (out.empty()) throw std::bad_alloc();  // there is no other way to fail: the output has room
}

ZSTD_CCtx* make_zstd() {
  auto* context = ZSTD_createCCtx();
  if (!context) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, kZstdWindowLog);
  return context;
}

constexpr std::size_t kRoom = 65536;  // by which a compressed text grows

/// Lets `step` write behind `out`: it gets the room and returns how much of it is left.
template <class Step>
void append(std::string& out, Step step) {
  const auto old = out.size();
  out.resize(old + kRoom);
  const std::size_t left = step(out.data() + old, kRoom);
  out.resize(old + kRoom - left);
}

}  // namespace

struct Compressor::Parts::State {
  explicit State(Encoding wanted) : encoding(wanted) {
    constexpr int kGzipWindow = 15 + 16;  // the largest, and gzip's header instead of zlib's
    constexpr int kMemory = 8;
    if (encoding == Encoding::kGzip &&
        deflateInit2(&gzip, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
    if (encoding == Encoding::kZstd) zstd = make_zstd();
  }
  ~State() {
    if (encoding == Encoding::kGzip) deflateEnd(&gzip);
    ZSTD_freeCCtx(zstd);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void push_gzip(std::string_view part, bool last, std::string& out) {
    gzip.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    gzip.avail_in = static_cast<uInt>(part.size());
    do {
      append(out, [&](char* to, std::size_t size) {
        gzip.next_out = reinterpret_cast<Bytef*>(to);
        gzip.avail_out = static_cast<uInt>(size);
        deflate(&gzip, last ? Z_FINISH : Z_NO_FLUSH);
        return gzip.avail_out;
      });
    } while (gzip.avail_out == 0);
  }

  void push_zstd(std::string_view part, bool last, std::string& out) const {
    ZSTD_inBuffer in{part.data(), part.size(), 0};
    std::size_t more = 0;
    do {
      append(out, [&](char* to, std::size_t size) {
        ZSTD_outBuffer written{to, size, 0};
        more = ZSTD_compressStream2(zstd, &written, &in, last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(more)) throw std::bad_alloc();
        return size - written.pos;
      });
    } while (in.pos < in.size || (last && more > 0));
  }

  const Encoding encoding;
  z_stream gzip{};
  ZSTD_CCtx* zstd = nullptr;
};

Compressor::Parts::Parts(Encoding encoding, std::string& out)
    : state_(std::make_unique<State>(encoding)), out_(out) {
  out_.clear();
}
Compressor::Parts::~Parts() = default;

void Compressor::Parts::push(std::string_view part, bool last) {
  switch (state_->encoding) {
    case Encoding::kIdentity:
      out_ += part;
      return;
    case Encoding::kGzip:
      return state_->push_gzip(part, last, out_);
    case Encoding::kZstd:
      return state_->push_zstd(part, last, out_);
  }
}

Compressor::~Compressor() {
  if (gzip_) libdeflate_free_compressor(static_cast<libdeflate_compressor*>(gzip_));
  ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(zstd_));
}

void Compressor::compress(Encoding encoding, std::string_view text, std::string& out) {
  switch (encoding) {
    case Encoding::kIdentity:
      out = text;
      return;
    case Encoding::kGzip:
      if (!gzip_) gzip_ = libdeflate_alloc_compressor(kLevel);
      if (!gzip_) throw std::bad_alloc();
      return gzip(static_cast<libdeflate_compressor*>(gzip_), text, out);
    case Encoding::kZstd:
      if (!zstd_) zstd_ = make_zstd();
      return zstd(static_cast<ZSTD_CCtx*>(zstd_), text, out);
  }
}

}  // namespace exporter
