// SPDX-License-Identifier: Apache-2.0
// Volume attachments: which volume is attached to which node.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"volumeattachment"};

enum { kLabels, kInfo, kCreated, kVolume, kAttached, kMetadata };
constexpr Family kFamilies[] = {
    unique("kube_volumeattachment_labels", kExperimental, "Its labels, whatever the allow-list says."),
    unique("kube_volumeattachment_info", kExperimental, "The node that a volume is attached to, and by what.",
           "attacher", "node"),
    unique("kube_volumeattachment_created", kExperimental, kCreatedHelp),
    unique("kube_volumeattachment_spec_source_persistentvolume", kExperimental,
           "The volume that is attached.", "volumename"),
    shared("kube_volumeattachment_status_attached", kExperimental, "Whether it is attached."),
    unique("kube_volumeattachment_status_attachment_metadata", kExperimental,
           "What the attacher says about it."),
};

constexpr Schema kSource({
    {1, "persistentVolumeName", kString},
});
constexpr Schema kSpec({
    {1, "attacher", kString},
    {2, "source", kMessage, &kSource},
    {3, "nodeName", kString},
});
constexpr Schema kStatus({
    {1, "attached", kBool},
    {2, "attachmentMetadata", kStringMap},
});
constexpr Schema kAttachment({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kAttachment, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  created(emit, kCreated, meta);
  all_entries(emit, kLabels, "label", sorted_entries<kObjectMetaSchema, "labels">(in, metadata));

  const auto [attacher, source, node] = in.pick<kSpec, "attacher", "source", "nodeName">(spec);
  emit(kInfo, {attacher.bytes, node.bytes}, 1);
  const auto [volume] = in.pick<kSource, "persistentVolumeName">(source);
  if (volume) emit(kVolume, {own(volume.bytes)}, 1);

  const auto [attached] = in.pick<kStatus, "attached">(status);
  emit(kAttached, {}, attached.flag());
  all_entries(emit, kMetadata, "metadata", sorted_entries<kStatus, "attachmentMetadata">(in, status));
  return !in.malformed();
}

}  // namespace

extern const Resource kVolumeAttachments{
    .name = "volumeattachments",
    .group = "storage.k8s.io",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kAttachment,
    .read = read,
};

}  // namespace exporter::kube
