// SPDX-License-Identifier: Apache-2.0
// gzip of whole bodies with libdeflate, and zstd: compression, not encoding, is the larger part of a scrape's
// CPU.

#include <libdeflate.h>
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

}  // namespace

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
      if (!zstd_) {
        auto* context = ZSTD_createCCtx();
        if (!context) throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
        ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, kZstdWindowLog);
        zstd_ = context;
      }
      return zstd(static_cast<ZSTD_CCtx*>(zstd_), text, out);
  }
}

}  // namespace exporter
