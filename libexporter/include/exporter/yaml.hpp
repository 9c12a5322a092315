// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads a YAML document into a tree of nodes (by libyaml). Keys that are there twice stay there twice:
// whoever reads the document is the judge of it.
//
//     auto yaml = Yaml::parse(text);
//     if (!yaml) return fail(yaml);
//     for (const auto& [key, value] : yaml->root().entries()) {
//       if (key.scalar() == "server") server = value.scalar();
//     }

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

struct yaml_document_s;
struct yaml_node_s;

namespace exporter {

/// Good as long as its Yaml. A node that is not there is null and empty, whatever is asked.
class EXPORTER_API YamlNode {
 public:
  YamlNode() = default;

  bool is_null() const;  ///< nothing, "~" or "null", without quotes
  bool is_scalar() const;
  bool is_list() const;
  bool is_map() const;
  std::string scalar() const;  ///< "" for what is none
  std::vector<YamlNode> items() const;
  std::vector<std::pair<YamlNode, YamlNode>> entries() const;
  /// The first value under that key, null where there is none.
  YamlNode operator[](std::string_view key) const;
  std::size_t line() const;  ///< from 1

 private:
  friend class Yaml;
  YamlNode(yaml_document_s* document, yaml_node_s* node) : document_(document), node_(node) {}
  std::string_view text() const;

  yaml_document_s* document_ = nullptr;
  yaml_node_s* node_ = nullptr;
};

class EXPORTER_API Yaml {
 public:
  /// The first document of the text. An error is "line 3: ..." and has nothing of the text in it.
  static Result<Yaml> parse(std::string_view text);
  /// Valid as long as this.
  YamlNode root() const;

 private:
  struct Free {
    void operator()(yaml_document_s* document) const;
  };
  explicit Yaml(yaml_document_s* document) : document_(document) {}
  std::unique_ptr<yaml_document_s, Free> document_;
};

}  // namespace exporter
