// SPDX-License-Identifier: Apache-2.0
// Validating webhooks: the services that are asked.

#include "resources/webhooks.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "validatingwebhookconfiguration"};

constexpr Family kFamilies[] = {
    shared("kube_validatingwebhookconfiguration_info", kExperimental, "The configurations that there are."),
    unique("kube_validatingwebhookconfiguration_created", kExperimental, kCreatedHelp),
    unique("kube_validatingwebhookconfiguration_metadata_resource_version", kExperimental, kVersionHelp),
    unique("kube_validatingwebhookconfiguration_webhook_clientconfig_service", kExperimental,
           "The service behind each webhook.", "webhook_name", "service_name", "service_namespace"),
};

}  // namespace

extern const Resource kValidatingWebhookConfigurations{
    .name = "validatingwebhookconfigurations",
    .group = "admissionregistration.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &webhooks::kWebhookConfiguration,
    .read = webhooks::read,
};

}  // namespace exporter::kube
