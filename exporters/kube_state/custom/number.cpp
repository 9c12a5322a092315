// SPDX-License-Identifier: Apache-2.0
// The number that a value of a custom resource stands for.

#include <chrono>
#include <cstdint>
#include <optional>

#include <exporter/text.hpp>

#include "custom/config.hpp"
#include "policy/quantity.hpp"

namespace exporter::kube {
namespace {

bool same_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]) != word[i]) return false;
  }
  return true;
}

std::optional<int> digits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

std::optional<double> unix_seconds(std::string_view text) {
  // 2006-01-02T15:04:05[.999]Z or +01:00
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':') {
    return std::nullopt;
  }
  const auto year = digits(text.substr(0, 4)), month = digits(text.substr(5, 2)),
             day = digits(text.substr(8, 2));
  const auto hour = digits(text.substr(11, 2)), minute = digits(text.substr(14, 2)),
             second = digits(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  auto rest = text.substr(19);
  if (rest.starts_with('.') || rest.starts_with(',')) {
    rest.remove_prefix(1);
    const auto before = rest.size();
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') rest.remove_prefix(1);
    if (rest.size() == before) return std::nullopt;
  }
  int offset = 0;
  if (rest != "Z") {
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
    const auto hours = digits(rest.substr(1, 2)), minutes = digits(rest.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = (*hours * 60 + *minutes) * (rest[0] == '-' ? -60 : 60);
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(static_cast<std::int64_t>(days) * 86400 + *hour * 3600 + *minute * 60 + *second -
                             offset);
}

Result<double> text_number(std::string_view text) {
  if (same_word(text, "true") || same_word(text, "yes")) return 1;
  if (same_word(text, "false") || same_word(text, "no") || same_word(text, "unknown")) return 0;
  if (const auto seconds = unix_seconds(text)) return *seconds;
  if (const auto quantity = Quantity::parse(text)) return quantity->approximate();
  if (text.size() > 1 && text.ends_with('%') && text.find_first_not_of("0123456789") == text.size() - 1) {
    return parse<double>(text.substr(0, text.size() - 1)).value_or(0) / 100;
  }
  if (!text.empty() && trim(text) == text) {
    if (const auto number = parse<double>(text)) return *number;
  }
  return fail(Code::kInvalid, "expected a number, not \"" + std::string(text.substr(0, 100)) + "\"");
}

Result<double> json_number(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::kBool:
      return value.boolean() ? 1 : 0;
    case Json::Kind::kInteger:
    case Json::Kind::kFloat:
      return value.number();
    case Json::Kind::kString:
      return text_number(value.text());
    case Json::Kind::kNull:
      return fail(Code::kInvalid, "expected a number, but there is nothing");
    default:
      return fail(Code::kInvalid, "expected a number, not a list or map");
  }
}

}  // namespace exporter::kube
