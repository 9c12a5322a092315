// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests: whether they were granted.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"certificatesigningrequest", "signer_name"};

enum { kAnnotations, kLabels, kCreated, kCondition, kCertificateLength };
constexpr Family kFamilies[] = {
    unique("kube_certificatesigningrequest_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_certificatesigningrequest_labels", kStable, kLabelsHelp),
    unique("kube_certificatesigningrequest_created", kStable, kCreatedHelp),
    shared("kube_certificatesigningrequest_condition", kStable, "How often each condition is listed.",
           "condition"),
    shared("kube_certificatesigningrequest_cert_length", kStable,
           "Size of the certificate in bytes, 0 while there is none."),
};

constexpr Schema kSpec({
    {7, "signerName", kString},
});
constexpr Schema kRequestCondition({
    {1, "type", kString},
});
constexpr Schema kStatus({
    {1, "conditions", kMessage, &kRequestCondition},
    {2, "certificate", kBytes},
});
constexpr Schema kRequest({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

void read_conditions(FieldReader& in, Emit& emit, const WireField& status) {
  int approved = 0;
  int denied = 0;
  int failed = 0;
  in.each<kStatus, "conditions">(status, [&](const WireField& condition) {
    const auto [type] = in.pick<kRequestCondition, "type">(condition);
    if (type.bytes == "Approved") ++approved;
    if (type.bytes == "Denied") ++denied;
    if (type.bytes == "Failed") ++failed;
  });
  emit(kCondition, {"approved"}, approved);
  emit(kCondition, {"denied"}, denied);
  emit(kCondition, {"failed"}, failed);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kRequest, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  const auto [signer] = in.pick<kSpec, "signerName">(spec);
  identity(emit, meta, {meta.name, signer.bytes});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  read_conditions(in, emit, status);
  const auto [certificate] = in.pick<kStatus, "certificate">(status);
  emit(kCertificateLength, {}, certificate.bytes.size());
  return !in.malformed();
}

}  // namespace

extern const Resource kCertificateSigningRequests{
    .name = "certificatesigningrequests",
    .group = "certificates.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kRequest,
    .read = read,
};

}  // namespace exporter::kube
