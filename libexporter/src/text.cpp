// SPDX-License-Identifier: Apache-2.0

// The parts of text.hpp that are not worth inlining.

#include <exporter/text.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>

namespace exporter {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

constexpr unsigned char byte(char c) { return static_cast<unsigned char>(c); }

/// The length of the valid UTF-8 sequence at `at` that starts with a byte >= 0x80, or 0. Overlong forms,
/// surrogates and what is above U+10FFFF are not valid.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const unsigned char first = byte(text[at]);
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (text.size() - at < length) return 0;
  if (byte(text[at + 1]) < low || byte(text[at + 1]) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(text[at + i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

/// Where the first invalid byte at or behind `from` is; the size of `text` where there is none.
std::size_t find_invalid(std::string_view text, std::size_t from) {
  while (from < text.size()) {
    // Nearly all names are ASCII: eight bytes at a time.
    if (text.size() - from >= 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + from, sizeof word);
      if ((word & 0x8080808080808080U) == 0) {
        from += 8;
        continue;
      }
    }
    if (byte(text[from]) < 0x80) {
      ++from;
      continue;
    }
    const auto length = sequence_length(text, from);
    if (length == 0) return from;
    from += length;
  }
  return text.size();
}

}  // namespace

Error not_a_number(std::string_view text) {
  // A whole file may have been taken for a number: the message stays short.
  constexpr std::size_t kMost = 64;
  std::string scratch;
  std::string message = "not a number: \"";
  for (const char c : valid_utf8(text.substr(0, kMost), scratch)) {
    message += byte(c) < 0x20 || c == 0x7F || c == '"' ? '?' : c;
  }
  message += text.size() > kMost ? "...\"" : "\"";
  return {Code::kInvalid, std::move(message)};
}

char* append_number(char* at, double value) {
  if (std::isnan(value)) {
    std::memcpy(at, "NaN", 3);
    return at + 3;
  }
  if (std::isinf(value)) {
    std::memcpy(at, value < 0 ? "-Inf" : "+Inf", 4);
    return at + 4;
  }
  // Most samples are whole numbers; writing those as integers takes a fraction of the time. -0 is not one.
  constexpr double kExact = 1e15;
  if (value > -kExact && value < kExact) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value && (whole != 0 || !std::signbit(value))) {
      return std::to_chars(at, at + 32, whole).ptr;
    }
  }
  return std::to_chars(at, at + 32, value).ptr;
}

std::string_view valid_utf8(std::string_view text, std::string& scratch) {
  auto bad = find_invalid(text, 0);
  if (bad == text.size()) return text;
  scratch.clear();
  std::size_t copied = 0;
  while (bad < text.size()) {
    scratch.append(text.substr(copied, bad - copied));
    scratch.append(kReplacement);
    copied = bad + 1;
    bad = find_invalid(text, copied);
  }
  scratch.append(text.substr(copied));
  return scratch;
}

std::string sanitize_name(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain) c = '_';
  }
  return name;
}

}  // namespace exporter
