// SPDX-License-Identifier: Apache-2.0
// What the custom resource config makes of an object.

#include "custom/config.hpp"

#include <gtest/gtest.h>

#include "custom/metrics.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kObject = R"({
  "apiVersion": "example.com/v1", "kind": "Foo",
  "metadata": {"name": "foo", "labels": {"app.kubernetes.io/name": "bar", "tier": "1"}, "uid": "u"},
  "spec": {"version": "v1.2", "replicas": 3, "big": 12345678901, "fraction": 43.21, "on": true, "off": false, "nothing": null,
           "order": [{"id": 1, "value": true}, {"id": 3, "value": false}], "numbers": [1, 2.5], "mixed": ["a", 1, null],
           "memory": "1.5Gi", "cpu": "250m", "percent": "12%", "half": "12.5%", "since": "2022-06-28T00:00:00Z",
           "word": "hello", "yes": "Yes", "exponent": 1e3},
  "status": {"phase": "Pending", "active": {"type-a": 1, "type-b": 3},
             "conditions": [{"name": "a", "value": 45, "ok": true}, {"name": "b", "value": 66, "ok": false}],
             "sub": {"type-a": {"active": 1, "ready": 2}, "type-b": {"active": 3, "ready": 4}},
             "uptime": 43.21}
})";

/// One metric's samples, "{a=1,b=2} 3" a line.
std::string samples(const std::string& metric, std::string* problems = nullptr) {
  const auto config = parse_custom_config(
      "spec:\n resources:\n - groupVersionKind: {group: g, version: v, kind: k}\n   metrics: [" + metric +
      "]\n");
  if (!config) return "error: " + config.error().message;
  if (config->size() != 1 || config->front().metrics.size() != 1) return "left out";
  const auto object = Json::parse(kObject);
  EXPECT_TRUE(object) << object.error().message;
  std::string text;
  read_custom_metric(
      config->front().metrics.front(), *object,
      [&](std::span<const std::pair<std::string, std::string>> labels, double value) {
        text += '{';
        for (const auto& [name, is] : labels) text += (text.ends_with('{') ? "" : ",") + name + '=' + is;
        char room[32];
        std::snprintf(room, sizeof room, "%.17g", value);
        text += std::string("} ") + room + '\n';
      },
      [&](const std::string& what) {
        if (problems != nullptr) *problems += what + '\n';
      });
  return text;
}

std::string gauge(const std::string& settings) {
  return samples("{name: m, each: {type: Gauge, gauge: {" + settings + "}}}");
}

TEST(CustomMetric, GaugesTakeWhateverStandsForANumber) {
  const struct {
    const char* field;
    const char* expected;
  } cases[] = {{"replicas", "{} 3\n"},
               {"big", "{} 12345678901\n"},
               {"fraction", "{} 43.210000000000001\n"},
               {"on", "{} 1\n"},
               {"off", "{} 0\n"},
               {"yes", "{} 1\n"},
               {"memory", "{} 1610612736\n"},
               {"cpu", "{} 0.25\n"},
               {"percent", "{} 0.12\n"},
               {"half", ""},
               {"since", "{} 1656374400\n"},
               {"word", ""},
               {"nothing", ""},
               {"missing", ""},
               {"exponent", "{} 1000\n"}};
  for (const auto& c : cases)
    EXPECT_EQ(gauge(std::string("path: [spec, ") + c.field + "]"), c.expected) << c.field;
  EXPECT_EQ(gauge("path: [spec, missing], nilIsZero: true"), "{} 0\n");
}

TEST(CustomMetric, GaugesOfMapsAndLists) {
  EXPECT_EQ(gauge("path: [status, active], labelFromKey: type"), "{type=type-a} 1\n{type=type-b} 3\n");
  EXPECT_EQ(
      gauge("path: [status, sub], valueFrom: [active], labelFromKey: type, labelsFromPath: {ready: [ready]}"),
      "{ready=2,type=type-a} 1\n{ready=4,type=type-b} 3\n");
  EXPECT_EQ(gauge("path: [spec, order], valueFrom: [value], labelsFromPath: {id: [id]}"),
            "{id=1} 1\n{id=3} 0\n");
  EXPECT_EQ(gauge("path: [status, conditions, '[name=b]', value]"), "{} 66\n");
  EXPECT_EQ(gauge("path: [status, conditions, '[ok=false]', value]"), "{} 66\n");
  EXPECT_EQ(gauge("path: [status, conditions, '[value=45]', value]"), "{} 45\n");
  EXPECT_EQ(gauge("path: [spec, numbers, '-1']"), "{} 2.5\n");
  EXPECT_EQ(gauge("path: [spec, numbers, '7']"), "");
  EXPECT_EQ(gauge("path: [spec, numbers]"), "{} 1\n") << "nothing tells the second one apart";
  // A single step may name the map's own member.
  EXPECT_EQ(gauge("path: [status], valueFrom: [uptime], labelsFromPath: {phase: [phase]}"),
            "{phase=Pending} 43.210000000000001\n");
}

TEST(CustomMetric, InfosAndStateSets) {
  EXPECT_EQ(
      samples(
          "{name: m_info, each: {type: Info, info: {path: [spec], labelsFromPath: {version: [version]}}}}"),
      "{version=v1.2} 1\n");
  EXPECT_EQ(samples("{name: m_info, each: {type: info, info: {path: [status, active], labelFromKey: type}}}"),
            "{type=type-a} 1\n{type=type-b} 1\n");
  EXPECT_EQ(samples("{name: p, each: {type: StateSet, stateSet: {labelName: phase, path: [status, phase], "
                    "list: [Pending, Bar]}}}"),
            "{phase=Pending} 1\n{phase=Bar} 0\n");
  std::string problems;
  EXPECT_EQ(
      samples(
          "{name: p, each: {type: StateSet, stateSet: {labelName: x, path: [spec, replicas], list: [A]}}}",
          &problems),
      "");
  EXPECT_NE(problems, "");
}

TEST(CustomMetric, LabelsFromPathsAndTheirPrecedence) {
  EXPECT_EQ(samples("{name: m, commonLabels: {a: common, b: common}, labelsFromPath: {b: [metadata, name], "
                    "uid: [metadata, uid]}, "
                    "each: {type: Gauge, gauge: {path: [spec, replicas], labelsFromPath: {uid: []}}}}"),
            "{a=common,b=foo,uid=3} 3\n");
  EXPECT_EQ(samples("{name: m, labelsFromPath: {'*': [metadata, labels], 'lbl_*': [metadata, labels]}, each: "
                    "{type: Gauge, gauge: "
                    "{path: [spec, replicas]}}}"),
            "{app_kubernetes_io_name=bar,lbl_app_kubernetes_io_name=bar,lbl_tier=1,tier=1} 3\n");
  EXPECT_EQ(samples("{name: m, labelsFromPath: {list: [spec, mixed], map: [status, active], on: [spec, on], "
                    "big: [spec, big], up: "
                    "[status, uptime], 'a.b': [kind], none: [spec, nothing], out: [spec, numbers, '9']}, "
                    "each: {type: Gauge, gauge: "
                    "{path: [spec, replicas]}}}"),
            "{a_b=Foo,big=12345678901,list=[a 1 <nil>],map=map[type-a:1 type-b:3],on=true,up=43.21} 3\n");
}

TEST(CustomConfig, SaysWhatItLeavesOut) {
  for (const auto* metric : {"{name: m, each: {type: Counter}}", "{name: m, each: {type: Gauge}}",
                             "{name: 'a b', each: {type: Gauge, gauge: {}}}",
                             "{name: m, each: {type: Gauge, gauge: {path: ['[x]']}}}"}) {
    EXPECT_EQ(samples(metric), "left out") << metric;
  }
  EXPECT_FALSE(parse_custom_config("spec: [\n"));
  EXPECT_FALSE(parse_custom_config("spec: {resources: 5}"));
  EXPECT_TRUE(parse_custom_config(""));
}

TEST(CustomConfig, NamesAndWildcards) {
  const auto config = parse_custom_config(R"(
kind: CustomResourceStateMetrics
spec:
  resources:
  - groupVersionKind: {group: g, version: "*", kind: Foo}
    metricNamePrefix: ""
    metrics: [{name: bare, help: "What it is.", each: {type: gauge, gauge: {path: [a]}}}]
  - groupVersionKind: {group: g}
    metricNamePrefix: my
    metrics: [{name: own, each: {type: gauge, gauge: {path: [a]}}}]
)");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->size(), 2U);
  EXPECT_EQ((*config)[0].metrics[0].name, "bare");
  EXPECT_EQ((*config)[0].metrics[0].help, "What it is.");
  EXPECT_EQ((*config)[1].metrics[0].name, "my_own");
  EXPECT_TRUE((*config)[0].matches("g", "v1", "Foo"));
  EXPECT_FALSE((*config)[0].matches("g", "v1", "Bar"));
  EXPECT_TRUE((*config)[1].matches("g", "v2", "Bar"));
  EXPECT_FALSE((*config)[1].matches("h", "v2", "Bar"));
}

TEST(UnixSeconds, AreThoseOfRfc3339) {
  EXPECT_EQ(unix_seconds("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(unix_seconds("2000-02-29T12:30:15.5+01:30"), 951822015);
  EXPECT_EQ(unix_seconds("1960-01-01T00:00:00Z"), -315619200);
  for (const auto* text : {"2001-02-29T00:00:00Z", "2000-01-01T00:00:00", "2000-01-01 00:00:00Z",
                           "2000-01-01T24:00:00Z", "x", "2000-01-01T00:00:00.Z"}) {
    EXPECT_FALSE(unix_seconds(text)) << text;
  }
}

}  // namespace
}  // namespace exporter::kube
