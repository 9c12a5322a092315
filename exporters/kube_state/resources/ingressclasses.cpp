// SPDX-License-Identifier: Apache-2.0
// Ingress classes: the controllers that serve them.

#include "resources/common.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommonLabels[] = {"ingressclass"};

enum { kInfo, kCreated, kAnnotations, kLabels };
constexpr Family kFamilies[] = {
    shared("kube_ingressclass_info", kExperimental, "The controller of a class.", "controller"),
    unique("kube_ingressclass_created", kExperimental, kCreatedHelp),
    unique("kube_ingressclass_annotations", kExperimental, kAnnotationsHelp),
    unique("kube_ingressclass_labels", kExperimental, kLabelsHelp),
};

constexpr Schema kSpec({
    {1, "controller", kString},
});
constexpr Schema kIngressClass({
    {1, "metadata", kMessage, &kObjectMetaSchema},
    {2, "spec", kMessage, &kSpec},
});

bool read(std::string_view wire, Emit& emit) {
  FieldReader in;
  const auto [metadata, spec] = in.pick<kIngressClass, "metadata", "spec">(wire);
  const auto meta = read_meta(in, metadata);
  identity(emit, meta, {meta.name});
  const auto [controller] = in.pick<kSpec, "controller">(spec);
  emit(kInfo, {controller.bytes}, 1);
  created(emit, kCreated, meta);
  annotations(in, emit, kAnnotations, meta);
  labels(in, emit, kLabels, meta);
  return !in.malformed();
}

}  // namespace

extern const Resource kIngressClasses{
    .name = "ingressclasses",
    .group = "networking.k8s.io",
    .version = "v1",
    .namespaced = false,
    .on_by_default = false,
    .common_labels = kCommonLabels,
    .families = kFamilies,
    .schema = &kIngressClass,
    .read = read,
};

}  // namespace exporter::kube
