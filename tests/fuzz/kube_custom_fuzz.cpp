// SPDX-License-Identifier: Apache-2.0
// The custom resource config, objects that it reads, allow-lists, metric filters, values and the --config
// file. The first byte tells which.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <exporter/log.hpp>

#include "config.hpp"
#include "custom/config.hpp"
#include "custom/metrics.hpp"
#include "custom/resources.hpp"
#include "fuzz.hpp"
#include "policy/label_choice.hpp"
#include "policy/metric_filter.hpp"

namespace {

constexpr std::string_view kConfig = R"(spec:
  resources:
  - groupVersionKind: {group: g, version: "*", kind: K}
    labelsFromPath: {"*": [metadata, labels], "p_*": [spec], name: [metadata, name], last: [spec, list, "-1"]}
    metrics:
    - {name: g1, each: {type: Gauge, gauge: {path: [spec], labelFromKey: k, labelsFromPath: {x: [a]}}}}
    - {name: g2, each: {type: Gauge, gauge: {path: [spec, list], valueFrom: [v], nilIsZero: true}}}
    - {name: g3, each: {type: Gauge, gauge: {path: [spec, list, "[a=1]", "a=1"]}}}
    - {name: i1, each: {type: Info, info: {path: [status], labelFromKey: k, labelsFromPath: {x: []}}}}
    - {name: s1, each: {type: StateSet, stateSet: {path: [status, phase], labelName: p, list: [A, B]}}}
)";

void read_all(const std::vector<exporter::kube::CustomResource>& config, std::string_view text) {
  const auto object = exporter::kube::Json::parse(text);
  if (!object) return;
  (void)exporter::kube::Definition::parse(*object);
  for (const auto& resource : config) {
    for (const auto& metric : resource.metrics) {
      exporter::kube::read_custom_metric(
          metric, *object, [](std::span<const std::pair<std::string, std::string>>, double) {},
          [](const std::string&) {});
    }
  }
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  const std::string inputs[] = {
      "0" + std::string(kConfig),
      R"(1{"metadata":{"name":"n","labels":{"a/b":"c"}},"spec":{"a":"5m","list":[{"a":1,"v":true},{"a":"1"}]},"status":{"phase":"A","x":null}})",
      "2pods=[a,b*],*=[*]",
      "3^kube_(?!pod_)a|(?<=x)b",
      "42026-01-02T03:04:05.5+01:00",
      "412%",
      "5port: 80\nresources: {pods: {}}\nnamespaces: [a]\nmetric-allowlist: {a: {}}\nlabels_allow_list: "
      "{pods: [a]}\n"};
  for (const auto& input : inputs) use({reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace exporter::kube;
  static const auto config = *parse_custom_config(kConfig);
  if (size == 0) return 0;
  exporter::log::configure(static_cast<exporter::log::Level>(255), exporter::log::Format::kLogfmt);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case '0':
      if (auto parsed = parse_custom_config(text)) read_all(*parsed, R"({"spec":{"a":[1,{"b":"2"}]}})");
      break;
    case '1':
      read_all(config, text);
      break;
    case '2':
      if (auto lists = parse_allow_lists(text)) (void)AllowLists::make(*lists);
      break;
    case '3':
      if (auto filter = MetricFilter::make({std::string(text)}, {}, {}))
        (void)filter->passes("kube_pod_info");
      break;
    case '5': {
      Options options;
      (void)apply_config(text, options);
      break;
    }
    default:
      (void)text_number(text);
      break;
  }
  return 0;
}
