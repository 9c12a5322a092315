// SPDX-License-Identifier: Apache-2.0
// Persistent volumes: what they are made of, and who has them.

#include <string>

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"persistentvolume"};

enum {
  kClaimRef,
  kAnnotations,
  kLabels,
  kPhase,
  kInfo,
  kCapacity,
  kCreated,
  kDeletionTimestamp,
  kCsiAttributes,
  kVolumeMode,
  kAccessMode,
};
constexpr Family kFamilies[] = {
    unique("kube_persistentvolume_claim_ref", kStable, "The claim that has it.", "name", "claim_namespace"),
    unique("kube_persistentvolume_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_persistentvolume_labels", kStable, kLabelsHelp),
    shared("kube_persistentvolume_status_phase", kStable, "1 for the phase it is in.", "phase"),
    unique("kube_persistentvolume_info", kStable, "What a volume is made of.", "storageclass",
           "gce_persistent_disk_name", "ebs_volume_id", "azure_disk_name", "fc_wwids", "fc_lun",
           "fc_target_wwns", "iscsi_target_portal", "iscsi_iqn", "iscsi_lun", "iscsi_initiator_name",
           "nfs_server", "nfs_path", "csi_driver", "csi_volume_handle", "local_path", "local_fs", "host_path",
           "host_path_type", "reclaim_policy"),
    shared("kube_persistentvolume_capacity_bytes", kStable, "Size of a volume."),
    unique("kube_persistentvolume_created", kExperimental, kCreatedHelp),
    unique("kube_persistentvolume_deletion_timestamp", kExperimental, kDeletionHelp),
    opt_in(shared("kube_persistentvolume_csi_attributes", kExperimental,
                  "Attributes of a volume that a CSI driver made.", "csi_mounter", "csi_map_options")),
    shared("kube_persistentvolume_volume_mode", kExperimental,
           "Whether it is a file system or a block device.", "volumemode"),
    shared("kube_persistentvolume_access_mode", kExperimental, "How it may be used.", "access_mode"),
};

constexpr Schema kGceDisk({
    {1, "pdName", kString},
});
constexpr Schema kEbs({
    {1, "volumeID", kString},
});
constexpr Schema kHostPath({
    {1, "path", kString},
    {2, "type", kString},
});
constexpr Schema kNfs({
    {1, "server", kString},
    {2, "path", kString},
});
constexpr Schema kIscsi({
    {1, "targetPortal", kString},
    {2, "iqn", kString},
    {3, "lun", kInteger},
    {12, "initiatorName", kString},
});
constexpr Schema kFibreChannel({
    {1, "targetWWNs", kString},
    {2, "lun", kInteger},
    {5, "wwids", kString},
});
constexpr Schema kAzureDisk({
    {1, "diskName", kString},
});
constexpr Schema kLocal({
    {1, "path", kString},
    {2, "fsType", kString},
});
constexpr Schema kCsi({
    {1, "driver", kString},
    {2, "volumeHandle", kString},
    {5, "volumeAttributes", kStringMap},
});
constexpr Schema kSource({
    {1, "gcePersistentDisk", kMessage, &kGceDisk},
    {2, "awsElasticBlockStore", kMessage, &kEbs},
    {3, "hostPath", kMessage, &kHostPath},
    {5, "nfs", kMessage, &kNfs},
    {7, "iscsi", kMessage, &kIscsi},
    {10, "fc", kMessage, &kFibreChannel},
    {16, "azureDisk", kMessage, &kAzureDisk},
    {20, "local", kMessage, &kLocal},
    {22, "csi", kMessage, &kCsi},
});
constexpr Schema kReference({
    {2, "namespace", kString},
    {3, "name", kString},
});
constexpr Schema kSpec({
    {1, "capacity", kQuantityMap},
    {2, "persistentVolumeSource", kInline, &kSource},
    {3, "accessModes", kString},
    {4, "claimRef", kMessage, &kReference},
    {5, "persistentVolumeReclaimPolicy", kString},
    {6, "storageClassName", kString},
    {8, "volumeMode", kString},
});
constexpr Schema kStatus({
    {1, "phase", kString},
});
constexpr Schema kVolume({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

/// The labels of kube_persistentvolume_info that say what a volume is made of: those of one kind of source
/// are filled.
struct Medium {
  std::string_view gce_disk = "", ebs_volume = "", azure_disk = "", iscsi_portal = "", iscsi_iqn = "",
                   iscsi_initiator = "", nfs_server = "", nfs_path = "", csi_driver = "", csi_handle = "",
                   local_path = "", local_fs = "", host_path = "", host_path_type = "";
  std::string fc_wwids, fc_wwns, fc_lun, iscsi_lun;
};

template <const auto& schema, FieldName name>
std::string joined(FieldReader& in, const WireField& message) {
  std::string list;
  in.each<schema, name>(message, [&](const WireField& item) {
    if (!list.empty()) list += ',';
    list += item.bytes;
  });
  return list;
}

Medium read_medium(FieldReader& in, const WireField& source) {
  Medium medium;
  const auto [gce, ebs, azure, fc, iscsi, nfs, csi, local, host] =
      in.pick<kSource, "gcePersistentDisk", "awsElasticBlockStore", "azureDisk", "fc", "iscsi", "nfs", "csi",
              "local", "hostPath">(source);
  if (gce) {
    medium.gce_disk = in.pick<kGceDisk, "pdName">(gce)[0].bytes;
  } else if (ebs) {
    medium.ebs_volume = in.pick<kEbs, "volumeID">(ebs)[0].bytes;
  } else if (azure) {
    medium.azure_disk = in.pick<kAzureDisk, "diskName">(azure)[0].bytes;
  } else if (fc) {
    const auto [lun] = in.pick<kFibreChannel, "lun">(fc);
    medium.fc_wwids = joined<kFibreChannel, "wwids">(in, fc);
    medium.fc_wwns = joined<kFibreChannel, "targetWWNs">(in, fc);
    if (lun) medium.fc_lun = std::to_string(lun.integer());
  } else if (iscsi) {
    const auto [portal, iqn, lun, initiator] =
        in.pick<kIscsi, "targetPortal", "iqn", "lun", "initiatorName">(iscsi);
    medium.iscsi_portal = portal.bytes;
    medium.iscsi_iqn = iqn.bytes;
    medium.iscsi_lun = std::to_string(lun.integer());
    medium.iscsi_initiator = initiator.bytes;
  } else if (nfs) {
    const auto [server, path] = in.pick<kNfs, "server", "path">(nfs);
    medium.nfs_server = server.bytes;
    medium.nfs_path = path.bytes;
  } else if (csi) {
    const auto [driver, handle] = in.pick<kCsi, "driver", "volumeHandle">(csi);
    medium.csi_driver = driver.bytes;
    medium.csi_handle = handle.bytes;
  } else if (local) {
    const auto [path, file_system] = in.pick<kLocal, "path", "fsType">(local);
    medium.local_path = path.bytes;
    medium.local_fs = file_system.bytes;
  } else if (host) {
    const auto [path, type] = in.pick<kHostPath, "path", "type">(host);
    medium.host_path = path.bytes;
    medium.host_path_type = type.bytes;
  }
  return medium;
}

void read_csi_attributes(FieldReader& in, Emit& emit, const WireField& source) {
  const auto [csi] = in.pick<kSource, "csi">(source);
  if (!csi) return;
  std::string_view mounter = "";
  std::string_view options = "";
  in.each_entry<kCsi, "volumeAttributes">(csi, [&](const MapEntry& attribute) {
    if (attribute.key == "mounter") mounter = attribute.value.bytes;
    if (attribute.key == "mapOptions") options = attribute.value.bytes;
  });
  emit(kCsiAttributes, {mounter, options}, 1);
}

void read_spec(FieldReader& in, Emit& emit, const WireField& spec) {
  const auto [source, claim, reclaim_policy, storage_class, mode] =
      in.pick<kSpec, "persistentVolumeSource", "claimRef", "persistentVolumeReclaimPolicy",
              "storageClassName", "volumeMode">(spec);
  if (claim) {
    const auto [name_space, name] = in.pick<kReference, "namespace", "name">(claim);
    emit(kClaimRef, {own(name.bytes), name_space.bytes}, 1);
  }
  const auto medium = read_medium(in, source);
  emit(kInfo, {storage_class.bytes,  medium.gce_disk,       own(medium.ebs_volume), medium.azure_disk,
               own(medium.fc_wwids), own(medium.fc_lun),    own(medium.fc_wwns),    medium.iscsi_portal,
               medium.iscsi_iqn,     own(medium.iscsi_lun), medium.iscsi_initiator, medium.nfs_server,
               own(medium.nfs_path), medium.csi_driver,     own(medium.csi_handle), medium.local_path,
               medium.local_fs,      own(medium.host_path), medium.host_path_type,  reclaim_policy.bytes},
       1);
  read_csi_attributes(in, emit, source);
  emit(kVolumeMode, {mode ? mode.bytes : "Filesystem"}, 1);
  in.each<kSpec, "accessModes">(spec, [&](const WireField& access) { emit(kAccessMode, {access.bytes}, 1); });
  std::int64_t capacity = 0;
  in.each_entry<kSpec, "capacity">(spec, [&](const MapEntry& entry) {
    if (entry.key == "storage") capacity = in_whole(entry.value);
  });
  emit(kCapacity, {}, capacity);
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kVolume, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);
  read_spec(in, emit, spec);
  const auto [phase] = in.pick<kStatus, "phase">(status);
  if (!phase.bytes.empty()) {
    one_of(emit, kPhase, {"Pending", "Available", "Bound", "Released", "Failed"}, phase.bytes);
  }
  return !in.malformed();
}

}  // namespace

extern const Resource kPersistentVolumes{
    .name = "persistentvolumes",
    .version = "v1",
    .namespaced = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kVolume,
    .read = read,
};

}  // namespace exporter::kube
