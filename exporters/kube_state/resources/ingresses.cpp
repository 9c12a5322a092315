// SPDX-License-Identifier: Apache-2.0
// Ingresses: hosts, paths and what serves them.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "ingress"};

enum { kInfo, kAnnotations, kLabels, kCreated, kVersion, kPath, kTls };
constexpr Family kFamilies[] = {
    shared("kube_ingress_info", kStable, "The class of an ingress.", "ingressclass"),
    unique("kube_ingress_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_ingress_labels", kStable, kLabelsHelp),
    unique("kube_ingress_created", kStable, kCreatedHelp),
    unique("kube_ingress_metadata_resource_version", kExperimental, kVersionHelp),
    unique("kube_ingress_path", kStable, "The paths of each host, and what serves them.", "host", "path",
           "path_type", "service_name", "service_port"),
    unique("kube_ingress_tls", kStable, "The secret with the certificate of each host.", "tls_host",
           "secret"),
};

constexpr Schema kTlsSchema({
    {1, "hosts", kString},
    {2, "secretName", kString},
});
constexpr Schema kPort({
    {2, "number", kInteger},
});
constexpr Schema kService({
    {1, "name", kString},
    {2, "port", kMessage, &kPort},
});
constexpr Schema kReference({
    {1, "apiGroup", kString},
    {2, "kind", kString},
    {3, "name", kString},
});
constexpr Schema kBackend({
    {3, "resource", kMessage, &kReference},
    {4, "service", kMessage, &kService},
});
constexpr Schema kHttpPath({
    {1, "path", kString},
    {2, "backend", kMessage, &kBackend},
    {3, "pathType", kString},
});
constexpr Schema kHttp({
    {1, "paths", kMessage, &kHttpPath},
});
constexpr Schema kRuleValue({
    {1, "http", kMessage, &kHttp},
});
constexpr Schema kRule({
    {1, "host", kString},
    {2, "ingressRuleValue", kInline, &kRuleValue},
});
constexpr Schema kSpec({
    {2, "tls", kMessage, &kTlsSchema},
    {3, "rules", kMessage, &kRule},
    {4, "ingressClassName", kString},
});
constexpr Schema kIngress({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

void read_class(FieldReader& in, Emit& emit, const ObjectMeta& meta, const WireField& spec) {
  const auto annotation = find_entry<"annotations">(in, meta, "kubernetes.io/ingress.class");
  const auto [name] = in.pick<kSpec, "ingressClassName">(spec);
  emit(kInfo, {annotation ? annotation.bytes : name ? name.bytes : "_default"}, 1);
}

/// A path leads to a service or to an object of another kind, which has other labels.
void read_path(FieldReader& in, Emit& emit, std::string_view host, const WireField& http_path) {
  const auto [path, backend, path_type] = in.pick<kHttpPath, "path", "backend", "pathType">(http_path);
  const auto [resource, service] = in.pick<kBackend, "resource", "service">(backend);
  if (service) {
    const auto [name, port] = in.pick<kService, "name", "port">(service);
    const auto [number] = in.pick<kPort, "number">(port);
    const Digits digits(number.integer());
    emit(kPath, {host, path.bytes, path_type.bytes, name.bytes, std::string_view(digits)}, 1);
  } else {
    const auto [group, kind, name] = in.pick<kReference, "apiGroup", "kind", "name">(resource);
    const std::string_view names[] = {"host",          "path",         "path_type", "resource_api_group",
                                      "resource_kind", "resource_name"};
    const Text values[] = {host, path.bytes, path_type.bytes, group.bytes, kind.bytes, name.bytes};
    emit.sample(kPath, names, values, 1);
  }
}

void read_rule(FieldReader& in, Emit& emit, const WireField& rule) {
  const auto [host, value] = in.pick<kRule, "host", "ingressRuleValue">(rule);
  const auto [http] = in.pick<kRuleValue, "http">(value);
  in.each<kHttp, "paths">(http, [&](const WireField& path) { read_path(in, emit, host.bytes, path); });
}

void read_tls(FieldReader& in, Emit& emit, const WireField& tls) {
  const auto [secret] = in.pick<kTlsSchema, "secretName">(tls);
  in.each<kTlsSchema, "hosts">(tls, [&](const WireField& host) {
    emit(kTls, {host.bytes, secret.bytes}, 1);
  });
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kIngress, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  read_class(in, emit, meta, spec);
  in.each<kSpec, "rules">(spec, [&](const WireField& rule) { read_rule(in, emit, rule); });
  in.each<kSpec, "tls">(spec, [&](const WireField& tls) { read_tls(in, emit, tls); });
  return !in.malformed();
}

}  // namespace

extern const Resource kIngresses{
    .name = "ingresses",
    .group = "networking.k8s.io",
    .version = "v1",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kIngress,
    .read = read,
};

}  // namespace exporter::kube
