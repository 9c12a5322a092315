// SPDX-License-Identifier: Apache-2.0
// The password file: one JSON object whose keys and values are strings.

#include "options.hpp"
#include "read_text_file.hpp"

#include <exporter/text.hpp>

namespace exporter::redis {
namespace {

/// Reads just what such a file may have; says where it is something else, never what stands there.
class PasswordReader {
 public:
  explicit PasswordReader(std::string_view text) : text_(text) {}

  Result<PasswordMap> read() {
    PasswordMap map;
    if (!take('{')) return wrong("an object");
    if (!take('}')) {
      do {
        auto key = string();
        if (!key) return wrong("a server's address in quotes");
        if (!take(':')) return wrong("a colon");
        auto value = string();
        if (!value) return wrong("a password in quotes");
        map.insert_or_assign(std::move(*key), std::move(*value));
      } while (take(','));
      if (!take('}')) return wrong("a comma or the object's end");
    }
    skip_blanks();
    if (at_ != text_.size()) return wrong("the end");
    return map;
  }

 private:
  std::unexpected<Error> wrong(std::string_view expected) const {
    return fail(Code::kInvalid, "at byte " + std::to_string(at_) + " should be " + std::string(expected));
  }
  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(char c) {
    skip_blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string result;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return result;
      if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
      if (c != '\\') {
        result += c;
      } else if (!escape(result)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }
  bool escape(std::string& result) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_++];
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (const auto i = kLetters.find(c); i != std::string_view::npos) {
      result += kMeanings[i];
      return true;
    }
    auto code = c == 'u' ? hex() : std::nullopt;
    if (!code) return false;
    if (*code >= 0xD800 && *code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      at_ += 2;
      const auto low = hex();
      if (!low || *low < 0xDC00 || *low > 0xDFFF) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    append_utf8(*code, result);
    return true;
  }
  std::optional<unsigned> hex() {
    const auto value = parse<unsigned>(text_.substr(at_, 4), 16);
    if (!value || at_ + 4 > text_.size()) return std::nullopt;
    at_ += 4;
    return *value;
  }
  static void append_utf8(unsigned code, std::string& result) {
    const auto put = [&](unsigned byte) { result += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xC0 | (code >> 6));
    } else if (code < 0x10000) {
      put(0xE0 | (code >> 12));
      put(0x80 | ((code >> 6) & 0x3F));
    } else {
      put(0xF0 | (code >> 18));
      put(0x80 | ((code >> 12) & 0x3F));
      put(0x80 | ((code >> 6) & 0x3F));
    }
    put(0x80 | (code & 0x3F));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<PasswordMap> parse_passwords(std::string_view text) { return PasswordReader(text).read(); }

Result<PasswordMap> read_password_file(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return fail(Code::kInvalid, "password file: " + text.error().message);
  auto map = parse_passwords(*text);
  if (!map) return fail(Code::kInvalid, "password file " + path + ": " + map.error().message);
  return map;
}

}  // namespace exporter::redis
