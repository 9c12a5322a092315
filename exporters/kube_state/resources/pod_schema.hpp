// SPDX-License-Identifier: Apache-2.0
#pragma once

// The fields of pods that are read.

#include "resources/common.hpp"

namespace exporter::kube::pods {

inline constexpr Schema kResourceRequirements({
    {1, "limits", kQuantityMap},
    {2, "requests", kQuantityMap},
});
inline constexpr Schema kContainer({
    {1, "name", kString},
    {2, "image", kString},
    {8, "resources", kMessage, &kResourceRequirements},
    {24, "restartPolicy", kString},
});
inline constexpr Schema kClaimVolume({
    {1, "claimName", kString},
    {2, "readOnly", kBool},
});
inline constexpr Schema kVolumeSource({
    {10, "persistentVolumeClaim", kMessage, &kClaimVolume},
    {29, "ephemeral", kPresence},
});
inline constexpr Schema kVolume({
    {1, "name", kString},
    {2, "volumeSource", kInline, &kVolumeSource},
});
inline constexpr Schema kToleration({
    {1, "key", kString},
    {2, "operator", kString},
    {3, "value", kString},
    {4, "effect", kString},
    {5, "tolerationSeconds", kInteger},
});
inline constexpr Schema kResourceClaimSchema({
    {1, "name", kString},
    {3, "resourceClaimName", kString},
    {4, "resourceClaimTemplateName", kString},
});
inline constexpr Schema kSpec({
    {1, "volumes", kMessage, &kVolume},
    {2, "containers", kMessage, &kContainer},
    {3, "restartPolicy", kString},
    {7, "nodeSelector", kStringMap},
    {8, "serviceAccountName", kString},
    {10, "nodeName", kString},
    {11, "hostNetwork", kBool},
    {19, "schedulerName", kString},
    {20, "initContainers", kMessage, &kContainer},
    {22, "tolerations", kMessage, &kToleration},
    {24, "priorityClassName", kString},
    {29, "runtimeClassName", kString},
    {32, "overhead", kQuantityMap},
    {39, "resourceClaims", kMessage, &kResourceClaimSchema},
});

inline constexpr Schema kRunning({
    {1, "startedAt", kTime},
});
inline constexpr Schema kWaiting({
    {1, "reason", kString},
});
inline constexpr Schema kTerminated({
    {1, "exitCode", kInteger},
    {3, "reason", kString},
    {5, "startedAt", kTime},
    {6, "finishedAt", kTime},
});
inline constexpr Schema kContainerState({
    {1, "waiting", kMessage, &kWaiting},
    {2, "running", kMessage, &kRunning},
    {3, "terminated", kMessage, &kTerminated},
});
inline constexpr Schema kContainerStatus({
    {1, "name", kString},
    {2, "state", kMessage, &kContainerState},
    {3, "lastState", kMessage, &kContainerState},
    {4, "ready", kBool},
    {5, "restartCount", kInteger},
    {6, "image", kString},
    {7, "imageID", kString},
    {8, "containerID", kString},
});
inline constexpr Schema kPodCondition({
    {1, "type", kString},
    {2, "status", kString},
    {4, "lastTransitionTime", kTime},
    {5, "reason", kString},
});
inline constexpr Schema kPodIp({
    {1, "ip", kString},
});
inline constexpr Schema kResourceClaimStatus({
    {1, "name", kString},
    {2, "resourceClaimName", kString},
});
inline constexpr Schema kStatus({
    {1, "phase", kString},
    {2, "conditions", kMessage, &kPodCondition},
    {4, "reason", kString},
    {5, "hostIP", kString},
    {6, "podIP", kString},
    {7, "startTime", kTime},
    {8, "containerStatuses", kMessage, &kContainerStatus},
    {9, "qosClass", kString},
    {10, "initContainerStatuses", kMessage, &kContainerStatus},
    {12, "podIPs", kMessage, &kPodIp},
    {15, "resourceClaimStatuses", kMessage, &kResourceClaimStatus},
});
inline constexpr Schema kPod({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

}  // namespace exporter::kube::pods
