// SPDX-License-Identifier: Apache-2.0
// Horizontal pod autoscalers: what they aim at, and where they are.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"namespace", "horizontalpodautoscaler"};

enum {
  kInfo,
  kGeneration,
  kMaxReplicas,
  kMinReplicas,
  kSpecTarget,
  kDownTolerance,
  kUpTolerance,
  kStatusTarget,
  kCurrentReplicas,
  kDesiredReplicas,
  kAnnotations,
  kLabels,
  kCondition,
  kCreated,
  kDeletionTimestamp,
};
constexpr Family kFamilies[] = {
    unique("kube_horizontalpodautoscaler_info", kExperimental, "What it scales.",
           "scaletargetref_api_version", "scaletargetref_kind", "scaletargetref_name"),
    unique("kube_horizontalpodautoscaler_metadata_generation", kStable, kGenerationHelp),
    shared("kube_horizontalpodautoscaler_spec_max_replicas", kStable, "Pods that it asks for at most."),
    shared("kube_horizontalpodautoscaler_spec_min_replicas", kStable, "Pods that it asks for at least."),
    shared("kube_horizontalpodautoscaler_spec_target_metric", kExperimental,
           "Values of metrics that it aims at.", "metric_name", "metric_target_type", "container"),
    shared("kube_horizontalpodautoscaler_spec_behavior_scale_down_tolerance", kExperimental,
           "Deviation below the aim that it leaves alone."),
    shared("kube_horizontalpodautoscaler_spec_behavior_scale_up_tolerance", kExperimental,
           "Deviation above the aim that it leaves alone."),
    unique("kube_horizontalpodautoscaler_status_target_metric", kStable, "Values that the metrics have.",
           "metric_name", "metric_target_type", "container"),
    shared("kube_horizontalpodautoscaler_status_current_replicas", kStable,
           "Pods that there were when it looked last."),
    shared("kube_horizontalpodautoscaler_status_desired_replicas", kStable, "Pods that it asks for."),
    unique("kube_horizontalpodautoscaler_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_horizontalpodautoscaler_labels", kStable, kLabelsHelp),
    shared("kube_horizontalpodautoscaler_status_condition", kStable, "1 for the status of each condition.",
           "condition", "status"),
    unique("kube_horizontalpodautoscaler_created", kExperimental, kCreatedHelp),
    unique("kube_horizontalpodautoscaler_deletion_timestamp", kExperimental, kDeletionHelp),
};

constexpr Schema kScaleTarget({
    {1, "kind", kString},
    {2, "name", kString},
    {3, "apiVersion", kString},
});
constexpr Schema kScalingRules({
    {4, "tolerance", kQuantity},
});
constexpr Schema kBehavior({
    {1, "scaleUp", kMessage, &kScalingRules},
    {2, "scaleDown", kMessage, &kScalingRules},
});
constexpr Schema kMetricIdentifier({
    {1, "name", kString},
});

constexpr Schema kTarget({
    {2, "value", kQuantity},
    {3, "averageValue", kQuantity},
    {4, "averageUtilization", kInteger},
});
constexpr Schema kObjectSource({
    {2, "target", kMessage, &kTarget},
    {3, "metric", kMessage, &kMetricIdentifier},
});
constexpr Schema kNamedSource({
    {1, "metric", kMessage, &kMetricIdentifier},
    {2, "target", kMessage, &kTarget},
});
constexpr Schema kResourceSource({
    {1, "name", kString},
    {2, "target", kMessage, &kTarget},
    {3, "container", kString},
});
constexpr Schema kMetricSpec({
    {1, "type", kString},
    {2, "object", kMessage, &kObjectSource},
    {3, "pods", kMessage, &kNamedSource},
    {4, "resource", kMessage, &kResourceSource},
    {5, "external", kMessage, &kNamedSource},
    {7, "containerResource", kMessage, &kResourceSource},
});

constexpr Schema kCurrent({
    {1, "value", kQuantity},
    {2, "averageValue", kQuantity},
    {3, "averageUtilization", kInteger},
});
constexpr Schema kNamedStatus({
    {1, "metric", kMessage, &kMetricIdentifier},
    {2, "current", kMessage, &kCurrent},
});
constexpr Schema kResourceStatus({
    {1, "name", kString},
    {2, "current", kMessage, &kCurrent},
    {3, "container", kString},
});
constexpr Schema kMetricStatus({
    {1, "type", kString},
    {2, "object", kMessage, &kNamedStatus},
    {3, "pods", kMessage, &kNamedStatus},
    {4, "resource", kMessage, &kResourceStatus},
    {5, "external", kMessage, &kNamedStatus},
    {7, "containerResource", kMessage, &kResourceStatus},
});

constexpr Schema kSpec({
    {1, "scaleTargetRef", kMessage, &kScaleTarget},
    {2, "minReplicas", kInteger},
    {3, "maxReplicas", kInteger},
    {4, "metrics", kMessage, &kMetricSpec},
    {5, "behavior", kMessage, &kBehavior},
});
constexpr Schema kStatus({
    {3, "currentReplicas", kInteger},
    {4, "desiredReplicas", kInteger},
    {5, "currentMetrics", kMessage, &kMetricStatus},
    {6, "conditions", kMessage, &kConditionSchema},
});
constexpr Schema kAutoscaler({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
    {3, "status", kMessage, &kStatus},
});

/// What a metric is called, and its values.
template <const auto& value_schema>
void read_values(FieldReader& in, Emit& emit, std::size_t family, std::string_view name,
                 std::string_view container, const WireField& values) {
  const auto [value, average, utilization] =
      in.pick<value_schema, "value", "averageValue", "averageUtilization">(values);
  if (value) emit(family, {name, "value", container}, in_thousandths(value));
  if (average) emit(family, {name, "average", container}, in_thousandths(average));
  if (utilization) emit(family, {name, "utilization", container}, utilization.integer());
}

template <const auto& schema, FieldName values_name, const auto& value_schema>
void read_named(FieldReader& in, Emit& emit, std::size_t family, const WireField& source) {
  const auto [metric, values] = in.pick<schema, "metric", values_name>(source);
  const auto [name] = in.pick<kMetricIdentifier, "name">(metric);
  read_values<value_schema>(in, emit, family, name.bytes, "", values);
}

template <const auto& schema, FieldName values_name, const auto& value_schema>
void read_resource(FieldReader& in, Emit& emit, std::size_t family, const WireField& source) {
  const auto [name, container, values] = in.pick<schema, "name", "container", values_name>(source);
  read_values<value_schema>(in, emit, family, name.bytes, container.bytes, values);
}

/// The type says which of the sources counts, though others may be there.
void read_metric_spec(FieldReader& in, Emit& emit, const WireField& metric) {
  const auto [type, object, pods, resource, external, container] =
      in.pick<kMetricSpec, "type", "object", "pods", "resource", "external", "containerResource">(metric);
  if (type.bytes == "Object") {
    read_named<kObjectSource, "target", kTarget>(in, emit, kSpecTarget, object);
  } else if (type.bytes == "Pods") {
    read_named<kNamedSource, "target", kTarget>(in, emit, kSpecTarget, pods);
  } else if (type.bytes == "Resource") {
    read_resource<kResourceSource, "target", kTarget>(in, emit, kSpecTarget, resource);
  } else if (type.bytes == "External") {
    read_named<kNamedSource, "target", kTarget>(in, emit, kSpecTarget, external);
  } else if (type.bytes == "ContainerResource") {
    read_resource<kResourceSource, "target", kTarget>(in, emit, kSpecTarget, container);
  }
}

void read_metric_status(FieldReader& in, Emit& emit, const WireField& metric) {
  const auto [type, object, pods, resource, external, container] =
      in.pick<kMetricStatus, "type", "object", "pods", "resource", "external", "containerResource">(metric);
  if (type.bytes == "Object") {
    read_named<kNamedStatus, "current", kCurrent>(in, emit, kStatusTarget, object);
  } else if (type.bytes == "Pods") {
    read_named<kNamedStatus, "current", kCurrent>(in, emit, kStatusTarget, pods);
  } else if (type.bytes == "Resource") {
    read_resource<kResourceStatus, "current", kCurrent>(in, emit, kStatusTarget, resource);
  } else if (type.bytes == "External") {
    read_named<kNamedStatus, "current", kCurrent>(in, emit, kStatusTarget, external);
  } else if (type.bytes == "ContainerResource") {
    read_resource<kResourceStatus, "current", kCurrent>(in, emit, kStatusTarget, container);
  }
}

void read_scale_target(FieldReader& in, Emit& emit, const WireField& target) {
  const auto [kind, name, api_version] = in.pick<kScaleTarget, "kind", "name", "apiVersion">(target);
  if (!api_version.bytes.empty()) return emit(kInfo, {api_version.bytes, kind.bytes, name.bytes}, 1);
  const std::string_view names[] = {"scaletargetref_kind", "scaletargetref_name"};
  const Text values[] = {kind.bytes, name.bytes};
  emit.sample(kInfo, names, values, 1);
}

void read_behavior(FieldReader& in, Emit& emit, const WireField& behavior) {
  const auto [up, down] = in.pick<kBehavior, "scaleUp", "scaleDown">(behavior);
  const auto [up_tolerance] = in.pick<kScalingRules, "tolerance">(up);
  const auto [down_tolerance] = in.pick<kScalingRules, "tolerance">(down);
  if (up_tolerance) emit(kUpTolerance, {}, as_written(up_tolerance));
  if (down_tolerance) emit(kDownTolerance, {}, as_written(down_tolerance));
}

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec, status] = in.pick<kAutoscaler, "metadata", "spec", "status">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name_space, meta.name});
  emit(kGeneration, {}, meta.generation);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  created(emit, kCreated, meta);
  deletion_timestamp(emit, kDeletionTimestamp, meta);

  const auto [target, min, max, behavior] =
      in.pick<kSpec, "scaleTargetRef", "minReplicas", "maxReplicas", "behavior">(spec);
  read_scale_target(in, emit, target);
  emit(kMinReplicas, {}, min ? min.integer() : 1);
  emit(kMaxReplicas, {}, max.integer());
  read_behavior(in, emit, behavior);
  in.each<kSpec, "metrics">(spec, [&](const WireField& metric) { read_metric_spec(in, emit, metric); });

  const auto [current, desired] = in.pick<kStatus, "currentReplicas", "desiredReplicas">(status);
  emit(kCurrentReplicas, {}, current.integer());
  emit(kDesiredReplicas, {}, desired.integer());
  in.each<kStatus, "currentMetrics">(status,
                                     [&](const WireField& metric) { read_metric_status(in, emit, metric); });
  conditions<kStatus, "conditions", kConditionSchema>(in, emit, kCondition, status);
  return !in.malformed();
}

}  // namespace

extern const Resource kHorizontalPodAutoscalers{
    .name = "horizontalpodautoscalers",
    .group = "autoscaling",
    .version = "v2",
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kAutoscaler,
    .read = read,
};

}  // namespace exporter::kube
