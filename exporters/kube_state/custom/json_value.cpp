// SPDX-License-Identifier: Apache-2.0
// Builds the tree of one object.

#include "custom/json_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <exporter/json.hpp>
#include <exporter/text.hpp>

namespace exporter::kube {

struct JsonBuilder {
  JsonReader& reader;

  Json value() {
    Json result;
    switch (reader.kind()) {
      case JsonReader::Kind::kObject:
        members(result, {});
        break;
      case JsonReader::Kind::kArray:
        result.kind_ = Json::Kind::kList;
        reader.array([&] { result.items_.push_back(value()); });
        break;
      case JsonReader::Kind::kString:
        result.kind_ = Json::Kind::kString;
        result.text_ = reader.string();
        break;
      case JsonReader::Kind::kNumber:
        number(result);
        break;
      case JsonReader::Kind::kBool:
        result.kind_ = Json::Kind::kBool;
        result.integer_ = reader.boolean() ? 1 : 0;
        break;
      default:
        reader.skip();
    }
    return result;
  }

  void members(Json& result, const std::function<bool(std::string_view)>& wanted) {
    result.kind_ = Json::Kind::kMap;
    reader.object([&](std::string_view key) {
      if (wanted && !wanted(key)) return;
      std::string name(key);
      result.members_.emplace_back(std::move(name), value());
    });
    auto& all = result.members_;
    std::ranges::stable_sort(all, {}, &std::pair<std::string, Json>::first);
    // Of a key that is there twice the last one counts.
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    const auto kept = std::unique(all.rbegin(), all.rend(), same);
    all.erase(all.begin(), kept.base());
  }

  void number(Json& result) {
    const auto text = reader.raw_number();
    if (const auto whole = exporter::parse<std::int64_t>(text); whole) {
      result.kind_ = Json::Kind::kInteger;
      result.integer_ = *whole;
    } else {
      result.kind_ = Json::Kind::kFloat;
      result.number_ = exporter::parse<double>(text).value_or(0);
    }
  }
};

Result<Json> Json::parse(std::string_view text, const std::function<bool(std::string_view)>& wanted) {
  JsonReader reader(text);
  Json result;
  if (reader.kind() != JsonReader::Kind::kObject) return fail(Code::kInvalid, "expected an object");
  JsonBuilder{reader}.members(result, wanted);
  if (auto status = reader.finish(); !status) return fail(status);
  return result;
}

const Json* Json::find(std::string_view key) const {
  const auto it =
      std::ranges::lower_bound(members_, key, {}, [](const auto& m) -> std::string_view { return m.first; });
  return it != members_.end() && it->first == key ? &it->second : nullptr;
}

namespace {

/// Go's %v of a float64: the shortest digits, with an exponent below 1e-4 and from 1e21 on.
void print_float(double number, std::string& out) {
  std::array<char, 400> room;
  const double size = std::fabs(number);
  const bool plain = number == 0 || (size >= 1e-4 && size < 1e21);
  const auto end = std::to_chars(room.data(), room.data() + room.size(), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  out.append(room.data(), end.ptr);
}

}  // namespace

void Json::print(std::string& out) const {
  switch (kind_) {
    case Kind::kNull:
      out += "<nil>";
      break;
    case Kind::kBool:
      out += boolean() ? "true" : "false";
      break;
    case Kind::kInteger:
      out += Digits(integer_);
      break;
    case Kind::kFloat:
      print_float(number_, out);
      break;
    case Kind::kString:
      out += text_;
      break;
    case Kind::kList:
      out += '[';
      for (std::size_t i = 0; i < items_.size(); ++i) {
        if (i > 0) out += ' ';
        items_[i].print(out);
      }
      out += ']';
      break;
    case Kind::kMap:
      out += "map[";
      for (std::size_t i = 0; i < members_.size(); ++i) {
        if (i > 0) out += ' ';
        out += members_[i].first + ':';
        members_[i].second.print(out);
      }
      out += ']';
      break;
  }
}

}  // namespace exporter::kube
