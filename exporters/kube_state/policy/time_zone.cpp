// SPDX-License-Identifier: Apache-2.0
#include "policy/time_zone.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>

#include <exporter/files.hpp>

namespace exporter::kube {
namespace {

struct ZoneRule {
  std::string_view name;
  std::string_view rule;  ///< as in the TZ variable of POSIX
};
constexpr ZoneRule kZoneRules[] = {
#include "zone_rules.inc"
    {"UTC", "UTC0"},
};

constexpr std::int64_t kDay = 86400;
constexpr int kMaxFileSize = 1 << 20;
constexpr std::int32_t kLargestOffset = 26 * 3600;  // RFC 8536

/// Days since 1970 of a date of the Gregorian calendar; the month may be out of range.
std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  year += (month - 1) / 12;
  month = (month - 1) % 12 + 1;
  if (month < 1) {
    month += 12;
    --year;
  }
  if (month <= 2) --year;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year + day - 1 -
         719468;
}

CivilTime date_of(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  CivilTime date;
  date.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  date.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int weekday_of(std::int64_t days) { return static_cast<int>((days % 7 + 11) % 7); }

bool is_leap_year(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = static_cast<unsigned char>(bytes[0]) >= 0x80 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

/// The six counts of a TZif header: of flags, leap seconds, transitions, types and characters.
struct Header {
  static constexpr std::size_t kSize = 44;
  std::size_t ut_flags, wall_flags, leaps, transitions, types, characters;

  static std::optional<Header> parse(std::string_view file) {
    if (file.size() < kSize || !file.starts_with("TZif")) return std::nullopt;
    std::array<std::size_t, 6> counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const auto count = big_endian(file.substr(20 + 4 * i, 4));
      if (count < 0 || count > kMaxFileSize) return std::nullopt;
      counts[i] = static_cast<std::size_t>(count);
    }
    return Header{counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]};
  }
  /// The size of what follows, with times of 4 or 8 bytes.
  std::size_t body(std::size_t time_size) const {
    return transitions * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) + wall_flags +
           ut_flags;
  }
};

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

bool take_number(std::string_view& text, int& number) {
  std::size_t i = 0;
  number = 0;
  while (i < text.size() && i < 4 && text[i] >= '0' && text[i] <= '9')
    number = number * 10 + (text[i++] - '0');
  text.remove_prefix(i);
  return i > 0;
}

/// "<+03>" or "CET".
bool take_name(std::string_view& text) {
  if (text.starts_with('<')) {
    const auto end = text.find('>');
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
    return true;
  }
  std::size_t i = 0;
  while (i < text.size() && ((text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= 'a' && text[i] <= 'z'))) ++i;
  text.remove_prefix(i);
  return i > 0;
}

/// "-3:30:15" in seconds.
bool take_time(std::string_view& text, int& seconds) {
  const bool negative = take_char(text, '-');
  if (!negative) take_char(text, '+');
  int hours = 0;
  int minutes = 0;
  int rest = 0;
  if (!take_number(text, hours)) return false;
  if (take_char(text, ':') && !take_number(text, minutes)) return false;
  if (take_char(text, ':') && !take_number(text, rest)) return false;
  seconds = (hours * 60 + minutes) * 60 + rest;
  if (negative) seconds = -seconds;
  return true;
}

std::shared_ptr<const TimeZone> load(const std::string& path) {
  std::string buffer;
  const auto content = Files("").read_once(std::string_view(path).substr(1), buffer);
  return content ? TimeZone::parse(*content) : nullptr;
}

std::shared_ptr<const TimeZone> load_by_name(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string_view::npos) return nullptr;
  if (const char* folder = std::getenv("ZONEINFO"); folder && *folder) {
    if (auto zone = load(std::string("/") + folder + '/' + std::string(name))) return zone;
  }
  for (const std::string folder : {"/usr/share/zoneinfo/", "/usr/lib/zoneinfo/", "/etc/zoneinfo/"}) {
    if (auto zone = load(folder + std::string(name))) return zone;
  }
  return TimeZone::built_in(name);
}

std::shared_ptr<const TimeZone> load_local() {
  const char* variable = std::getenv("TZ");
  std::shared_ptr<const TimeZone> zone;
  if (!variable) {
    zone = load("/etc/localtime");
  } else {
    std::string_view name = variable;
    if (name.starts_with(':')) name.remove_prefix(1);
    zone = name.starts_with('/') ? load(std::string(name)) : load_by_name(name);
  }
  return zone ? zone : std::make_shared<TimeZone>();
}

}  // namespace

int weekday(const CivilTime& time) { return weekday_of(days_of(time.year, time.month, time.day)); }

std::shared_ptr<const TimeZone> TimeZone::built_in(std::string_view name) {
  const auto* const known = std::ranges::find(kZoneRules, name, &ZoneRule::name);
  if (known == std::end(kZoneRules)) return nullptr;
  auto zone = std::make_shared<TimeZone>();
  zone->yearly_ = parse_yearly(known->rule);
  return zone;
}

std::shared_ptr<const TimeZone> TimeZone::local() {
  static const auto zone = load_local();
  return zone;
}

std::shared_ptr<const TimeZone> TimeZone::find(std::string_view name) {
  static const auto utc = std::make_shared<const TimeZone>();
  if (name == "UTC") return utc;
  if (name == "Local") return local();
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<const TimeZone>, std::less<>> known;
  const std::lock_guard lock(mutex);
  const auto it = known.find(name);
  if (it != known.end()) return it->second;
  auto zone = load_by_name(name);
  // Names that aren't there may be any number.
  if (zone) known.emplace(name, zone);
  return zone;
}

std::shared_ptr<const TimeZone> TimeZone::parse(std::string_view file) {
  auto header = Header::parse(file);
  if (!header) return nullptr;
  std::size_t time_size = 4;
  const bool has_long_times = file[4] >= '2';
  file.remove_prefix(Header::kSize);
  if (has_long_times) {
    if (file.size() < header->body(4)) return nullptr;
    file.remove_prefix(header->body(4));
    header = Header::parse(file);
    if (!header) return nullptr;
    file.remove_prefix(Header::kSize);
    time_size = 8;
  }
  if (file.size() < header->body(time_size) || header->types == 0) return nullptr;
  const auto times = file.substr(0, header->transitions * time_size);
  const auto indices = file.substr(times.size(), header->transitions);
  const auto types = file.substr(times.size() + indices.size(), header->types * 6);
  const auto offset_of = [&](std::size_t type) {
    return static_cast<std::int32_t>(big_endian(types.substr(type * 6, 4)));
  };

  auto zone = std::make_shared<TimeZone>();
  zone->first_offset_ = offset_of(0);
  zone->transitions_.reserve(header->transitions);
  for (std::size_t i = 0; i < header->transitions; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    const auto time = big_endian(times.substr(i * time_size, time_size));
    const bool is_later = zone->transitions_.empty() || time > zone->transitions_.back().time;
    if (type >= header->types || !is_later || std::abs(offset_of(type)) > kLargestOffset) return nullptr;
    zone->transitions_.push_back({time, offset_of(type)});
  }
  auto footer = file.substr(header->body(time_size));
  if (has_long_times && footer.starts_with('\n')) {
    footer.remove_prefix(1);
    zone->yearly_ = parse_yearly(footer.substr(0, footer.find('\n')));
  }
  return zone;
}

bool TimeZone::parse_rule(std::string_view& text, Rule& rule) {
  if (!take_char(text, ',')) return false;
  if (take_char(text, 'M')) {
    rule.kind = Rule::Kind::kMonthWeekDay;
    if (!take_number(text, rule.month) || !take_char(text, '.') || !take_number(text, rule.week) ||
        !take_char(text, '.') || !take_number(text, rule.day)) {
      return false;
    }
    if (rule.month < 1 || rule.month > 12 || rule.week < 1 || rule.week > 5 || rule.day > 6) return false;
  } else {
    rule.kind = take_char(text, 'J') ? Rule::Kind::kDayOfYearWithoutLeapDay : Rule::Kind::kDayOfYear;
    if (!take_number(text, rule.day)) return false;
  }
  return !take_char(text, '/') || take_time(text, rule.time_of_day);
}

/// As in the TZ variable of POSIX: "CET-1CEST,M3.5.0,M10.5.0/3".
std::optional<TimeZone::Yearly> TimeZone::parse_yearly(std::string_view text) {
  Yearly yearly;
  int west = 0;
  if (!take_name(text) || !take_time(text, west)) return std::nullopt;
  yearly.standard = -west;
  if (text.empty()) return yearly;
  yearly.has_summer = true;
  yearly.summer = yearly.standard + 3600;
  if (!take_name(text)) return std::nullopt;
  if (!text.starts_with(',')) {
    if (!take_time(text, west)) return std::nullopt;
    yearly.summer = -west;
  }
  if (!parse_rule(text, yearly.begin) || !parse_rule(text, yearly.end)) return std::nullopt;
  return yearly;
}

std::int64_t TimeZone::Rule::in_year(std::int64_t year) const {
  std::int64_t days = 0;
  switch (kind) {
    case Kind::kMonthWeekDay: {
      const auto first = days_of(year, month, 1);
      days = first + (day - weekday_of(first) + 7) % 7 + (week - 1) * 7;
      if (days >= days_of(year, month + 1, 1)) days -= 7;
      break;
    }
    case Kind::kDayOfYear:
      days = days_of(year, 1, 1) + day;
      break;
    case Kind::kDayOfYearWithoutLeapDay:
      days = days_of(year, 1, 1) + day - 1 + (is_leap_year(year) && day >= 60 ? 1 : 0);
      break;
  }
  return days * kDay + time_of_day;
}

TimeZone::Offset TimeZone::yearly_offset_at(std::int64_t time, std::int64_t since) const {
  Offset result{yearly_->standard, since, INT64_MAX};
  if (!yearly_->has_summer) return result;
  // The last change before, and the first after, are in this year or its neighbours.
  const auto year = date_of(floor_divide(time + yearly_->standard, kDay)).year;
  for (auto y = year - 1; y <= year + 1; ++y) {
    struct Change {
      std::int64_t time;
      std::int32_t offset;
    };
    Change changes[] = {{yearly_->begin.in_year(y) - yearly_->standard, yearly_->summer},
                        {yearly_->end.in_year(y) - yearly_->summer, yearly_->standard}};
    if (changes[1].time < changes[0].time) std::swap(changes[0], changes[1]);
    for (const auto& change : changes) {
      if (change.time <= time) {
        result.seconds = change.offset;
        result.since = std::max(change.time, since);
      } else if (result.until == INT64_MAX) {
        result.until = change.time;
      }
    }
  }
  return result;
}

TimeZone::Offset TimeZone::offset_at(std::int64_t time) const {
  const auto next =
      std::upper_bound(transitions_.begin(), transitions_.end(), time,
                       [](std::int64_t t, const Transition& transition) { return t < transition.time; });
  if (next == transitions_.end() && yearly_) {
    return yearly_offset_at(time, transitions_.empty() ? INT64_MIN : transitions_.back().time);
  }
  const auto until = next == transitions_.end() ? INT64_MAX : next->time;
  if (next == transitions_.begin()) return {first_offset_, INT64_MIN, until};
  return {(next - 1)->offset, (next - 1)->time, until};
}

CivilTime TimeZone::civil(std::int64_t time) const {
  const auto shown = time + offset_at(time).seconds;
  const auto days = floor_divide(shown, kDay);
  auto result = date_of(days);
  const auto second = static_cast<int>(shown - days * kDay);
  result.hour = second / 3600;
  result.minute = second / 60 % 60;
  result.second = second % 60;
  return result;
}

std::int64_t TimeZone::time(const CivilTime& civil) const {
  const auto shown = days_of(civil.year, civil.month, civil.day) * kDay + std::int64_t{civil.hour} * 3600 +
                     civil.minute * 60 + civil.second;
  // The offset of the same number of seconds in UTC is the right one, unless a change lies in between.
  auto offset = offset_at(shown);
  const auto utc = shown - offset.seconds;
  if (utc < offset.since || utc >= offset.until) offset = offset_at(utc);
  return shown - offset.seconds;
}

}  // namespace exporter::kube
