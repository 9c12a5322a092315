// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads an exposition page for tests: types and samples as parsed values, so that pages are compared by
// meaning.

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <exporter/text.hpp>

namespace exporter::testing {

struct Exposition {
  std::map<std::string, std::string> types;
  std::map<std::string, double> samples;  // "name{a="b",c="d"}" with the labels sorted
  std::vector<std::string> problems;
};

inline std::string series_key(std::string_view head, std::vector<std::string>& problems) {
  const auto brace = head.find('{');
  if (brace == std::string_view::npos) return std::string(head);
  std::map<std::string, std::string> labels;
  auto rest = head.substr(brace + 1);
  while (!rest.empty() && rest.front() != '}') {
    const auto equals = rest.find("=\"");
    if (equals == std::string_view::npos) break;
    std::size_t end = equals + 2;
    while (end < rest.size() && rest[end] != '"') end += rest[end] == '\\' ? 2 : 1;
    if (end >= rest.size()) break;
    if (!labels.emplace(rest.substr(0, equals), rest.substr(equals + 2, end - equals - 2)).second) {
      problems.push_back("label given twice: " + std::string(head));
    }
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() == ',') rest.remove_prefix(1);
  }
  if (rest != "}") problems.push_back("bad labels: " + std::string(head));
  std::string key(head.substr(0, brace));
  char separator = '{';
  for (const auto& [name, value] : labels) {
    key += separator + name + "=\"" + value + '"';
    separator = ',';
  }
  return key + (labels.empty() ? "" : "}");
}

inline Exposition parse_exposition(std::string_view page) {
  Exposition result;
  for (const auto line : Lines(page)) {
    if (line.empty()) continue;
    if (line.starts_with('#')) {
      Fields fields(line);
      fields.next();
      if (fields.next() == "TYPE") {
        const std::string name(fields.next());
        if (!result.types.emplace(name, fields.next()).second)
          result.problems.push_back("second TYPE of " + name);
      }
      continue;
    }
    const auto blank = line.rfind(' ');
    auto value = parse<double>(blank == std::string_view::npos ? "" : line.substr(blank + 1));
    if (!value) {
      result.problems.push_back("not a sample: " + std::string(line));
      continue;
    }
    const auto key = series_key(line.substr(0, blank), result.problems);
    if (!result.samples.emplace(key, *value).second) result.problems.push_back("duplicate: " + key);
  }
  return result;
}

/// What differs, one line each; empty where the two mean the same.
inline std::vector<std::string> differences(const Exposition& ours, const Exposition& expected) {
  std::vector<std::string> found = ours.problems;
  for (const auto& [name, type] : expected.types) {
    const auto it = ours.types.find(name);
    if (it == ours.types.end()) {
      found.push_back("family missing: " + name);
    } else if (it->second != type) {
      found.push_back("type of " + name + ": " + it->second + ", expected " + type);
    }
  }
  for (const auto& [key, value] : expected.samples) {
    const auto it = ours.samples.find(key);
    if (it == ours.samples.end()) {
      found.push_back("missing: " + key);
    } else if (it->second != value && !(std::isnan(it->second) && std::isnan(value))) {
      std::ostringstream text;
      text.precision(17);
      text << key << ": " << it->second << ", expected " << value;
      found.push_back(text.str());
    }
  }
  for (const auto& [key, value] : ours.samples) {
    if (!expected.samples.contains(key)) found.push_back("extra: " + key);
  }
  return found;
}

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace exporter::testing
