// SPDX-License-Identifier: Apache-2.0
// What a collector says that it exposes (CollectorSpec::metrics) is what --list-metrics and the documentation
// are made of: it has to hold what the collector exposes in its cases, and all that a table of facts asks
// for.

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "collector_case.hpp"

namespace exporter::node {
namespace {

using Labels = std::set<std::string, std::less<>>;

/// '*' stands for any characters.
bool matches(std::string_view pattern, std::string_view name) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const auto rest = pattern.substr(star + 1);
  for (auto tail = name.substr(star);; tail.remove_prefix(1)) {
    if (matches(rest, tail)) return true;
    if (tail.empty()) return false;
  }
}

Labels label_names(std::string_view series) {
  Labels names;
  auto at = series.find('{');
  while (at != std::string_view::npos && at + 1 < series.size()) {
    const auto equals = series.find("=\"", at);
    if (equals == std::string_view::npos) break;
    names.emplace(series.substr(at + 1, equals - at - 1));
    at = equals + 2;
    while (at < series.size() && series[at] != '"') at += series[at] == '\\' ? 2 : 1;
    ++at;
  }
  return names;
}

std::string text_of(const Labels& labels) {
  std::string text;
  for (const auto& label : labels) text += (text.empty() ? "" : ",") + label;
  return text;
}

/// Empty where the list has the family, else what is wrong. With `exact` the labels are the same; without it
/// some may be missing, as a machine may lack what they are read from.
std::string missing(std::span<const MetricInfo> list, std::string_view family, std::string_view type,
                    const Labels& labels, bool exact) {
  auto fixed = labels;
  fixed.erase("*");
  std::string near;
  for (const auto& info : list) {
    const bool two_patterns = family.ends_with('*') && info.name.ends_with('*') &&
                              info.name.starts_with(family.substr(0, family.size() - 1));
    if (!two_patterns && !matches(info.name, family)) continue;
    if (info.name == "*") return {};  // whatever someone else writes
    const Labels listed(info.labels.begin(), info.labels.end());
    // A fact's label '*' stands for more that a machine may have.
    const bool same =
        exact && !labels.contains("*") ? listed == labels : std::ranges::includes(listed, fixed);
    if (type_name(info.type) == type && same) return {};
    near = ", listed as " + std::string(type_name(info.type)) + " {" + text_of(listed) + "}";
  }
  return std::string(family) + ' ' + std::string(type) + " {" + text_of(labels) + "}" +
         (near.empty() ? ": not listed" : near);
}

/// Labels that only a flag adds; the facts do not count them.
constexpr std::string_view kLabelsByFlag[] = {"ifalias",
                                              "index",
                                              "class_name",
                                              "vendor_name",
                                              "device_name",
                                              "subsystem_vendor_name",
                                              "subsystem_device_name"};

class CollectorList : public ::testing::TestWithParam<std::string> {};

TEST_P(CollectorList, HasWhatTheCaseExposes) {
  const std::string name = GetParam().substr(0, GetParam().find('/'));
  testing::CollectorRun run(name, std::filesystem::path(TEST_SOURCE_DIR) / "fixtures/node" / GetParam());
  ASSERT_NE(run.spec(), nullptr) << "no collector " << name;
  run.collect();
  const auto page = exporter::testing::parse_exposition(run.page());
  for (const auto& [series, value] : page.samples) {
    const auto family = std::string_view(series).substr(0, series.find('{'));
    const auto type = page.types.find(std::string(family));
    const auto type_text = type == page.types.end() ? std::string("untyped") : type->second;
    auto labels = label_names(series);
    auto problem = missing(run.spec()->metrics, family, type_text, labels, false);
    if (!problem.empty()) {
      for (const auto label : kLabelsByFlag) labels.erase(std::string(label));
      problem = missing(run.spec()->metrics, family, type_text, labels, false);
    }
    EXPECT_EQ(problem, "");
  }
}

INSTANTIATE_TEST_SUITE_P(Node, CollectorList, ::testing::ValuesIn(testing::cases()),
                         [](const auto& test) { return sanitize_name(test.param); });

TEST(CollectorTable, IsSortedAndSaysWhatItExposes) {
  std::string_view last;
  for (const auto& entry : collectors()) {
    EXPECT_LT(last, entry.name);
    last = entry.name;
    EXPECT_FALSE(entry.spec->description.empty()) << entry.name;
    EXPECT_FALSE(entry.spec->metrics.empty()) << entry.name;
    for (const auto& info : entry.spec->metrics) {
      EXPECT_TRUE(info.help.ends_with('.') && !info.help.contains('\n')) << info.name << ": " << info.help;
    }
  }
}

/// A table of facts, where there is one: family, type, labels, group (the collector), default (yes or no),
/// ...
std::string facts() {
  const char* folder = std::getenv("EXPORTER_SHARED");
  const std::filesystem::path shared = folder ? folder : TEST_SOURCE_DIR "/../../shared";
  return exporter::testing::read_text(shared / "parity/node.tsv");
}

TEST(CollectorTable, HasAllThatTheFactsAskFor) {
  const auto table = facts();
  if (table.empty()) GTEST_SKIP() << "no table of facts here";
  std::set<std::string, std::less<>> problems;
  for (const auto line : Lines(table)) {
    auto rest = line;
    const auto family = take_until(rest, '\t');
    const auto type = take_until(rest, '\t');
    auto label_list = take_until(rest, '\t');
    const auto group = take_until(rest, '\t');
    if (take_until(rest, '\t') != "yes") continue;
    const auto all = collectors();
    const auto entry = std::ranges::find(all, group, &CollectorEntry::name);
    if (entry == all.end()) continue;  // of the exporter itself
    if (!entry->spec) {
      problems.insert("no collector " + std::string(group));
      continue;
    }
    if (!family.starts_with("node_")) continue;
    Labels labels;
    while (!label_list.empty()) labels.emplace(take_until(label_list, ','));
    if (auto problem = missing(entry->spec->metrics, family, type, labels, true); !problem.empty()) {
      problems.insert(std::string(group) + ": " + problem);
    }
  }
  for (const auto& problem : problems) ADD_FAILURE() << problem;
}

}  // namespace
}  // namespace exporter::node
