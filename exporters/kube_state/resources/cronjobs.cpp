// SPDX-License-Identifier: Apache-2.0
// Cron jobs: their schedules, and when they ran and will run.

#include <optional>

#include "policy/cron.hpp"
#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "cronjob"};

enum {
  kAnnotations,
  kLabels,
  kInfo,
  kCreated,
  kActive,
  kLastSchedule,
  kLastSuccess,
  kSuspend,
  kStartingDeadline,
  kNextSchedule,
  kScheduleInvalid,
  kVersion,
  kSuccessfulLimit,
  kFailedLimit,
};
constexpr Family kFamilies[] = {
    unique("kube_cronjob_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_cronjob_labels", kStable, kLabelsHelp),
    unique("kube_cronjob_info", kStable, "The schedule of a cron job.", "schedule", "concurrency_policy",
           "timezone"),
    unique("kube_cronjob_created", kStable, kCreatedHelp),
    shared("kube_cronjob_status_active", kStable, "Jobs of it that run."),
    unique("kube_cronjob_status_last_schedule_time", kStable,
           "When it was due the last time, in seconds since 1970."),
    unique("kube_cronjob_status_last_successful_time", kStable,
           "When a job of it succeeded the last time, in seconds since 1970."),
    shared("kube_cronjob_spec_suspend", kStable, "Whether it is suspended."),
    shared("kube_cronjob_spec_starting_deadline_seconds", kStable,
           "How late a job may be started, in seconds."),
    unique("kube_cronjob_next_schedule_time", kStable,
           "When it is due after the last time, in seconds since 1970."),
    shared("kube_cronjob_schedule_invalid", kExperimental,
           "1 where its schedule or its time zone is not understood."),
    unique("kube_cronjob_metadata_resource_version", kStable, kVersionHelp),
    shared("kube_cronjob_spec_successful_job_history_limit", kExperimental,
           "Jobs that are kept after they have succeeded."),
    shared("kube_cronjob_spec_failed_job_history_limit", kExperimental,
           "Jobs that are kept after they have failed."),
};

constexpr Schema kSpec({
    {1, "schedule", kString},
    {2, "startingDeadlineSeconds", kInteger},
    {3, "concurrencyPolicy", kString},
    {4, "suspend", kBool},
    {6, "successfulJobsHistoryLimit", kInteger},
    {7, "failedJobsHistoryLimit", kInteger},
    {8, "timeZone", kString},
});
constexpr Schema kStatus({
    {1, "active", kPresence},
    {4, "lastScheduleTime", kTime},
    {5, "lastSuccessfulTime", kTime},
});
constexpr Schema kCronJob({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

void read_schedule(Emit& emit, const ObjectMeta& meta, const WireField& schedule, const WireField& zone,
                   bool suspended, const WireField& last) {
  const auto cron = Cron::parse(schedule.bytes, zone ? std::optional(zone.bytes) : std::nullopt);
  if (!cron) return emit(kScheduleInvalid, {}, 1);
  const auto since = last ? time_of(last) : meta.created;
  if (!suspended && since) emit(kNextSchedule, {}, cron->next(*since).value_or(kZeroTime));
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kCronJob, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);

  const auto [schedule, deadline, policy, suspend, successful_limit, failed_limit, zone] =
      in.pick<kSpec, "schedule", "startingDeadlineSeconds", "concurrencyPolicy", "suspend",
              "successfulJobsHistoryLimit", "failedJobsHistoryLimit", "timeZone">(spec);
  emit(kInfo, {schedule.bytes, policy.bytes, zone ? zone.bytes : "local"}, 1);
  emit(kSuspend, {}, suspend.flag());
  if_set(emit, kStartingDeadline, deadline);
  if_set(emit, kSuccessfulLimit, successful_limit);
  if_set(emit, kFailedLimit, failed_limit);

  int active = 0;
  in.each<kStatus, "active">(status, [&](const WireField&) { ++active; });
  emit(kActive, {}, active);
  const auto [last, success] = in.pick<kStatus, "lastScheduleTime", "lastSuccessfulTime">(status);
  time_if_set(emit, kLastSchedule, last);
  time_if_set(emit, kLastSuccess, success);
  read_schedule(emit, meta, schedule, zone, suspend.flag(), last);
  return !in.malformed();
}

}  // namespace

extern const Resource kCronJobs{
    .name = "cronjobs",
    .group = "batch",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kCronJob,
    .read = read,
};

}  // namespace exporter::kube
