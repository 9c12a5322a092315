// SPDX-License-Identifier: Apache-2.0
#include "policy/label_names.hpp"

namespace exporter::kube {
namespace {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool continues_rune(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

void append_snake_case(std::string& name, std::string_view key) {
  char before = 0;
  for (const char c : key) {
    if (continues_rune(c)) continue;
    if (is_upper(c)) {
      if (is_lower(before) || is_digit(before)) name += '_';
      name += static_cast<char>(c - 'A' + 'a');
    } else {
      name += is_lower(c) || is_digit(c) ? c : '_';
    }
    before = c;
  }
}

}  // namespace

void append_sanitized(std::string& name, std::string_view key) {
  for (const char c : key) {
    if (continues_rune(c)) continue;
    name += is_lower(c) || is_upper(c) || is_digit(c) ? c : '_';
  }
}

std::span<const std::string_view> LabelNames::make(std::string_view prefix, std::span<const Label> entries) {
  taken_.clear();
  names_.assign(entries.size(), {});
  for (std::size_t i = 0; i < entries.size(); ++i) {
    std::string name(prefix);
    name += '_';
    append_snake_case(name, entries[i].name);
    take(std::move(name), i);
  }
  views_.assign(names_.begin(), names_.end());
  return views_;
}

void LabelNames::take(std::string name, std::size_t entry) {
  const auto [it, is_new] = taken_.try_emplace(name, Taken{entry});
  if (is_new) {
    names_[entry] = std::move(name);
    return;
  }
  // References to elements of the map stay good while numbered names are added to it.
  auto& taken = it->second;
  if (taken.conflicts == 0) take_numbered(name, taken, taken.owner);
  take_numbered(name, taken, entry);
}

void LabelNames::take_numbered(const std::string& name, Taken& taken, std::size_t entry) {
  for (;;) {
    auto numbered = name + "_conflict" + std::to_string(++taken.conflicts);
    const auto [it, is_new] = taken_.try_emplace(numbered, Taken{entry});
    // A name whose first owner had to give it up is free.
    if (!is_new && it->second.conflicts == 0) continue;
    names_[entry] = std::move(numbered);
    return;
  }
}

}  // namespace exporter::kube
