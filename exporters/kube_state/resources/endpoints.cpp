// SPDX-License-Identifier: Apache-2.0
// Endpoints: addresses and ports behind a service, in the form that endpoint slices replaced.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "endpoint"};

enum { kInfo, kCreated, kAnnotations, kLabels, kAddressFamily, kPorts };
constexpr Family kFamilies[] = {
    shared("kube_endpoint_info", kStable, "The endpoints that there are."),
    unique("kube_endpoint_created", kStable, kCreatedHelp),
    unique("kube_endpoint_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_endpoint_labels", kStable, kLabelsHelp),
    unique("kube_endpoint_address", kStable, "Each address with each of its ports.", "port_protocol",
           "port_number", "port_name", "ip", "ready"),
    shared("kube_endpoint_ports", kDeprecated, "(Deprecated since v2.14.0) The ports of endpoints.",
           "port_name", "port_protocol", "port_number"),
};

constexpr Schema kAddress({
    {1, "ip", kString},
});
constexpr Schema kPort({
    {1, "name", kString},
    {2, "port", kInteger},
    {3, "protocol", kString},
});
constexpr Schema kSubset({
    {1, "addresses", kMessage, &kAddress},
    {2, "notReadyAddresses", kMessage, &kAddress},
    {3, "ports", kMessage, &kPort},
});
constexpr Schema kEndpointsObject({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "subsets", kMessage, &kSubset},
});

void read_port(FieldReader& in, Emit& emit, const WireField& subset, const WireField& port) {
  const auto [name, number, protocol] = in.pick<kPort, "name", "port", "protocol">(port);
  const Digits digits(number.integer());
  emit(kPorts, {name.bytes, protocol.bytes, std::string_view(digits)}, 1);
  const auto read_address = [&](const WireField& address, std::string_view ready) {
    const auto [ip] = in.pick<kAddress, "ip">(address);
    emit(kAddressFamily, {protocol.bytes, std::string_view(digits), name.bytes, own(ip.bytes), ready}, 1);
  };
  in.each<kSubset, "addresses">(subset, [&](const WireField& address) { read_address(address, "true"); });
  in.each<kSubset, "notReadyAddresses">(subset,
                                        [&](const WireField& address) { read_address(address, "false"); });
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kEndpointsObject, "metadata">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  in.each<kEndpointsObject, "subsets">(wire, [&](const WireField& subset) {
    in.each<kSubset, "ports">(subset, [&](const WireField& port) { read_port(in, emit, subset, port); });
  });
  return !in.malformed();
}

}  // namespace

extern const Resource kEndpoints{
    .name = "endpoints",
    .version = "v1",
    .on_by_default = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kEndpointsObject,
    .read = read,
};

}  // namespace exporter::kube
