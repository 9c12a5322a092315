// SPDX-License-Identifier: Apache-2.0
#pragma once

// Schedules of cron jobs: "*/15 8-18 * * MON-FRI", "@daily", "@every 1h30m". Five fields of lists, ranges
// (which may wrap around: 22-2) and steps; what they mean for a clock that is put forward or back is the
// original's.
//
//     auto cron = Cron::parse("0 3 * * *", "Europe/Prague");
//     if (cron) next = cron->next(last);

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "policy/time_zone.hpp"

namespace exporter::kube {

class Cron {
 public:
  /// Which days a schedule means that restricts the day of the month and the day of the week.
  enum class Days : std::uint8_t {
    kBoth,    ///< those that are in both, as kube-state-metrics has it
    kEither,  ///< those that are in one of them, as the cron job controller and cron(8) have it
  };

  /// What schedules mean that are parsed from now on. Any thread.
  static void default_days(Days days);

  /// Without a zone, that of a "TZ=..." or "CRON_TZ=..." in front of the schedule, else the process's.
  /// Nothing where one of them is not understood.
  static std::optional<Cron> parse(std::string_view schedule, std::optional<std::string_view> zone);

  /// The first time after `since`, both in seconds since 1970. Nothing where there is none within five years.
  std::optional<std::int64_t> next(std::int64_t since) const;

 private:
  enum Field { kMinute, kHour, kDay, kMonth, kWeekday, kFields };

  bool parse_descriptor(std::string_view text);
  bool parse_fields(std::string_view text);
  bool has(Field field, int value) const { return (values_[field] >> value & 1) != 0; }
  bool has_day(const CivilTime& time) const;

  std::shared_ptr<const TimeZone> zone_;
  Days days_ = Days::kBoth;
  std::array<std::uint64_t, kFields> values_{};  // a bit for each value
  bool any_day_ = false;                         // the day of the month, or that of the week, is "*"
  std::int64_t interval_ = 0;                    // of "@every", in seconds
  bool never_ = false;
};

}  // namespace exporter::kube
