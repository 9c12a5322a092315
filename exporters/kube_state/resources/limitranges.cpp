// SPDX-License-Identifier: Apache-2.0
// Limit ranges: what containers, pods and claims of a namespace may ask for.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "limitrange"};

enum { kLimit, kCreated };
constexpr Family kFamilies[] = {
    unique("kube_limitrange", kStable, "What may be asked for, by kind of limit.", "resource", "type",
           "constraint"),
    unique("kube_limitrange_created", kStable, kCreatedHelp),
};

constexpr Schema kItem({
    {1, "type", kString},
    {2, "max", kQuantityMap},
    {3, "min", kQuantityMap},
    {4, "default", kQuantityMap},
    {5, "defaultRequest", kQuantityMap},
    {6, "maxLimitRequestRatio", kQuantityMap},
});
constexpr Schema kSpec({
    {1, "limits", kMessage, &kItem},
});
constexpr Schema kLimitRange({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

template <FieldName constraint>
void read_limits(FieldReader& in, Emit& emit, const WireField& item, std::string_view type) {
  in.each_entry<kItem, constraint>(item, [&](const MapEntry& entry) {
    emit(kLimit, {entry.key, type, constraint.view()}, in_thousandths(entry.value));
  });
}

void read_item(FieldReader& in, Emit& emit, const WireField& item) {
  const auto [type] = in.pick<kItem, "type">(item);
  read_limits<"min">(in, emit, item, type.bytes);
  read_limits<"max">(in, emit, item, type.bytes);
  read_limits<"default">(in, emit, item, type.bytes);
  read_limits<"defaultRequest">(in, emit, item, type.bytes);
  read_limits<"maxLimitRequestRatio">(in, emit, item, type.bytes);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kLimitRange, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  in.each<kSpec, "limits">(spec, [&](const WireField& item) { read_item(in, emit, item); });
  created(emit, kCreated, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kLimitRanges{
    .name = "limitranges",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kLimitRange,
    .read = read,
};

}  // namespace exporter::kube
