// SPDX-License-Identifier: Apache-2.0
#pragma once

// One custom resource as a small tree, since paths into it are only known at run time. Built for one object
// at a time, of the members that some path begins with.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::kube {

class Json {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kInteger, kFloat, kString, kList, kMap };

  /// The whole of an object; of its own members those that `wanted` takes (null: all).
  static Result<Json> parse(std::string_view text, const std::function<bool(std::string_view)>& wanted = {});

  Kind kind() const { return kind_; }
  bool boolean() const { return integer_ != 0; }
  std::int64_t integer() const { return integer_; }
  double number() const { return kind_ == Kind::kInteger ? static_cast<double>(integer_) : number_; }
  const std::string& text() const { return text_; }
  const std::vector<Json>& items() const { return items_; }
  /// Sorted by key.
  const std::vector<std::pair<std::string, Json>>& members() const { return members_; }
  /// Null where there is none, or where this is no map.
  const Json* find(std::string_view key) const;

  /// As Go prints it: texts bare, "[a b]", "map[one:1 two:2]".
  void print(std::string& out) const;

 private:
  friend struct JsonBuilder;
  Kind kind_ = Kind::kNull;
  std::int64_t integer_ = 0;
  double number_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::vector<std::pair<std::string, Json>> members_;
};

}  // namespace exporter::kube
