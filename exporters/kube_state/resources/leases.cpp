// SPDX-License-Identifier: Apache-2.0
// Leases: who holds them, and when they were renewed.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"lease"};

enum { kOwner, kRenewTime };
constexpr Family kFamilies[] = {
    unique("kube_lease_owner", kExperimental, "The holder and the owners of a lease.", "owner_kind",
           "owner_name", "namespace", "lease_holder"),
    unique("kube_lease_renew_time", kExperimental, "When the holder renewed it, in seconds since 1970.",
           "namespace"),
};

constexpr Schema kSpec({
    {1, "holderIdentity", kString},
    {4, "renewTime", kTime},
});
constexpr Schema kLease({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

void read_owners(FieldReader& in, Emit& emit, const ObjectMeta& meta, std::string_view holder) {
  bool any = false;
  in.each<kObjectMetaSchema, "ownerReferences">(meta.message, [&](const WireField& owner) {
    const auto [kind, name] = in.pick<kOwnerReferenceSchema, "kind", "name">(owner);
    emit(kOwner, {kind.bytes, name.bytes, meta.name_space, holder}, 1);
    any = true;
  });
  if (!any) emit(kOwner, {"", "", meta.name_space, holder}, 1);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kLease, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  const auto [holder, renewed] = in.pick<kSpec, "holderIdentity", "renewTime">(spec);
  read_owners(in, emit, meta, holder.bytes);
  if (const auto time = time_of(renewed)) emit(kRenewTime, {meta.name_space}, *time);
  return !in.malformed();
}

}  // namespace

extern const Resource kLeases{
    .name = "leases",
    .group = "coordination.k8s.io",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kLease,
    .read = read,
};

}  // namespace exporter::kube
