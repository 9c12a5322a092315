// SPDX-License-Identifier: Apache-2.0
// Endpoint slices: addresses and ports behind a service.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"endpointslice", "namespace"};

enum { kInfo, kCreated, kHints, kEndpoints, kPorts, kAnnotations, kLabels };
constexpr Family kFamilies[] = {
    shared("kube_endpointslice_info", kExperimental, "The kind of addresses that it has.", "addresstype"),
    unique("kube_endpointslice_created", kExperimental, kCreatedHelp),
    unique("kube_endpointslice_endpoints_hints", kExperimental, "The zones that an endpoint should serve.",
           "address", "for_zone"),
    unique("kube_endpointslice_endpoints", kExperimental, "The endpoints, and what is behind them.", "ready",
           "serving", "hostname", "terminating", "targetref_kind", "targetref_name", "targetref_namespace",
           "endpoint_nodename", "endpoint_zone", "address"),
    shared("kube_endpointslice_ports", kExperimental, "The ports of endpoints.", "port_name", "port_protocol",
           "port_number"),
    unique("kube_endpointslice_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_endpointslice_labels", kExperimental, kLabelsHelp),
};

constexpr Schema kConditions({
    {1, "ready", kBool},
    {2, "serving", kBool},
    {3, "terminating", kBool},
});
constexpr Schema kTarget({
    {1, "kind", kString},
    {2, "namespace", kString},
    {3, "name", kString},
});
constexpr Schema kZone({
    {1, "name", kString},
});
constexpr Schema kHintsSchema({
    {1, "forZones", kMessage, &kZone},
});
constexpr Schema kEndpoint({
    {1, "addresses", kString},
    {2, "conditions", kMessage, &kConditions},
    {3, "hostname", kString},
    {4, "targetRef", kMessage, &kTarget},
    {6, "nodeName", kString},
    {7, "zone", kString},
    {8, "hints", kMessage, &kHintsSchema},
});
constexpr Schema kPort({
    {1, "name", kString},
    {2, "protocol", kString},
    {3, "port", kInteger},
});
constexpr Schema kEndpointSlice({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "endpoints", kMessage, &kEndpoint},
    {3, "ports", kMessage, &kPort},
    {4, "addressType", kString},
});

void read_endpoint(FieldReader& in, Emit& emit, const WireField& endpoint) {
  const auto [conditions_field, hostname, target, node, zone, hints] =
      in.pick<kEndpoint, "conditions", "hostname", "targetRef", "nodeName", "zone", "hints">(endpoint);
  const auto [ready, serving, terminating] =
      in.pick<kConditions, "ready", "serving", "terminating">(conditions_field);
  const auto [kind, name_space, name] = in.pick<kTarget, "kind", "namespace", "name">(target);
  in.each<kEndpoint, "addresses">(endpoint, [&](const WireField& address) {
    emit(kEndpoints,
         {truth_if_set(ready), truth_if_set(serving), hostname.bytes, truth_if_set(terminating), kind.bytes,
          name.bytes, name_space.bytes, node.bytes, zone.bytes, own(address.bytes)},
         1);
  });
  WireField first;
  in.each<kEndpoint, "addresses">(endpoint, [&](const WireField& address) {
    if (!first) first = address;
  });
  if (!first) return;
  in.each<kHintsSchema, "forZones">(hints, [&](const WireField& for_zone) {
    const auto [zone_name] = in.pick<kZone, "name">(for_zone);
    emit(kHints, {own(first.bytes), zone_name.bytes}, 1);
  });
}

void read_port(FieldReader& in, Emit& emit, const WireField& port) {
  const auto [name, protocol, number] = in.pick<kPort, "name", "protocol", "port">(port);
  const Digits digits(number.integer());
  emit(kPorts, {name.bytes, protocol.bytes, number ? std::string_view(digits) : ""}, 1);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, address_type] = in.pick<kEndpointSlice, "metadata", "addressType">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name, meta.name_space});
  emit(kInfo, {address_type.bytes}, 1);
  created(emit, kCreated, meta);
  in.each<kEndpointSlice, "endpoints">(wire,
                                       [&](const WireField& endpoint) { read_endpoint(in, emit, endpoint); });
  in.each<kEndpointSlice, "ports">(wire, [&](const WireField& port) { read_port(in, emit, port); });
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kEndpointSlices{
    .name = "endpointslices",
    .group = "discovery.k8s.io",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kEndpointSlice,
    .read = read,
};

}  // namespace exporter::kube
