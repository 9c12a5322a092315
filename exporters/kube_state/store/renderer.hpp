// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes the lines of a snapshot: one family of one chunk at a time, the families of a chunk in their order.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/page.hpp>

#include "store/output.hpp"
#include "store/store_impl.hpp"

namespace exporter::kube {

class Renderer {
 public:
  explicit Renderer(const Snapshot& snapshot);

  std::size_t families() const { return layout_.families.size(); }
  std::size_t chunks() const { return snapshot_.chunks().size(); }

  /// HELP and TYPE of a family.
  void header(std::size_t family, PageFormat format, Output& out) const;
  /// Appends the family's lines of a chunk's objects. The families of one chunk are asked for in ascending
  /// order, though some may be left out.
  void lines(std::size_t family, std::size_t chunk, Output& out);

 private:
  /// How far the sections of a chunk's objects have been read. Offsets in the chunk's bytes, by slot.
  struct Progress {
    std::unique_ptr<std::uint32_t[]> at;
    std::size_t family = 0;
  };

  void use(std::size_t family);
  void start(std::size_t chunk);
  void skip_to(std::size_t family, std::size_t chunk);
  void object(const Chunk& chunk, std::uint32_t slot, std::uint32_t& at, bool plural, Output& out);
  bool in_chunk(std::size_t family, std::size_t chunk) const;

  const Snapshot& snapshot_;
  const Layout& layout_;
  const Interner& texts_;
  std::vector<Progress> progress_;
  std::string masks_;                // families that some object of a chunk has, by chunk
  std::vector<std::string> common_;  // what stands in front of each common label's value but the first
  std::size_t family_ = ~std::size_t{0};
  std::string start_;             // of a line: the family's name, and the first common label
  std::vector<std::string> own_;  // what stands in front of each own label's value
  std::string end_;               // what stands behind the last one
};

}  // namespace exporter::kube
