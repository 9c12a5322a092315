// SPDX-License-Identifier: Apache-2.0
// node_tape_*: I/O counters of SCSI tape drives, from /sys/class/scsi_tape/st<n>/stats.

#include <algorithm>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kNow = gauge("node_tape_io_now", "Requests in flight.", "device");
constexpr auto kTime =
    counter("node_tape_io_time_seconds_total", "Time the drive spent on requests.", "device");
constexpr auto kOthers =
    counter("node_tape_io_others_total", "Requests other than reads and writes.", "device");
constexpr auto kReadBytes = counter("node_tape_read_bytes_total", "Bytes read from tape.", "device");
constexpr auto kReads = counter("node_tape_reads_completed_total", "Reads completed.", "device");
constexpr auto kReadTime = counter("node_tape_read_time_seconds_total", "Time spent reading.", "device");
constexpr auto kResidual =
    counter("node_tape_residual_total", "Requests that moved less data than was asked for.", "device");
constexpr auto kWrittenBytes = counter("node_tape_written_bytes_total", "Bytes written to tape.", "device");
constexpr auto kWrites = counter("node_tape_writes_completed_total", "Writes completed.", "device");
constexpr auto kWriteTime = counter("node_tape_write_time_seconds_total", "Time spent writing.", "device");
constexpr MetricInfo kMetrics[] = {kNow,      kTime,     kOthers,       kReadBytes, kReads,
                                   kReadTime, kResidual, kWrittenBytes, kWrites,    kWriteTime};

struct Row {
  std::string_view file;
  const Metric<1>& metric;
  bool nanoseconds;
};
constexpr Row kRows[] = {
    {"in_flight", kNow, false},      {"io_ns", kTime, true},
    {"other_cnt", kOthers, false},   {"read_byte_cnt", kReadBytes, false},
    {"read_cnt", kReads, false},     {"read_ns", kReadTime, true},
    {"resid_cnt", kResidual, false}, {"write_byte_cnt", kWrittenBytes, false},
    {"write_cnt", kWrites, false},   {"write_ns", kWriteTime, true},
};

/// "st" and digits: the other nodes of a drive ("nst0", "st0a") have the same counters.
bool is_drive(std::string_view name) {
  return name.size() > 2 && name.starts_with("st") &&
         std::all_of(name.begin() + 2, name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Tapestats final : public Collector {
 public:
  Tapestats(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        ignored_flag_(flags.text("collector.tapestats.ignored-devices", "^$",
                                 "Regexp of the tape drives to leave out.")) {}

  Status start() override {
    auto ignored = Matcher::make("--collector.tapestats.ignored-devices", *ignored_flag_);
    if (!ignored) return fail(ignored);
    ignored_ = std::move(*ignored);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto drives = sys_.list("class/scsi_tape");
    if (!drives) return fail(drives);
    std::string path;
    for (const auto& drive : *drives) {
      if (!is_drive(drive) || ignored_.matches(drive)) continue;
      for (const auto& row : kRows) {
        path.assign("class/scsi_tape/").append(drive).append("/stats/").append(row.file);
        auto number = sys_.number<std::uint64_t>(path);
        if (!number && number.error().code == Code::kInvalid) return fail(number);
        const std::uint64_t value = number.value_or(0);  // a counter that this kernel lacks
        sink(row.metric, {drive}, row.nanoseconds ? Value(static_cast<double>(value) * 1e-9) : Value(value));
      }
    }
    return {};
  }

 private:
  Files sys_;
  const Flag<std::string>& ignored_flag_;
  Matcher ignored_;
};

}  // namespace

extern const CollectorSpec tapestats{"SCSI tape drives, from /sys/class/scsi_tape.", kMetrics,
                                     make<Tapestats>};

}  // namespace exporter::node
