// SPDX-License-Identifier: Apache-2.0
// node_timex_*: the kernel clock's discipline, from adjtimex(2).

#include <sys/timex.h>

#include <cerrno>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kOffset = gauge("node_timex_offset_seconds", "Offset that is being corrected, in seconds.");
constexpr auto kFrequency =
    gauge("node_timex_frequency_adjustment_ratio", "Correction of the clock's frequency.");
constexpr auto kMaxError = gauge("node_timex_maxerror_seconds", "Largest possible error, in seconds.");
constexpr auto kEstimatedError = gauge("node_timex_estimated_error_seconds", "Estimated error, in seconds.");
constexpr auto kStatus = gauge("node_timex_status", "Bits of the clock's status.");
constexpr auto kConstant = gauge("node_timex_loop_time_constant", "Time constant of the phase-locked loop.");
constexpr auto kTick = gauge("node_timex_tick_seconds", "Time between clock ticks, in seconds.");
constexpr auto kPpsFrequency =
    gauge("node_timex_pps_frequency_hertz", "Frequency of the pulse per second, in hertz.");
constexpr auto kPpsJitter =
    gauge("node_timex_pps_jitter_seconds", "Jitter of the pulse per second, in seconds.");
constexpr auto kPpsShift =
    gauge("node_timex_pps_shift_seconds", "Interval of the pulse per second, in seconds.");
constexpr auto kPpsStability =
    gauge("node_timex_pps_stability_hertz", "Stability of the pulse per second, in hertz.");
constexpr auto kPpsJitterTotal = counter("node_timex_pps_jitter_total", "Pulses beyond the jitter limit.");
constexpr auto kPpsCalibration = counter("node_timex_pps_calibration_total", "Calibration intervals.");
constexpr auto kPpsErrors = counter("node_timex_pps_error_total", "Calibration errors.");
constexpr auto kPpsUnstable =
    counter("node_timex_pps_stability_exceeded_total", "Calibrations beyond the stability limit.");
constexpr auto kTai = gauge("node_timex_tai_offset_seconds", "TAI minus UTC, in seconds.");
constexpr auto kSync = gauge("node_timex_sync_status", "1 where the clock is synchronised, else 0.");
constexpr MetricInfo kMetrics[] = {
    kOffset,       kFrequency, kMaxError, kEstimatedError, kStatus,         kConstant,       kTick,
    kPpsFrequency, kPpsJitter, kPpsShift, kPpsStability,   kPpsJitterTotal, kPpsCalibration, kPpsErrors,
    kPpsUnstable,  kTai,       kSync};

class Timex final : public Collector {
 public:
  Timex(Host&, Flags&) {}

  Status collect(Sink& sink, const Scrape&) override {
    ::timex clock{};
    const int state = ::adjtimex(&clock);
    if (state < 0 && (errno == EPERM || errno == EACCES)) {
      return fail(Code::kNoData, "adjtimex: " + errno_text(errno));
    }
    if (state < 0) return std::unexpected(errno_error("adjtimex", "", errno));

    constexpr double kMicro = 1e6;
    constexpr double kFraction = 65536 * 1e6;  // of a part per million, 16 bits
    const double unit = clock.status & STA_NANO ? 1e9 : 1e6;
    sink(kSync, state == TIME_ERROR ? 0 : 1);
    sink(kOffset, static_cast<double>(clock.offset) / unit);
    sink(kFrequency, 1 + static_cast<double>(clock.freq) / kFraction);
    sink(kMaxError, static_cast<double>(clock.maxerror) / kMicro);
    sink(kEstimatedError, static_cast<double>(clock.esterror) / kMicro);
    sink(kStatus, clock.status);
    sink(kConstant, clock.constant);
    sink(kTick, static_cast<double>(clock.tick) / kMicro);
    sink(kPpsFrequency, static_cast<double>(clock.ppsfreq) / kFraction);
    sink(kPpsJitter, static_cast<double>(clock.jitter) / unit);
    sink(kPpsShift, clock.shift);
    sink(kPpsStability, static_cast<double>(clock.stabil) / kFraction);
    sink(kPpsJitterTotal, clock.jitcnt);
    sink(kPpsCalibration, clock.calcnt);
    sink(kPpsErrors, clock.errcnt);
    sink(kPpsUnstable, clock.stbcnt);
    sink(kTai, clock.tai);
    return {};
  }
};

}  // namespace

extern const CollectorSpec timex{"State of the kernel's clock, from adjtimex(2).", kMetrics, make<Timex>};

}  // namespace exporter::node
