// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which of an object's labels (or annotations) are exposed: --metric-labels-allowlist and
// --metric-annotations-allowlist.
//
//     auto lists = parse_allow_lists("pods=[app,team-*],nodes=[*]");
//     auto choices = AllowLists::make(*lists);
//     const LabelChoice choice = choices->choice("pods");
//     if (choice.on()) ... for each entry: if (choice.picks(key)) ...

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/result.hpp>

namespace exporter::kube {

/// The keys that an allow-list names for one resource. Without a list there is no series at all; with one
/// every object has a series, even where none of its keys is picked.
class LabelChoice {
 public:
  LabelChoice() = default;  ///< no allow-list
  static LabelChoice all();
  /// "*" as the first key picks all, and is nothing further back. A key may have one "*", which stands for
  /// any text; two are an error.
  static Result<LabelChoice> of(const std::vector<std::string>& keys);

  bool on() const { return on_; }
  bool picks(std::string_view key) const;

 private:
  struct Wildcard {
    std::string head, tail;
  };
  bool on_ = false;
  bool all_ = false;
  std::vector<std::string> exact_;  // sorted
  std::vector<Wildcard> wildcards_;
};

/// An allow-list as it was given.
struct AllowList {
  std::string resource;
  std::vector<std::string> keys;
  bool operator==(const AllowList&) const = default;
};

/// "pods=[a,b*],nodes=[*],*=[c]". Text without '=' is taken for no list, as it always was.
Result<std::vector<AllowList>> parse_allow_lists(std::string_view text);

/// Allow-lists by resource. A list for "*" holds for all resources and overrides the others.
class AllowLists {
 public:
  static Result<AllowLists> make(const std::vector<AllowList>& lists);
  LabelChoice choice(std::string_view resource) const;
  /// The resources that are named, but for "*".
  std::vector<std::string_view> resources() const;

 private:
  std::map<std::string, LabelChoice, std::less<>> by_resource_;
};

}  // namespace exporter::kube
