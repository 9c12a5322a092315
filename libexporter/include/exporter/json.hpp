// SPDX-License-Identifier: Apache-2.0
#pragma once

// Walks a JSON text in one pass, without building a tree of it. What the caller does not take is skipped, and
// checked all the same. After the first mistake everything that is asked for is empty; status() tells it at
// the end.
//
//     JsonReader json(text);
//     json.object([&](std::string_view key) {
//       if (key == "zone") json.array([&] { total += json.number(); });
//     });
//     if (auto status = json.finish(); !status) return fail(status);
//
// As Go's decoder has it, null stands for 0, "" and empty objects and arrays.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter {

class EXPORTER_API JsonReader {
 public:
  enum class Kind : unsigned char { kObject, kArray, kString, kNumber, kBool, kNull, kNothing };

  /// `text` has to live as long as the reader.
  explicit JsonReader(std::string_view text);

  /// What comes next; kNothing behind a mistake.
  Kind kind();

  /// Takes an object: calls `member(key)` for each of its members, which takes the value or leaves it. The
  /// key is good until the object ends.
  template <class F>
  void object(F member) {
    if (!open('{', "an object")) return;
    for (std::string_view key; next_member(key);) {
      const auto before = at_;
      member(key);
      if (at_ == before) skip();
    }
  }
  /// Takes an array: calls `element()` for each of its elements.
  template <class F>
  void array(F element) {
    if (!open('[', "an array")) return;
    while (next_element()) {
      const auto before = at_;
      element();
      if (at_ == before) skip();
    }
  }

  double number();
  /// The number as it stands there: "1e3". Good as long as the text.
  std::string_view raw_number() { return number_text("a number"); }
  std::uint64_t unsigned_integer();  ///< a negative number or a fraction is a mistake
  std::int64_t integer();
  bool boolean();
  /// Good until the next string() or the text's end.
  std::string_view string();
  /// Takes whatever comes next.
  void skip();
  /// The same, and returns its text.
  std::string_view raw();

  /// False after a mistake.
  bool good() const { return problem_.empty(); }
  /// The first mistake: "at byte 12: expected a number".
  Status status() const;
  /// The same; text behind the value is one, too.
  Status finish();

 private:
  static constexpr std::size_t kDepth = 64;

  bool open(char bracket, const char* what);
  bool next_member(std::string_view& key);
  bool next_element();
  bool close_or_comma(char bracket);
  void skip_blanks();
  bool take(std::string_view word);
  bool take_null();
  std::string_view number_text(const char* what);
  std::string_view string_text(std::string& scratch);
  bool escape(std::string& out);
  bool code_point(std::uint32_t& point);
  void mistake(std::string_view what);

  std::string_view text_;
  std::size_t at_ = 0;
  bool first_ = false;  // right behind an opening bracket
  std::size_t depth_ = 0;
  std::deque<std::string> keys_;  // room for keys with escapes, one a level
  std::string value_;
  std::string problem_;
};

/// Equal but for the case of ASCII letters, as Go's decoder compares keys.
inline bool same_key(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace exporter
