// SPDX-License-Identifier: Apache-2.0
#include "policy/cron.hpp"

#include <gtest/gtest.h>

#include <string>

#include <exporter/text.hpp>

#include "api/json_wire.hpp"
#include "exposition.hpp"

namespace exporter::kube {
namespace {

std::int64_t seconds_of(std::string_view rfc3339) {
  const auto time = parse_rfc3339(rfc3339);
  EXPECT_TRUE(time) << rfc3339;
  return time ? time->seconds : 0;
}

std::string next(std::string_view schedule, std::optional<std::string_view> zone, std::string_view last) {
  const auto cron = Cron::parse(schedule, zone);
  if (!cron) return "invalid";
  const auto time = cron->next(seconds_of(last));
  return time ? std::to_string(*time) : "none";
}

/// Schedules, zones and times as the exporter that is replaced saw them, in a process whose own zone is UTC.
/// The second table has what an API server would not take.
TEST(Cron, AgreesWithTheOriginal) {
  int rows = 0;
  for (const char* name : {"cron.tsv", "cron_refused.tsv"}) {
    const auto table =
        exporter::testing::read_text(TEST_SOURCE_DIR "/fixtures/kube_state/" + std::string(name));
    for (auto line : Lines(table)) {
      const auto schedule = take_until(line, '\t');
      auto zone = std::optional(take_until(line, '\t'));
      const auto last = take_until(line, '\t');
      if (line.empty() || schedule == "schedule") continue;
      const auto expected = line == "-62135596800" ? "none" : line;
      // "-" is no zone: that in the schedule, or the process's.
      const bool has_own = schedule.find("TZ=") != std::string_view::npos;
      if (zone == "-") zone = has_own ? std::nullopt : std::optional<std::string_view>("UTC");
      EXPECT_EQ(next(schedule, zone, last), expected)
          << schedule << " in " << zone.value_or("-") << " after " << last;
      ++rows;
    }
  }
  EXPECT_GT(rows, 150);
}

TEST(Cron, Grammar) {
  const char* const kLast = "2026-01-01T00:00:00Z";
  for (const char* valid : {"* * * * *", "0 22-2 * * *", "0 0 * * FRI-MON", "0 0 * * 7", "0 0 * * 5-7",
                            "0 0 * NOV-FEB *", "1,2,,3 * * * *", "5/10 * * * *", "*/59 * * * *", "@every 1s",
                            "@every 1.5h", "@triggered", "  0   3 *\t* *  "}) {
    EXPECT_NE(next(valid, "UTC", kLast), "invalid") << valid;
  }
  for (const char* invalid : {"",
                              " ",
                              "* * * *",
                              "* * * * * *",
                              "60 * * * *",
                              "* 24 * * *",
                              "* * 0 * *",
                              "* * 32 * *",
                              "* * * 13 *",
                              "* * * * 8",
                              "*/0 * * * *",
                              "*/60 * * * *",
                              "1-5/5 * * * *",
                              "1-2-3 * * * *",
                              "-1 * * * *",
                              "a * * * *",
                              "1/2/3 * * * *",
                              "* * L * *",
                              "* * * * 1#2",
                              "@every 999ms",
                              "@every x",
                              "@every",
                              "@fortnightly",
                              "H * * * *",
                              "1e1 * * * *"}) {
    EXPECT_EQ(next(invalid, "UTC", kLast), "invalid") << invalid;
  }
}

TEST(Cron, Zones) {
  const char* const kLast = "2026-01-01T00:00:00Z";
  for (const char* invalid :
       {"", "local", "Nowhere/Land", "../etc/passwd", "/etc/localtime", "Europe", "Euro pe", "a\nb"}) {
    EXPECT_EQ(next("0 0 * * *", invalid, kLast), "invalid") << invalid;
  }
  EXPECT_EQ(next("TZ=Europe/Prague 0 3 * * *", std::nullopt, kLast),
            next("0 3 * * *", "Europe/Prague", kLast));
  EXPECT_EQ(next("CRON_TZ=\"Asia/Kolkata\" 0 3 * * *", std::nullopt, kLast),
            next("0 3 * * *", "Asia/Kolkata", kLast));
  EXPECT_EQ(next("TZ=Europe/Prague", std::nullopt, kLast), "invalid");
  EXPECT_EQ(next("TZ=UTC ", std::nullopt, kLast), "invalid");
}

TEST(Cron, DaysOfTheMonthAndOfTheWeek) {
  const char* const kLast = "2026-01-01T00:00:00Z";
  // The next Monday is the 5th, the next Monday that is a 1st is in June, the next 1st in February.
  EXPECT_EQ(next("0 0 1 * 1", "UTC", kLast), std::to_string(seconds_of("2026-06-01T00:00:00Z")));
  Cron::default_days(Cron::Days::kEither);
  EXPECT_EQ(next("0 0 1 * 1", "UTC", kLast), std::to_string(seconds_of("2026-01-05T00:00:00Z")));
  EXPECT_EQ(next("0 0 1 * *", "UTC", kLast), std::to_string(seconds_of("2026-02-01T00:00:00Z")));
  EXPECT_EQ(next("0 0 * * 1", "UTC", kLast), std::to_string(seconds_of("2026-01-05T00:00:00Z")));
  Cron::default_days(Cron::Days::kBoth);
}

TEST(Cron, NeverDue) {
  for (const char* never : {"0 0 31 2 *", "@triggered", "@manual", "@none", ", * * * *", "0 30-2 * * *"}) {
    const auto found = next(never, "UTC", "2026-01-01T00:00:00Z");
    EXPECT_TRUE(found == "none" || found == "invalid") << never << ": " << found;
  }
}

TEST(TimeZone, FilesThatAreNone) {
  const std::string header = "TZif2" + std::string(15, '\0');
  for (const std::string& file :
       {std::string(), std::string("TZif"), header, header + std::string(24, '\xff'),
        header + std::string(24, '\0'), std::string(200, 'x')}) {
    EXPECT_EQ(TimeZone::parse(file), nullptr);
  }
}

/// Where there is no database, zones are those of the time of building.
TEST(TimeZone, BuiltIn) {
  EXPECT_EQ(TimeZone::built_in("Nowhere/Land"), nullptr);
  for (const char* name :
       {"UTC", "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Cairo"}) {
    const auto zone = TimeZone::find(name);
    const auto rules = TimeZone::built_in(name);
    if (!zone || !rules) GTEST_SKIP() << "no time zone database, now or when this was built";
    for (auto time = seconds_of("2026-01-01T00:00:00Z"); time < seconds_of("2028-01-01T00:00:00Z");
         time += 1800) {
      const auto a = zone->civil(time);
      const auto b = rules->civil(time);
      ASSERT_EQ(a.day * 1440 + a.hour * 60 + a.minute, b.day * 1440 + b.hour * 60 + b.minute)
          << name << ' ' << time;
    }
  }
}

/// Every hour of some years, there and back, in zones whose clocks change in odd ways.
TEST(TimeZone, ThereAndBack) {
  for (const char* name :
       {"Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata"}) {
    const auto zone = TimeZone::find(name);
    if (!zone) GTEST_SKIP() << "no time zone database";
    for (auto time = seconds_of("2035-01-01T00:00:00Z"); time < seconds_of("2037-01-01T00:00:00Z");
         time += 3600) {
      const auto civil = zone->civil(time);
      const auto back = zone->time(civil);
      // When clocks are put back, an hour is there twice.
      EXPECT_TRUE(back == time || std::abs(back - time) <= 3600) << name << ' ' << time;
      const auto again = zone->civil(back);
      EXPECT_EQ(again.hour * 60 + again.minute, civil.hour * 60 + civil.minute) << name << ' ' << time;
    }
  }
}

}  // namespace
}  // namespace exporter::kube
