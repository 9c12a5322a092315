// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which families an exporter exposes: --metrics.include and --metrics.exclude for all scrapes, name[] for
// one. A Sink leaves out what they don't let through before it is written, and the Runner does not even start
// a collector none of whose families is wanted.

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/metric.hpp>
#include <exporter/regex.hpp>
#include <exporter/result.hpp>

namespace exporter {

/// The families that a scrape names: all where it names none.
class EXPORTER_API NameSelection {
 public:
  NameSelection() = default;
  /// Names as they stand in name[]; one may be that of a histogram's or summary's part.
  explicit NameSelection(const std::vector<std::string_view>& names);

  bool all() const { return names_.empty(); }
  bool has(std::string_view family) const;
  /// Whether some family fits `pattern`, a name that may end in '*' or have one in it.
  bool has_like(std::string_view pattern) const;
  friend bool operator==(const NameSelection&, const NameSelection&) = default;

 private:
  std::vector<std::string> names_;  // sorted
};

/// Any thread: answers are remembered under a lock.
class EXPORTER_API MetricFilter {
 public:
  /// Patterns must match whole names; empty ones don't count. A family is exposed when one of `include`
  /// matches, or there is none, and none of `exclude` does.
  static Result<std::shared_ptr<const MetricFilter>> make(const std::vector<std::string>& include,
                                                          const std::vector<std::string>& exclude);

  bool passes(std::string_view family) const;
  /// Whether nothing is filtered.
  bool empty() const { return names_.passes_all(); }

 private:
  mutable std::mutex mutex_;
  NameFilter names_;
};

/// What a page is to have: what its request names, of what the filter lets through. The filter may be null.
struct FamilyChoice {
  const MetricFilter* filter = nullptr;
  NameSelection names{};

  bool all() const { return !filter && names.all(); }
  bool has(std::string_view family) const { return names.has(family) && (!filter || filter->passes(family)); }
};

/// Whether a collector with these families has anything to do. One whose families aren't known always has.
EXPORTER_API bool anything_wanted(std::span<const MetricInfo> families, const MetricFilter* filter,
                                  const NameSelection& names);

}  // namespace exporter
