// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads lines, fields and numbers out of text that stays where it is: nothing here allocates, unless a number
// is malformed and an error message is made.
//
//     for (std::string_view line : Lines(text)) {
//       Fields fields(line);
//       std::string_view key = fields.next();
//       auto value = parse<std::uint64_t>(fields.next());
//       if (!value) return fail(value);
//     }

#include <array>
#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter {

/// The lines of a text, without their '\n'. A last line without '\n' counts; an empty text has no lines.
class EXPORTER_API Lines {
 public:
  explicit constexpr Lines(std::string_view text) : text_(text) {}

  class Iterator {
   public:
    constexpr explicit Iterator(std::string_view rest) : rest_(rest), done_(rest.empty()) { step(); }
    constexpr std::string_view operator*() const { return line_; }
    constexpr Iterator& operator++() {
      done_ = rest_.empty();
      step();
      return *this;
    }
    constexpr bool operator!=(std::nullptr_t) const { return !done_; }

   private:
    constexpr void step() {
      const auto end = rest_.find('\n');
      line_ = rest_.substr(0, end);
      rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    }
    std::string_view rest_;
    std::string_view line_;
    bool done_;
  };
  constexpr Iterator begin() const { return Iterator(text_); }
  constexpr std::nullptr_t end() const { return nullptr; }

 private:
  std::string_view text_;
};

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Without white space at both ends.
constexpr std::string_view trim(std::string_view s) {
  while (!s.empty() && is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && is_blank(s.back())) s.remove_suffix(1);
  return s;
}

/// The fields of a line, separated by runs of white space.
class EXPORTER_API Fields {
 public:
  explicit constexpr Fields(std::string_view line) : rest_(line) {}

  /// The next field, or an empty view where there is none left.
  constexpr std::string_view next() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
    std::size_t length = 0;
    while (length < rest_.size() && !is_blank(rest_[length])) ++length;
    const auto field = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return field;
  }
  constexpr Fields& skip(std::size_t count) {
    for (; count > 0; --count) next();
    return *this;
  }
  /// What follows the fields taken so far, trimmed.
  constexpr std::string_view rest() const { return trim(rest_); }
  constexpr bool empty() const { return rest().empty(); }

 private:
  std::string_view rest_;
};

/// Takes what stands before the first `separator` off `s` and returns it; takes all where there is none.
constexpr std::string_view take_until(std::string_view& s, char separator) {
  const auto end = s.find(separator);
  const auto head = s.substr(0, end);
  s = end == std::string_view::npos ? std::string_view{} : s.substr(end + 1);
  return head;
}

struct KeyValue {
  std::string_view key;
  std::string_view value;
};

/// "key: value" or "key=value", both sides trimmed; nothing where the separator is missing.
constexpr std::optional<KeyValue> split_pair(std::string_view line, char separator) {
  const auto at = line.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  return KeyValue{trim(line.substr(0, at)), trim(line.substr(at + 1))};
}

EXPORTER_API Error not_a_number(std::string_view text);

/// The whole of `text` (white space around it is allowed) as a number of type T: decimal for integers, and
/// for double everything that strtod takes, "NaN", "+Inf" and "-Inf" included. Out of range, a sign on an
/// unsigned or anything behind the number is kInvalid.
template <class T>
requires(std::is_arithmetic_v<T>) Result<T> parse(std::string_view text, int base = 10) {
  auto s = trim(text);
  if (s.size() > 1 && s.front() == '+' && s[1] != '-') s.remove_prefix(1);
  T value{};
  std::from_chars_result end{};
  if constexpr (std::is_floating_point_v<T>) {
    end = std::from_chars(s.data(), s.data() + s.size(), value);
  } else {
    end = std::from_chars(s.data(), s.data() + s.size(), value, base);
  }
  if (end.ec != std::errc{} || end.ptr != s.data() + s.size() || s.empty()) {
    return std::unexpected(not_a_number(text));
  }
  return value;
}

/// A number as the text of a label value, without allocation: `family({Digits(cpu)}, seconds)`.
class EXPORTER_API Digits {
 public:
  template <std::integral T>
  explicit constexpr Digits(T number, int base = 10) {
    length_ = static_cast<unsigned char>(
        std::to_chars(text_.data(), text_.data() + text_.size(), number, base).ptr - text_.data());
  }
  // NOLINTNEXTLINE(google-explicit-constructor): it is a label value
  operator std::string_view() const { return {text_.data(), length_}; }

 private:
  std::array<char, 24> text_{};
  unsigned char length_ = 0;
};

/// Writes `value` behind `at` in the shortest form that reads back as the same double ("NaN", "+Inf",
/// "-Inf"). Needs 32 bytes of room; returns the end.
EXPORTER_API char* append_number(char* at, double value);

/// `text`, each byte that is not part of valid UTF-8 replaced by U+FFFD. Returns `text` itself, and leaves
/// `scratch` alone, where it is valid.
EXPORTER_API std::string_view valid_utf8(std::string_view text, std::string& scratch);

/// `text` with every byte but ASCII letters, digits and '_' made '_': fit for a part of a metric name.
EXPORTER_API std::string sanitize_name(std::string_view text);

}  // namespace exporter
