// SPDX-License-Identifier: Apache-2.0
// The JSON reader: RFC 8259, strictly, with a limit for the depth.

#include <exporter/json.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

#include <exporter/text.hpp>

namespace exporter {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::uint32_t point, std::string& out) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (point < 0x80) return byte(point);
  if (point < 0x800) {
    byte(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    byte(0xe0 | point >> 12);
    byte(0x80 | (point >> 6 & 0x3f));
  } else {
    byte(0xf0 | point >> 18);
    byte(0x80 | (point >> 12 & 0x3f));
    byte(0x80 | (point >> 6 & 0x3f));
  }
  byte(0x80 | (point & 0x3f));
}

/// How many bytes a number takes by the grammar; 0 where there is none.
std::size_t number_length(std::string_view s) {
  std::size_t i = 0;
  const auto digits = [&] {
    const auto before = i;
    while (i < s.size() && is_digit(s[i])) ++i;
    return i > before;
  };
  if (i < s.size() && s[i] == '-') ++i;
  if (i < s.size() && s[i] == '0') {
    ++i;
  } else if (!digits()) {
    return 0;
  }
  if (i < s.size() && s[i] == '.') {
    ++i;
    if (!digits()) return 0;
  }
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    if (i < s.size() && (s[i] == '+' || s[i] == '-')) ++i;
    if (!digits()) return 0;
  }
  return i;
}

}  // namespace

JsonReader::JsonReader(std::string_view text) : text_(text) {}

void JsonReader::mistake(std::string_view what) {
  if (good()) problem_ = "at byte " + std::to_string(at_) + ": " + std::string(what);
  at_ = text_.size();
}

Status JsonReader::status() const {
  if (good()) return {};
  return fail(Code::kInvalid, "malformed JSON " + problem_);
}

Status JsonReader::finish() {
  if (good()) {
    skip_blanks();
    if (at_ < text_.size()) mistake("expected nothing more");
  }
  return status();
}

void JsonReader::skip_blanks() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
    ++at_;
  }
}

JsonReader::Kind JsonReader::kind() {
  if (!good()) return Kind::kNothing;
  skip_blanks();
  if (at_ == text_.size()) return Kind::kNothing;
  switch (text_[at_]) {
    case '{':
      return Kind::kObject;
    case '[':
      return Kind::kArray;
    case '"':
      return Kind::kString;
    case 't':
    case 'f':
      return Kind::kBool;
    case 'n':
      return Kind::kNull;
    default:
      return is_digit(text_[at_]) || text_[at_] == '-' ? Kind::kNumber : Kind::kNothing;
  }
}

bool JsonReader::take(std::string_view word) {
  if (!text_.substr(at_).starts_with(word)) return false;
  at_ += word.size();
  return true;
}

bool JsonReader::take_null() { return kind() == Kind::kNull && take("null"); }

bool JsonReader::open(char bracket, const char* what) {
  if (take_null() || !good()) return false;
  skip_blanks();
  if (at_ == text_.size() || text_[at_] != bracket) return mistake("expected " + std::string(what)), false;
  if (depth_ == kDepth) return mistake("too many levels"), false;
  ++at_;
  ++depth_;
  first_ = true;
  return true;
}

/// False at the end of the object or array.
bool JsonReader::close_or_comma(char bracket) {
  if (!good()) return false;
  skip_blanks();
  const bool first = first_;
  first_ = false;
  const char c = at_ < text_.size() ? text_[at_] : '\0';
  if (c == bracket) {
    ++at_;
    --depth_;
    return false;
  }
  if (first) return true;
  if (c != ',') return mistake(std::string("expected ',' or '") + bracket + "'"), false;
  ++at_;
  return true;
}

bool JsonReader::next_member(std::string_view& key) {
  if (!close_or_comma('}')) return false;
  skip_blanks();
  while (keys_.size() < depth_) keys_.emplace_back();
  if (at_ == text_.size() || text_[at_] != '"') return mistake("expected a key"), false;
  key = string_text(keys_[depth_ - 1]);
  skip_blanks();
  if (!good()) return false;
  if (!take(":")) return mistake("expected ':'"), false;
  skip_blanks();
  return true;
}

bool JsonReader::next_element() {
  if (!close_or_comma(']')) return false;
  skip_blanks();
  return true;
}

std::string_view JsonReader::number_text(const char* what) {
  if (!good()) return {};
  skip_blanks();
  const auto length = number_length(text_.substr(at_));
  if (length == 0) return mistake("expected " + std::string(what)), std::string_view{};
  const auto number = text_.substr(at_, length);
  at_ += length;
  return number;
}

double JsonReader::number() {
  if (take_null()) return 0;
  const auto digits = number_text("a number");
  double value = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end.ec == std::errc::result_out_of_range) mistake("a number out of range");
  return good() ? value : 0;
}

std::string_view JsonReader::raw() {
  skip_blanks();
  const auto begin = at_;
  skip();
  return good() ? text_.substr(begin, at_ - begin) : std::string_view{};
}

std::uint64_t JsonReader::unsigned_integer() {
  if (take_null()) return 0;
  const auto digits = number_text("a number");
  const auto value = parse<std::uint64_t>(digits);
  if (!digits.empty() && !value) mistake("expected a whole number that is not negative");
  return value && good() ? *value : 0;
}

std::int64_t JsonReader::integer() {
  if (take_null()) return 0;
  const auto digits = number_text("a number");
  const auto value = parse<std::int64_t>(digits);
  if (!digits.empty() && !value) mistake("expected a whole number");
  return value && good() ? *value : 0;
}

bool JsonReader::boolean() {
  if (take_null() || !good()) return false;
  skip_blanks();
  if (take("true")) return true;
  if (!take("false")) mistake("expected true or false");
  return false;
}

std::string_view JsonReader::string() {
  if (take_null() || !good()) return {};
  skip_blanks();
  if (at_ == text_.size() || text_[at_] != '"') return mistake("expected a string"), std::string_view{};
  return string_text(value_);
}

/// A string whose opening quote stands at at_: a piece of the text where it has no escapes, else what is put
/// together in `scratch`.
std::string_view JsonReader::string_text(std::string& scratch) {
  const auto begin = ++at_;
  bool copied = false;
  for (; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    if (c == '"') {
      const auto end = at_++;
      return copied ? std::string_view(scratch) : text_.substr(begin, end - begin);
    }
    if (static_cast<unsigned char>(c) < ' ')
      return mistake("a control character in a string"), std::string_view{};
    if (c == '\\') {
      if (!copied) scratch.assign(text_.substr(begin, at_ - begin));
      copied = true;
      ++at_;
      if (!escape(scratch)) return mistake("a bad escape in a string"), std::string_view{};
    } else if (copied) {
      scratch += c;
    }
  }
  return mistake("a string without an end"), std::string_view{};
}

/// What follows a backslash; at_ stays on its last byte.
bool JsonReader::escape(std::string& out) {
  static constexpr std::string_view kLetters = "\"\\/bfnrt";
  static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
  if (at_ >= text_.size()) return false;
  if (const auto index = kLetters.find(text_[at_]); index != std::string_view::npos) {
    out += kMeant[index];
    return true;
  }
  std::uint32_t point = 0;
  if (text_[at_] != 'u' || !code_point(point)) return false;
  constexpr std::uint32_t kReplacement = 0xfffd;
  if (point >= 0xd800 && point < 0xdc00 && text_.substr(at_ + 1, 2) == "\\u") {
    const auto before = at_;
    std::uint32_t low = 0;
    at_ += 2;
    if (!code_point(low)) return false;
    if (low >= 0xdc00 && low < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else {
      at_ = before;
    }
  }
  if (point >= 0xd800 && point < 0xe000) point = kReplacement;
  append_utf8(point, out);
  return true;
}

/// The four digits behind the 'u' at at_; at_ moves to the last of them.
bool JsonReader::code_point(std::uint32_t& point) {
  const auto digits = text_.substr(std::min(at_ + 1, text_.size()), 4);
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), point, 16);
  if (digits.size() != 4 || end.ec != std::errc{} || end.ptr != digits.data() + 4) return false;
  at_ += 4;
  return true;
}

void JsonReader::skip() {
  switch (kind()) {
    case Kind::kObject:
      return object([](std::string_view) {});
    case Kind::kArray:
      return array([] {});
    case Kind::kString:
      (void)string();
      return;
    case Kind::kNumber:
      (void)number_text("a number");
      return;
    case Kind::kBool:
      (void)boolean();
      return;
    case Kind::kNull:
      if (!take_null()) mistake("expected null");
      return;
    case Kind::kNothing:
      return mistake("expected a value");
  }
}

}  // namespace exporter
