// SPDX-License-Identifier: Apache-2.0
#pragma once

// Regular expressions with the syntax of Go and Prometheus (RE2), kept off the hot path: a Matcher remembers
// its answer for every name it was asked about, so that a scrape costs a look-up and not a match.

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter {

class EXPORTER_API Matcher {
 public:
  /// Compiles `pattern`, which may match anywhere in a name unless it is anchored. An error names the flag or
  /// setting it came from: "--collector.netdev.device-include: error parsing regexp: missing closing ]:
  /// `[a`". An empty pattern matches every name, as in Go.
  static Result<Matcher> make(std::string_view setting, std::string_view pattern);
  /// The whole name must match: an empty pattern matches the empty name only.
  static Result<Matcher> make_anchored(std::string_view setting, std::string_view pattern);

  Matcher();  ///< matches nothing; pattern_empty() is true
  ~Matcher();
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;

  /// Remembers up to 4096 names, then forgets all and begins again. One thread at a time.
  bool matches(std::string_view name) const;
  bool pattern_empty() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// An include list and an exclude list, as flag pairs give them: a name passes when the include pattern is
/// empty or matches, and the exclude pattern is empty or does not.
class EXPORTER_API NameFilter {
 public:
  NameFilter() = default;
  NameFilter(Matcher include, Matcher exclude) : include_(std::move(include)), exclude_(std::move(exclude)) {}
  static Result<NameFilter> make(std::string_view include_setting, std::string_view include,
                                 std::string_view exclude_setting, std::string_view exclude);
  bool passes(std::string_view name) const {
    return (include_.pattern_empty() || include_.matches(name)) &&
           (exclude_.pattern_empty() || !exclude_.matches(name));
  }
  /// Whether every name passes.
  bool passes_all() const { return include_.pattern_empty() && exclude_.pattern_empty(); }

 private:
  Matcher include_;
  Matcher exclude_;
};

}  // namespace exporter
