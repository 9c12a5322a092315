// SPDX-License-Identifier: Apache-2.0

#include "fixture_json.hpp"

#include <algorithm>
#include <optional>

namespace exporter::node {

namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  bool array(std::vector<FixtureObject>& objects) {
    if (!take('[')) return object(objects.emplace_back()) && trim(rest_).empty();
    if (take(']')) return trim(rest_).empty();
    do {
      if (!object(objects.emplace_back())) return false;
    } while (take(','));
    return take(']') && trim(rest_).empty();
  }

 private:
  bool take(char c) {
    rest_ = trim(rest_);
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool object(FixtureObject& object) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      auto key = string();
      if (!key || !take(':')) return false;
      std::transform(key->begin(), key->end(), key->begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
      rest_ = trim(rest_);
      auto value = rest_.starts_with('"') ? string() : word();
      if (!value) return false;
      object.add(std::move(*key), std::move(*value));
    } while (take(','));
    return take('}');
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') rest_.remove_prefix(1);  // only \" and \\ occur
      if (rest_.empty()) return std::nullopt;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!take('"')) return std::nullopt;
    return value;
  }

  std::optional<std::string> word() {
    const auto end = std::min(rest_.find_first_of(",]}{[\" \t\r\n"), rest_.size());
    if (end == 0) return std::nullopt;
    std::string value(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return value;
  }

  std::string_view rest_;
};

}  // namespace

std::string_view FixtureObject::text(std::string_view key) const {
  for (const auto& [name, value] : members_) {
    if (name == key) return value;
  }
  return {};
}

double FixtureObject::number(std::string_view key) const { return parse<double>(text(key)).value_or(0); }

std::string FixtureObject::bytes(std::string_view key) const {
  std::string result;
  unsigned held = 0;
  int bits = 0;
  for (const char c : text(key)) {
    const auto digit = kBase64.find(c);
    if (digit == std::string_view::npos) break;
    held = (held << 6 | static_cast<unsigned>(digit)) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    result += static_cast<char>(held >> bits & 0xff);
  }
  return result;
}

Result<std::vector<FixtureObject>> parse_fixture(std::string_view json) {
  std::vector<FixtureObject> objects;
  if (!Parser(json).array(objects)) return fail(Code::kInvalid, "not a fixture's JSON");
  return objects;
}

}  // namespace exporter::node
