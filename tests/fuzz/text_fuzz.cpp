// SPDX-License-Identifier: Apache-2.0
// Any bytes as the text that lines, fields, numbers and log lines are made of, and what each of them
// promises.

#include <cmath>
#include <cstdlib>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

#include <exporter/json.hpp>
#include <exporter/text.hpp>

#include "fuzz.hpp"
#include "log_line.hpp"

namespace {

using namespace exporter;

void check(bool holds) {
  if (!holds) std::abort();
}

void lines_and_fields(std::string_view text) {
  std::string joined;
  for (const auto line : Lines(text)) {
    joined.append(line).append(1, '\n');
    Fields fields(line);
    std::size_t bytes = 0;
    for (auto field = fields.next(); !field.empty(); field = fields.next()) bytes += field.size();
    for (const char c : line) bytes += is_blank(c) ? 1 : 0;
    check(bytes == line.size() && fields.empty());
    if (const auto pair = split_pair(line, '=')) check(pair->key.size() + pair->value.size() < line.size());
  }
  if (!text.empty() && text.back() != '\n') joined.pop_back();
  check(joined == text);
}

void numbers(std::string_view text) {
  if (const auto number = parse<double>(text)) {
    char digits[32];
    const auto again =
        parse<double>({digits, static_cast<std::size_t>(append_number(digits, *number) - digits)});
    check(again && (*again == *number || (std::isnan(*again) && std::isnan(*number))));
  }
  if (const auto number = parse<std::int64_t>(text)) check(parse<std::int64_t>(Digits(*number)) == *number);
  if (const auto number = parse<std::uint64_t>(text)) check(parse<std::uint64_t>(Digits(*number)) == *number);
  if (const auto number = parse<unsigned>(text, 16))
    check(parse<unsigned>(Digits(*number, 16), 16) == *number);
}

void log_lines(std::string_view text, std::string_view valid) {
  const timespec now{1767225600, 5};
  const auto where = std::source_location::current();
  const log::Field fields[] = {{"a", text}, {std::string_view(text).substr(0, 5), "b"}};
  const auto plain = log::format_line(log::Format::kLogfmt, log::Level::kInfo, now, text, fields, where);
  check(plain.find('\n') == plain.size() - 1);
  for (const char c : plain) check(static_cast<unsigned char>(c) >= 0x20 || c == '\n');

  const auto line = log::format_line(log::Format::kJson, log::Level::kInfo, now, text, fields, where);
  check(line.find('\n') == line.size() - 1);
  JsonReader json(line);
  std::optional<std::string> message;
  json.object([&](std::string_view key) {
    if (key == "msg" && !message) {
      message = json.string();
    } else {
      json.skip();
    }
  });
  check(json.finish().has_value() && message == valid);
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text : {"a: b\nc = \t d\r\n", "-1.5e-300", "18446744073709551615", "0x1f",
                                      "\"q\\\x1b[0m\xe2\x80\xae\xff", "NaN"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  lines_and_fields(text);
  numbers(text);
  std::string scratch;
  const std::string valid(valid_utf8(text, scratch));
  check(valid_utf8(valid, scratch) == valid);
  log_lines(text, valid);
  check(sanitize_name(text).find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos);
  return 0;
}
