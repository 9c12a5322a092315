// SPDX-License-Identifier: Apache-2.0
// gzip of whole bodies with libdeflate: compression, not encoding, is the larger part of a scrape's CPU.

#include <libdeflate.h>

#include <new>

#include <exporter/page.hpp>

namespace exporter {

Gzip::~Gzip() {
  if (state_) libdeflate_free_compressor(static_cast<libdeflate_compressor*>(state_));
}

void Gzip::compress(std::string_view text, std::string& out) {
  if (!state_) state_ = libdeflate_alloc_compressor(level_);
  if (!state_) throw std::bad_alloc();
  auto* compressor = static_cast<libdeflate_compressor*>(state_);
  const std::size_t bound = libdeflate_gzip_compress_bound(compressor, text.size());
  out.resize_and_overwrite(bound, [&](char* to, std::size_t size) {
    return libdeflate_gzip_compress(compressor, text.data(), text.size(), to, size);
  });
}

}  // namespace exporter
