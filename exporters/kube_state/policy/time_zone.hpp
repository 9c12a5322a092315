// SPDX-License-Identifier: Apache-2.0
#pragma once

// Time zones out of the system's database, or as they were when this was built: what the wall clocks of a
// place show at a time, and when they show something.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace exporter::kube {

/// A date and a time of day. Months and days count from 1.
struct CivilTime {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

/// 0 is Sunday.
int weekday(const CivilTime& time);

class TimeZone {
 public:
  /// UTC.
  TimeZone() = default;

  /// "Europe/Prague", "UTC", or "Local" for the process's own. Null where there is none of that name.
  static std::shared_ptr<const TimeZone> find(std::string_view name);
  /// The zone by the rules that held for it when this was built, for machines without a database: right for
  /// times from then on, as long as the rules stay.
  static std::shared_ptr<const TimeZone> built_in(std::string_view name);
  /// The process's own: that of $TZ, or the system's.
  static std::shared_ptr<const TimeZone> local();
  /// The content of a file of the database. Null where it is none.
  static std::shared_ptr<const TimeZone> parse(std::string_view file);

  /// Seconds since 1970 to what clocks show, and back. Fields of a time may be out of range (day 32). Where a
  /// time doesn't exist since clocks are put forward, the one before or after the gap.
  CivilTime civil(std::int64_t time) const;
  std::int64_t time(const CivilTime& civil) const;

 private:
  /// Seconds east of Greenwich, and until when.
  struct Offset {
    std::int64_t seconds = 0;
    std::int64_t since = INT64_MIN;
    std::int64_t until = INT64_MAX;
  };
  struct Transition {
    std::int64_t time;
    std::int32_t offset;
  };
  /// When clocks are changed each year: "M3.2.0/2".
  struct Rule {
    enum class Kind : std::uint8_t { kMonthWeekDay, kDayOfYear, kDayOfYearWithoutLeapDay };
    Kind kind = Kind::kMonthWeekDay;
    int month = 0, week = 0, day = 0;
    int time_of_day = 7200;

    /// Seconds since 1970 by the clock that the rule changes.
    std::int64_t in_year(std::int64_t year) const;
  };
  /// What holds after the last transition.
  struct Yearly {
    std::int32_t standard = 0;
    std::int32_t summer = 0;
    bool has_summer = false;
    Rule begin{}, end{};
  };

  static std::optional<Yearly> parse_yearly(std::string_view text);
  static bool parse_rule(std::string_view& text, Rule& rule);
  Offset offset_at(std::int64_t time) const;
  Offset yearly_offset_at(std::int64_t time, std::int64_t since) const;

  std::int32_t first_offset_ = 0;
  std::vector<Transition> transitions_;
  std::optional<Yearly> yearly_;
};

}  // namespace exporter::kube
