// SPDX-License-Identifier: Apache-2.0
// Reads the lists of keys and patterns that flags and requests have.

#include "options.hpp"

#include <exporter/text.hpp>

#include "address.hpp"

namespace exporter::redis {

Result<std::vector<KeyPattern>> parse_key_patterns(std::string_view text) {
  std::vector<KeyPattern> result;
  if (trim(text).empty()) return result;
  while (!text.empty()) {
    const auto part = take_until(text, ',');
    std::string_view database = "0";
    std::string_view pattern = part;
    if (const auto equals = part.find('='); equals != std::string_view::npos) {
      database = trim(part.substr(0, equals));
      if (database.starts_with("db")) database.remove_prefix(2);
      pattern = part.substr(equals + 1);
      if (pattern.find('=') != std::string_view::npos) {
        return fail(Code::kInvalid,
                    "more than one = in \"" + std::string(part) + "\"; write %3D for one in a key");
      }
      if (!parse<unsigned>(database)) {
        return fail(Code::kInvalid, "no number of a database in \"" + std::string(part) + "\"");
      }
    }
    auto decoded = unescape(trim(pattern), true);
    if (!decoded) return fail(Code::kInvalid, "\"" + std::string(part) + "\": " + decoded.error().message);
    result.push_back({std::string(database), std::move(*decoded)});
  }
  return result;
}

Result<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::string> result;
  if (text.empty()) return result;
  for (std::size_t at = 0;;) {
    std::string field;
    if (at < text.size() && text[at] == '"') {
      for (++at;; ++at) {
        if (at >= text.size()) return fail(Code::kInvalid, "a quote has no end");
        if (text[at] != '"') {
          field += text[at];
        } else if (at + 1 < text.size() && text[at + 1] == '"') {
          field += text[at++];
        } else {
          break;
        }
      }
      ++at;
      if (at < text.size() && text[at] != ',') return fail(Code::kInvalid, "text stands behind a quote");
    } else {
      const auto end = text.find(',', at);
      field = text.substr(at, end == std::string_view::npos ? end : end - at);
      if (field.find('"') != std::string::npos)
        return fail(Code::kInvalid, "a quote stands inside of a field");
      at += field.size();
    }
    result.push_back(std::move(field));
    if (at >= text.size()) return result;
    ++at;
  }
}

}  // namespace exporter::redis
