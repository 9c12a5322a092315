// SPDX-License-Identifier: Apache-2.0
// Jobs: how far they are, and how they ended.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "job_name"};

enum {
  kAnnotations,
  kLabels,
  kInfo,
  kCreated,
  kParallelism,
  kCompletions,
  kActiveDeadline,
  kSucceeded,
  kStatusFailed,
  kActive,
  kReady,
  kComplete,
  kFailed,
  kStartTime,
  kCompletionTime,
  kSuspended,
  kOwner,
};
constexpr Family kFamilies[] = {
    unique("kube_job_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_job_labels", kStable, kLabelsHelp),
    shared("kube_job_info", kStable, "The jobs that there are."),
    unique("kube_job_created", kStable, kCreatedHelp),
    shared("kube_job_spec_parallelism", kStable, "Pods that may run at a time."),
    shared("kube_job_spec_completions", kStable, "Pods that have to succeed."),
    shared("kube_job_spec_active_deadline_seconds", kStable, "How long it may run, in seconds."),
    shared("kube_job_status_succeeded", kStable, "Pods that have succeeded."),
    shared("kube_job_status_failed", kStable, "Pods that have failed, and why the job has.", "reason"),
    shared("kube_job_status_active", kStable, "Pods that wait or run."),
    shared("kube_job_status_ready", kExperimental, "Pods that are ready."),
    shared("kube_job_complete", kStable, "Whether it is done.", "condition"),
    shared("kube_job_failed", kStable, "Whether it has failed.", "condition"),
    unique("kube_job_status_start_time", kStable, "When it was started, in seconds since 1970."),
    unique("kube_job_status_completion_time", kStable, "When it was done, in seconds since 1970."),
    shared("kube_job_status_suspended", kExperimental, "Whether it is suspended."),
    unique("kube_job_owner", kStable, kOwnerHelp, "owner_kind", "owner_name", "owner_is_controller"),
};

constexpr Schema kSpec({
    {1, "parallelism", kInteger},
    {2, "completions", kInteger},
    {3, "activeDeadlineSeconds", kInteger},
});
constexpr Schema kJobCondition({
    {1, "type", kString},
    {2, "status", kString},
    {5, "reason", kString},
});
constexpr Schema kStatus({
    {1, "conditions", kMessage, &kJobCondition},
    {2, "startTime", kTime},
    {3, "completionTime", kTime},
    {4, "active", kInteger},
    {5, "succeeded", kInteger},
    {6, "failed", kInteger},
    {9, "ready", kInteger},
});
constexpr Schema kJob({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

constexpr std::string_view kFailures[] = {"BackoffLimitExceeded", "DeadlineExceeded", "Evicted"};

void read_conditions(FieldReader& in, Emit& emit, const WireField& status, std::int64_t failed) {
  bool is_known = false;
  in.each<kStatus, "conditions">(status, [&](const WireField& condition) {
    const auto [type, state, reason] = in.pick<kJobCondition, "type", "status", "reason">(condition);
    if (type.bytes == "Complete") condition_states(emit, kComplete, state.bytes);
    if (type.bytes == "Suspended") emit(kSuspended, {}, state.bytes == "True");
    if (type.bytes != "Failed") return;
    condition_states(emit, kFailed, state.bytes);
    if (failed == 0) return;
    for (const auto failure : kFailures) {
      emit(kStatusFailed, {failure}, reason.bytes == failure);
      is_known |= reason.bytes == failure;
    }
  });
  // Without a failed pod there is no reason, and the label is missing.
  if (failed == 0) return emit.sample(kStatusFailed, {}, {}, 0);
  if (!is_known) emit(kStatusFailed, {""}, failed);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kJob, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  owners(in, emit, kOwner, meta);

  const auto [parallelism, completions, deadline] =
      in.pick<kSpec, "parallelism", "completions", "activeDeadlineSeconds">(spec);
  if_set(emit, kParallelism, parallelism);
  if_set(emit, kCompletions, completions);
  if_set(emit, kActiveDeadline, deadline);

  const auto [succeeded, failed, active, ready, start, completion] =
      in.pick<kStatus, "succeeded", "failed", "active", "ready", "startTime", "completionTime">(status);
  emit(kSucceeded, {}, succeeded.integer());
  emit(kActive, {}, active.integer());
  emit(kReady, {}, ready.integer());
  time_if_set(emit, kStartTime, start);
  time_if_set(emit, kCompletionTime, completion);
  read_conditions(in, emit, status, failed.integer());
  return !in.malformed();
}

}  // namespace

extern const Resource kJobs{
    .name = "jobs",
    .group = "batch",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kJob,
    .read = read,
};

}  // namespace exporter::kube
