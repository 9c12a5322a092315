// SPDX-License-Identifier: Apache-2.0
// Resource quotas: limits of a namespace, and how much of them is used.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "resourcequota"};

enum { kCreated, kQuota, kAnnotations, kLabels };
constexpr Family kFamilies[] = {
    unique("kube_resourcequota_created", kStable, kCreatedHelp),
    unique("kube_resourcequota", kStable, "What a namespace may have, and what it has.", "resource", "type"),
    unique("kube_resourcequota_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_resourcequota_labels", kStable, kLabelsHelp),
};

constexpr Schema kStatus({
    {1, "hard", kQuantityMap},
    {2, "used", kQuantityMap},
});
constexpr Schema kQuotaObject({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, status] = in.pick<kQuotaObject, "metadata", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  created(emit, kCreated, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  in.each_entry<kStatus, "hard">(status, [&](const MapEntry& entry) {
    emit(kQuota, {entry.key, "hard"}, in_thousandths(entry.value));
  });
  in.each_entry<kStatus, "used">(status, [&](const MapEntry& entry) {
    emit(kQuota, {entry.key, "used"}, in_thousandths(entry.value));
  });
  return !in.malformed();
}

}  // namespace

extern const Resource kResourceQuotas{
    .name = "resourcequotas",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kQuotaObject,
    .read = read,
};

}  // namespace exporter::kube
