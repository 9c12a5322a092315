// SPDX-License-Identifier: Apache-2.0
#pragma once

// What mutating and validating webhook configurations have in common: all but their families' names.

#include "resources/common.hpp"

namespace exporter::kube::webhooks {

/// The families that read() fills, in the order in which both resources have them.
enum { kInfo, kCreated, kVersion, kService };

inline constexpr Schema kServiceReference({
    {1, "namespace", kString},
    {2, "name", kString},
});
inline constexpr Schema kClientConfig({
    {1, "service", kMessage, &kServiceReference},
});
inline constexpr Schema kWebhook({
    {1, "name", kString},
    {2, "clientConfig", kMessage, &kClientConfig},
});
inline constexpr Schema kWebhookConfiguration({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "webhooks", kMessage, &kWebhook},
});

inline void read_webhook(FieldReader& in, Emit& emit, const WireField& webhook) {
  const auto [name, client] = in.pick<kWebhook, "name", "clientConfig">(webhook);
  const auto [service] = in.pick<kClientConfig, "service">(client);
  const auto [name_space, service_name] = in.pick<kServiceReference, "namespace", "name">(service);
  emit(kService, {name.bytes, service_name.bytes, name_space.bytes}, 1);
}

inline bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata] = in.pick<kWebhookConfiguration, "metadata">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {"", meta.name});
  emit(kInfo, {}, 1);
  created(emit, kCreated, meta);
  resource_version(emit, kVersion, meta);
  in.each<kWebhookConfiguration, "webhooks">(
      wire, [&](const WireField& webhook) { read_webhook(in, emit, webhook); });
  return !in.malformed();
}

}  // namespace exporter::kube::webhooks
