// SPDX-License-Identifier: Apache-2.0
// Services: how they are reached.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "service", "uid"};

enum { kInfo, kCreated, kType, kAnnotations, kLabels, kExternalIp, kIngress, kDeletionTimestamp };
constexpr Family kFamilies[] = {
    unique("kube_service_info", kStable, "How a service is reached.", "cluster_ip", "external_name",
           "load_balancer_ip", "external_traffic_policy"),
    unique("kube_service_created", kStable, kCreatedHelp),
    shared("kube_service_spec_type", kStable, "The type of a service.", "type"),
    unique("kube_service_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_service_labels", kStable, kLabelsHelp),
    unique("kube_service_spec_external_ip", kStable, "Addresses outside of the cluster that lead to it.",
           "external_ip"),
    unique("kube_service_status_load_balancer_ingress", kStable, "Where its load balancer is reached.", "ip",
           "hostname"),
    unique("kube_service_deletion_timestamp", kExperimental, kDeletionHelp),
};

constexpr Schema kSpec({
    {3, "clusterIP", kString},
    {4, "type", kString},
    {5, "externalIPs", kString},
    {8, "loadBalancerIP", kString},
    {10, "externalName", kString},
    {11, "externalTrafficPolicy", kString},
});
constexpr Schema kIngressSchema({
    {1, "ip", kString},
    {2, "hostname", kString},
});
constexpr Schema kLoadBalancer({
    {1, "ingress", kMessage, &kIngressSchema},
});
constexpr Schema kStatus({
    {1, "loadBalancer", kMessage, &kLoadBalancer},
});
constexpr Schema kService({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kService, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name, meta.uid});
  created(emit, kCreated, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);

  const auto [cluster_ip, type, load_balancer_ip, external_name, traffic_policy] =
      in.pick<kSpec, "clusterIP", "type", "loadBalancerIP", "externalName", "externalTrafficPolicy">(spec);
  emit(kInfo, {own(cluster_ip.bytes), external_name.bytes, load_balancer_ip.bytes, traffic_policy.bytes}, 1);
  emit(kType, {type.bytes}, 1);
  in.each<kSpec, "externalIPs">(spec, [&](const WireField& ip) { emit(kExternalIp, {own(ip.bytes)}, 1); });

  const auto [load_balancer] = in.pick<kStatus, "loadBalancer">(status);
  in.each<kLoadBalancer, "ingress">(load_balancer, [&](const WireField& ingress) {
    const auto [ip, hostname] = in.pick<kIngressSchema, "ip", "hostname">(ingress);
    emit(kIngress, {own(ip.bytes), own(hostname.bytes)}, 1);
  });
  return !in.malformed();
}

}  // namespace

extern const Resource kServices{
    .name = "services",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kService,
    .read = read,
};

}  // namespace exporter::kube
