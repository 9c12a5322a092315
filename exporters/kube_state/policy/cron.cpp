// SPDX-License-Identifier: Apache-2.0
#include "policy/cron.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>

#include <exporter/flags.hpp>
#include <exporter/text.hpp>

namespace exporter::kube {
namespace {

constexpr std::size_t kLongest = 1024;
constexpr int kYearsAhead = 5;
constexpr int kMostSteps =
    100'000;  // far more than five years take, unless the clocks of a zone run in circles
constexpr std::int64_t kHourSeconds = 3600;

std::atomic<Cron::Days> default_days_of_schedules = Cron::Days::kBoth;

/// The values that a field may have, and names for some.
struct Range {
  unsigned min, max;
  std::string_view names;  ///< of three letters each
  unsigned first_name;
};
constexpr Range kRanges[] = {
    {0, 59, "", 0},
    {0, 23, "", 0},
    {1, 31, "", 0},
    {1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1},
    {0, 7, "sunmontuewedthufrisat", 0},
};

std::optional<unsigned> parse_value(std::string_view text, const Range& range) {
  if (text.size() == 3 && !range.names.empty()) {
    char lower[3];
    std::ranges::transform(text, lower,
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    for (unsigned i = 0; i * 3 < range.names.size(); ++i) {
      if (range.names.substr(i * 3, 3) == std::string_view(lower, 3)) return range.first_name + i;
    }
  }
  if (text.starts_with('+')) text.remove_prefix(1);
  const bool is_number =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const auto number = is_number ? exporter::parse<unsigned>(text) : fail(Code::kInvalid, "");
  // Larger than any field's values, and small enough to reckon with.
  if (!number || *number > 1'000'000) return std::nullopt;
  return *number;
}

/// One item of a list: "*", "5", "1-5", "22-2", "*/15", "8-18/2", "5/10".
bool add_item(std::string_view item, const Range& range, std::uint64_t& values, bool& any) {
  std::string_view bounds = item;
  std::optional<std::string_view> step_text;
  if (const auto slash = item.find('/'); slash != std::string_view::npos) {
    bounds = item.substr(0, slash);
    step_text = item.substr(slash + 1);
  }
  const auto dash = bounds.find('-');
  const auto first = bounds.substr(0, dash);
  std::optional<unsigned> start = range.min;
  std::optional<unsigned> end = range.max;
  const bool all = first == "*" || first == "?";
  if (!all) {
    start = parse_value(first, range);
    end = dash == std::string_view::npos ? start : parse_value(bounds.substr(dash + 1), range);
    if (!start || !end) return false;
    if (step_text && dash == std::string_view::npos) end = range.max;
  }
  unsigned step = 1;
  if (step_text) {
    const auto parsed = parse_value(*step_text, {0, 0, "", 0});
    if (!parsed) return false;
    step = *parsed;
  }
  // A start beyond the range wraps around too: such a schedule is never due.
  if (*start < range.min || *end > range.max || step == 0) return false;
  const unsigned cycle = range.max - range.min + 1;
  const bool wraps = *start > *end;
  const unsigned count = wraps ? (range.max - *start + 1) + (*end - range.min + 1) : *end - *start + 1;
  if (step > 1 && step >= count) return false;
  for (unsigned value = *start; value <= *end + (wraps ? cycle : 0); value += step) {
    values |= std::uint64_t{1} << (value > range.max ? value - cycle : value);
  }
  any |= all && step == 1;
  return true;
}

/// A zone's name may be anything a user wrote.
std::shared_ptr<const TimeZone> find_zone(std::string_view name) {
  if (name.size() >= 2 && name.front() == name.back() && (name.front() == '"' || name.front() == '\'')) {
    name = name.substr(1, name.size() - 2);
  }
  const auto is_valid = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("/_-+:").find(c) != std::string_view::npos;
  };
  if (name.empty() || name.size() > 64 || !std::ranges::all_of(name, is_valid)) return nullptr;
  return TimeZone::find(name);
}

}  // namespace

void Cron::default_days(Days days) { default_days_of_schedules.store(days, std::memory_order_relaxed); }

std::optional<Cron> Cron::parse(std::string_view schedule, std::optional<std::string_view> zone) {
  Cron cron;
  cron.days_ = default_days_of_schedules.load(std::memory_order_relaxed);
  if (schedule.empty() || schedule.size() > kLongest) return std::nullopt;
  if (zone) {
    cron.zone_ = find_zone(*zone);
    schedule = trim(schedule);
  } else if (schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=")) {
    const auto blank = schedule.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto name = schedule.substr(0, blank);
    cron.zone_ = find_zone(name.substr(name.find('=') + 1));
    schedule = trim(schedule.substr(blank));
  } else {
    cron.zone_ = TimeZone::local();
  }
  if (!cron.zone_) return std::nullopt;
  const bool is_understood =
      schedule.starts_with('@') ? cron.parse_descriptor(schedule) : cron.parse_fields(schedule);
  if (!is_understood) return std::nullopt;
  return cron;
}

bool Cron::parse_descriptor(std::string_view text) {
  constexpr std::string_view kEvery = "@every ";
  if (text == "@yearly" || text == "@annually") return parse_fields("0 0 1 1 *");
  if (text == "@monthly") return parse_fields("0 0 1 * *");
  if (text == "@weekly") return parse_fields("0 0 * * 0");
  if (text == "@daily" || text == "@midnight") return parse_fields("0 0 * * *");
  if (text == "@hourly") return parse_fields("0 * * * *");
  if (text == "@triggered" || text == "@manual" || text == "@none") return never_ = true;
  if (!text.starts_with(kEvery)) return false;
  const auto interval = parse_duration(text.substr(kEvery.size()));
  if (!interval) return false;
  interval_ = std::chrono::duration_cast<std::chrono::seconds>(*interval).count();
  return interval_ >= 1;
}

bool Cron::parse_fields(std::string_view text) {
  Fields words(text);
  for (std::size_t field = 0; field < kFields; ++field) {
    auto list = words.next();
    if (list.empty()) return false;
    bool any = false;
    while (!list.empty()) {
      const auto item = take_until(list, ',');
      if (!item.empty() && !add_item(item, kRanges[field], values_[field], any)) return false;
    }
    if (field == kDay || field == kWeekday) any_day_ |= any;
  }
  // Sunday is 0 and 7.
  auto& weekdays = values_[kWeekday];
  weekdays |= weekdays >> 7 & 1;
  return words.rest().empty();
}

bool Cron::has_day(const CivilTime& time) const {
  const bool day = has(kDay, time.day);
  const bool of_week = has(kWeekday, weekday(time));
  return days_ == Days::kEither && !any_day_ ? day || of_week : day && of_week;
}

std::optional<std::int64_t> Cron::next(std::int64_t since) const {
  if (interval_ > 0) return since + interval_;
  if (never_ || std::ranges::count(values_, 0U) > 0) return std::nullopt;

  // From the largest unit to the smallest, each is moved forward until it fits; one that comes to its end
  // begins all over. What is below a unit that was moved begins at its start.
  auto time = since + 1;
  auto civil = zone_->civil(time);
  const auto last_year = civil.year + kYearsAhead;
  bool moved = false;
  const auto move_to = [&](std::int64_t to) {
    time = to;
    civil = zone_->civil(time);
    moved = true;
  };
  const auto start_of = [&](int day, int hour) {
    if (!moved) move_to(zone_->time({civil.year, civil.month, day, hour, 0, 0}));
  };
  for (int step = 0; civil.year <= last_year && step < kMostSteps; ++step) {
    if (!has(kMonth, civil.month)) {
      start_of(1, 0);
      move_to(zone_->time({civil.year, civil.month + 1, civil.day, civil.hour, civil.minute, civil.second}));
      continue;
    }
    if (!has_day(civil)) {
      start_of(civil.day, 0);
      move_to(zone_->time({civil.year, civil.month, civil.day + 1, civil.hour, civil.minute, civil.second}));
      // Where there is no midnight that day: to the hour that stands for it.
      if (civil.hour != 0) move_to(time + (civil.hour > 12 ? 24 - civil.hour : -civil.hour) * kHourSeconds);
      continue;
    }
    if (!has(kHour, civil.hour)) {
      start_of(civil.day, civil.hour);
      const auto hour = civil.hour;
      move_to(time + kHourSeconds);
      // A schedule in the hour that is left out when clocks are put forward is due in the next one.
      if (civil.hour - hour != 2 || !has(kHour, civil.hour - 1)) continue;
    }
    do {
      if (civil.second == 0 && has(kMinute, civil.minute)) return time;
      move_to(time + 60 - civil.second);
    } while (civil.minute != 0);
  }
  return std::nullopt;
}

}  // namespace exporter::kube
