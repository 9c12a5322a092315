// SPDX-License-Identifier: Apache-2.0

// Log lines in the two forms of Go's slog, which log shippers already parse. Whatever comes from outside
// (names of devices, answers of servers) is escaped, so that it can neither begin a new line nor steer a
// terminal.

#include "log_line.hpp"

#include <cstdint>
#include <cstdio>

namespace exporter::log {

namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr char32_t kInvalid = 0xFFFFFFFF;

struct Rune {
  char32_t value = kInvalid;
  std::size_t length = 1;
};

/// The character at the start of `text`, which is not empty. An invalid byte is a rune of its own.
Rune decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return {};
  char32_t value = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  const char32_t least = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
  if (value < least || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, length};
}

/// Characters outside ASCII that show nothing or change how the rest of the line is shown.
bool invisible(char32_t c) {
  return (c >= 0x80 && c <= 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x2000 && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202F) || (c >= 0x205F && c <= 0x206F) || c == 0x3000 ||
         (c >= 0xE000 && c <= 0xF8FF) || c == 0xFEFF || (c >= 0xFFF0 && c <= 0xFFFB) || c >= 0xE0000 ||
         (c & 0xFFFE) == 0xFFFE;
}

void append_hex(std::string& out, char32_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 0xF];
}

/// The letter of a two-character escape, or 0.
char short_escape(char c, bool json) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\a':
      return json ? '\0' : 'a';
    case '\v':
      return json ? '\0' : 'v';
    default:
      return '\0';
  }
}

void append_quoted(std::string& out, std::string_view text, bool json) {
  out += '"';
  while (!text.empty()) {
    const auto rune = decode(text);
    const char first = text.front();
    if (rune.value == kInvalid) {
      out += json ? "\\ufffd" : "\\x";
      if (!json) append_hex(out, static_cast<unsigned char>(first), 2);
    } else if (const char letter = rune.value < 0x80 ? short_escape(first, json) : '\0'; letter != '\0') {
      out += '\\';
      out += letter;
    } else if (rune.value < 0x20 || rune.value == 0x7F) {
      out += json ? "\\u" : "\\x";
      append_hex(out, rune.value, json ? 4 : 2);
    } else if (rune.value >= 0x80 && invisible(rune.value)) {
      if (rune.value < 0x10000) {
        out += "\\u";
        append_hex(out, rune.value, 4);
      } else if (json) {
        const auto offset = rune.value - 0x10000;
        out += "\\u";
        append_hex(out, 0xD800 + (offset >> 10), 4);
        out += "\\u";
        append_hex(out, 0xDC00 + (offset & 0x3FF), 4);
      } else {
        out += "\\U";
        append_hex(out, rune.value, 8);
      }
    } else {
      out.append(text.substr(0, rune.length));
    }
    text.remove_prefix(rune.length);
  }
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  while (!text.empty()) {
    const auto rune = decode(text);
    if (rune.value <= 0x20 || rune.value == '"' || rune.value == '=' || rune.value == 0x7F) return true;
    if (rune.value >= 0x80 && (rune.value == kInvalid || invisible(rune.value))) return true;
    text.remove_prefix(rune.length);
  }
  return false;
}

void append_text(std::string& out, std::string_view text) {
  if (needs_quotes(text)) {
    append_quoted(out, text, false);
  } else {
    out += text;
  }
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::kDebug:
      return "DEBUG";
    case Level::kInfo:
      return "INFO";
    case Level::kWarn:
      return "WARN";
    case Level::kError:
      return "ERROR";
  }
  return "ERROR";
}

/// UTC, with `digits` (3 or 9) behind the point.
void append_time(std::string& out, const timespec& time, int digits) {
  tm parts{};
  gmtime_r(&time.tv_sec, &parts);
  char text[80];
  const long fraction = digits == 9 ? time.tv_nsec : time.tv_nsec / 1'000'000;
  const int length = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%0*ldZ",
                                   parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                                   parts.tm_min, parts.tm_sec, digits, fraction);
  out.append(text, static_cast<std::size_t>(length));
}

/// "collector.cpp:42": the folder says nothing that the name does not, and differs between builds.
std::string source_of(const std::source_location& where) {
  const std::string_view path = where.file_name();
  std::string text(path.substr(path.rfind('/') + 1));  // npos + 1 is 0
  text += ':';
  text += std::to_string(where.line());
  return text;
}

}  // namespace

void append_json(std::string& out, std::string_view text) { append_quoted(out, text, true); }

std::string format_line(Format format, Level level, const timespec& time, std::string_view message,
                        std::span<const Field> fields, const std::source_location& where) {
  std::string out;
  out.reserve(128 + message.size() + fields.size() * 32);
  if (format == Format::kJson) {
    out += "{\"time\":\"";
    append_time(out, time, 9);
    out += "\",\"level\":\"";
    out += name_of(level);
    out += "\",\"source\":";
    append_quoted(out, source_of(where), true);
    out += ",\"msg\":";
    append_quoted(out, message, true);
    for (const auto& field : fields) {
      out += ',';
      append_quoted(out, field.key, true);
      out += ':';
      append_quoted(out, field.value, true);
    }
    out += "}\n";
    return out;
  }
  out += "time=";
  append_time(out, time, 3);
  out += " level=";
  out += name_of(level);
  out += " source=";
  append_text(out, source_of(where));
  out += " msg=";
  append_text(out, message);
  for (const auto& field : fields) {
    out += ' ';
    append_text(out, field.key);
    out += '=';
    append_text(out, field.value);
  }
  out += '\n';
  return out;
}

}  // namespace exporter::log
