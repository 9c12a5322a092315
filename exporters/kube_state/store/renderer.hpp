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
  /// What is known of a chunk's object once it was looked at.
  struct Object {
    std::uint32_t at;           // where its next section is, in the chunk's bytes
    std::uint32_t shape;        // of its record
    std::uint32_t labels;       // its common labels in labels_, ...
    std::uint32_t labels_size;  // or 0: there were too many to keep
  };
  struct Progress {
    std::unique_ptr<Object[]> objects;  // by slot
    std::size_t family = 0;             // all sections before have been read
  };

  void use(std::size_t family);
  void start(std::size_t chunk);
  void skip_to(std::size_t family, std::size_t chunk);
  void object(const Chunk& chunk, std::uint32_t slot, Object& object, bool plural, Output& out);
  bool in_chunk(std::size_t family, std::size_t chunk) const;
  void spell_labels(const char* record, std::string& text) const;
  std::string_view labels_of(const char* record, const Object& object);

  const Snapshot& snapshot_;
  const Layout& layout_;
  const Interner& texts_;
  std::vector<Progress> progress_;
  std::string masks_;  // families that some object of a chunk has, by chunk
  // The common labels of all objects, since each is needed for dozens of families.
  Buffer labels_;
  std::uint32_t labels_size_ = 0;
  std::string labels_scratch_;
  std::vector<std::string> common_;  // what stands in front of each common label's value
  std::size_t family_ = ~std::size_t{0};
  std::vector<std::string> own_;  // what stands in front of each own label's value of the family
  std::string end_;               // what stands behind the last one
};

}  // namespace exporter::kube
