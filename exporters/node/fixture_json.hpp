// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the JSON files that stand in for the kernel's answers in tests (--collector.qdisc.fixtures and
// --collector.wifi.fixtures): one object, or an array of objects, whose values are numbers and strings.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <exporter/result.hpp>
#include <exporter/text.hpp>

namespace exporter::node {

class FixtureObject {
 public:
  /// Keys are compared without regard to case, as Go does.
  std::string_view text(std::string_view lower_case_key) const;
  /// 0 where there is no such number.
  double number(std::string_view lower_case_key) const;
  /// A string of base64, as Go writes bytes.
  std::string bytes(std::string_view lower_case_key) const;

  void add(std::string key, std::string value) { members_.emplace_back(std::move(key), std::move(value)); }

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

Result<std::vector<FixtureObject>> parse_fixture(std::string_view json);

}  // namespace exporter::node
