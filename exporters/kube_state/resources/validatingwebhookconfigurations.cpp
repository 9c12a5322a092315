// SPDX-License-Identifier: Apache-2.0
// Validating webhooks: the services that are asked.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "validatingwebhookconfiguration"};

enum { kInfo, kCreated, kVersion, kService };
constexpr Family kFamilies[] = {
    shared("kube_validatingwebhookconfiguration_info", kExperimental, "The configurations that there are."),
    unique("kube_validatingwebhookconfiguration_created", kExperimental, kCreatedHelp),
    unique("kube_validatingwebhookconfiguration_metadata_resource_version", kExperimental, kVersionHelp),
    unique("kube_validatingwebhookconfiguration_webhook_clientconfig_service", kExperimental,
           "The service behind each webhook.", "webhook_name", "service_name", "service_namespace"),
};

constexpr Schema kServiceReference({
    {1, "namespace", kString},
    {2, "name", kString},
});
constexpr Schema kClientConfig({
    {1, "service", kMessage, &kServiceReference},
});
constexpr Schema kWebhook({
    {1, "name", kString},
    {2, "clientConfig", kMessage, &kClientConfig},
});
constexpr Schema kConfiguration({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "webhooks", kMessage, &kWebhook},
});

void read_webhook(FieldReader& in, Emit& emit, const WireField& webhook) {
  const auto [name, client] = in.pick<kWebhook, "name", "clientConfig">(webhook);
  const auto [service] = in.pick<kClientConfig, "service">(client);
  const auto [name_space, service_name] = in.pick<kServiceReference, "namespace", "name">(service);
  emit(kService, {name.bytes, service_name.bytes, name_space.bytes}, 1);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kConfiguration, "metadata">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {"", meta.name});
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  in.each<kConfiguration, "webhooks">(wire,
                                      [&](const WireField& webhook) { read_webhook(in, emit, webhook); });
  return !in.malformed();
}

}  // namespace

extern const Resource kValidatingWebhookConfigurations{
    .name = "validatingwebhookconfigurations",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kConfiguration,
    .read = read,
};

}  // namespace exporter::kube
