// SPDX-License-Identifier: Apache-2.0
// Service accounts: the secrets that they use.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "serviceaccount", "uid"};

enum { kInfo, kCreated, kDeleted, kSecret, kImagePullSecret, kAnnotations, kLabels };
constexpr Family kFamilies[] = {
    shared("kube_serviceaccount_info", kExperimental, "Whether its pods get its token.", "automount_token"),
    unique("kube_serviceaccount_created", kExperimental, kCreatedHelp),
    unique("kube_serviceaccount_deleted", kExperimental, kDeletionHelp),
    unique("kube_serviceaccount_secret", kExperimental, "The secrets that it may use.", "name"),
    shared("kube_serviceaccount_image_pull_secret", kExperimental,
           "The secrets with which its images are fetched.", "name"),
    unique("kube_serviceaccount_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_serviceaccount_labels", kExperimental, kLabelsHelp),
};

constexpr Schema kReference({
    {3, "name", kString},
});
constexpr Schema kLocalReference({
    {1, "name", kString},
});
constexpr Schema kServiceAccount({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "secrets", kMessage, &kReference},
    {3, "imagePullSecrets", kMessage, &kLocalReference},
    {4, "automountServiceAccountToken", kBool},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, automount] =
      in.pick<kServiceAccount, "metadata", "automountServiceAccountToken">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name, meta.uid});
  emit(kInfo, {truth_if_set(automount)}, 1);
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeleted, meta);
  in.each<kServiceAccount, "secrets">(wire, [&](const WireField& secret) {
    const auto [name] = in.pick<kReference, "name">(secret);
    emit(kSecret, {name.bytes}, 1);
  });
  in.each<kServiceAccount, "imagePullSecrets">(wire, [&](const WireField& secret) {
    const auto [name] = in.pick<kLocalReference, "name">(secret);
    emit(kImagePullSecret, {name.bytes}, 1);
  });
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kServiceAccounts{
    .name = "serviceaccounts",
    .version = "v1",
    .on_by_default = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kServiceAccount,
    .read = read,
};

}  // namespace exporter::kube
