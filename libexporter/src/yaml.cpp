// SPDX-License-Identifier: Apache-2.0
// YAML, over libyaml's document tree.

#include <exporter/yaml.hpp>

#include <yaml.h>

namespace exporter {

void Yaml::Free::operator()(yaml_document_s* document) const {
  ::yaml_document_delete(document);
  delete document;  // NOLINT(cppcoreguidelines-owning-memory): of parse()
}

Result<Yaml> Yaml::parse(std::string_view text) {
  struct Parser {
    Parser() : good(::yaml_parser_initialize(&state) == 1) {}
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    ~Parser() {
      if (good) ::yaml_parser_delete(&state);
    }
    yaml_parser_t state{};
    bool good;
  } parser;
  if (!parser.good) return fail(Code::kInternal, "out of memory");
  ::yaml_parser_set_input_string(&parser.state, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  auto document = std::make_unique<yaml_document_t>();
  if (::yaml_parser_load(&parser.state, document.get()) == 1) return Yaml(document.release());

  const auto& state = parser.state;
  const std::string problem = state.problem != nullptr ? state.problem : "out of memory";
  if (state.error == YAML_READER_ERROR) {  // it has not come as far as to count lines
    return fail(Code::kInvalid, "byte " + std::to_string(state.problem_offset) + ": " + problem);
  }
  return fail(Code::kInvalid, "line " + std::to_string(state.problem_mark.line + 1) + ": " + problem);
}

YamlNode Yaml::root() const { return {document_.get(), ::yaml_document_get_root_node(document_.get())}; }

std::string_view YamlNode::text() const {
  if (!is_scalar()) return {};
  return {reinterpret_cast<const char*>(node_->data.scalar.value), node_->data.scalar.length};
}

bool YamlNode::is_null() const {
  if (node_ == nullptr) return true;
  if (!is_scalar() || node_->data.scalar.style != YAML_PLAIN_SCALAR_STYLE) return false;
  const auto word = text();
  return word.empty() || word == "~" || word == "null" || word == "Null" || word == "NULL";
}

bool YamlNode::is_scalar() const { return node_ != nullptr && node_->type == YAML_SCALAR_NODE; }
bool YamlNode::is_list() const { return node_ != nullptr && node_->type == YAML_SEQUENCE_NODE; }
bool YamlNode::is_map() const { return node_ != nullptr && node_->type == YAML_MAPPING_NODE; }
std::string YamlNode::scalar() const { return std::string(text()); }
std::size_t YamlNode::line() const { return node_ == nullptr ? 1 : node_->start_mark.line + 1; }

std::vector<YamlNode> YamlNode::items() const {
  std::vector<YamlNode> all;
  if (!is_list()) return all;
  const auto& range = node_->data.sequence.items;
  for (const auto* at = range.start; at < range.top; ++at) {
    all.push_back({document_, ::yaml_document_get_node(document_, *at)});
  }
  return all;
}

std::vector<std::pair<YamlNode, YamlNode>> YamlNode::entries() const {
  std::vector<std::pair<YamlNode, YamlNode>> all;
  if (!is_map()) return all;
  const auto& range = node_->data.mapping.pairs;
  for (const auto* at = range.start; at < range.top; ++at) {
    all.emplace_back(YamlNode{document_, ::yaml_document_get_node(document_, at->key)},
                     YamlNode{document_, ::yaml_document_get_node(document_, at->value)});
  }
  return all;
}

YamlNode YamlNode::operator[](std::string_view key) const {
  if (!is_map()) return {};
  const auto& range = node_->data.mapping.pairs;
  for (const auto* at = range.start; at < range.top; ++at) {
    if (YamlNode(document_, ::yaml_document_get_node(document_, at->key)).text() == key) {
      return {document_, ::yaml_document_get_node(document_, at->value)};
    }
  }
  return {};
}

}  // namespace exporter
