// SPDX-License-Identifier: Apache-2.0
// Label and annotation allow-lists: their grammar, and what they pick.

#include "policy/label_choice.hpp"

#include <algorithm>

#include <exporter/text.hpp>

namespace exporter::kube {

LabelChoice LabelChoice::all() {
  LabelChoice choice;
  choice.on_ = choice.all_ = true;
  return choice;
}

Result<LabelChoice> LabelChoice::of(const std::vector<std::string>& keys) {
  if (!keys.empty() && keys.front() == "*") return all();
  LabelChoice choice;
  choice.on_ = true;
  for (const auto& key : keys) {
    if (key == "*") continue;
    const auto star = key.find('*');
    if (star == std::string::npos) {
      choice.exact_.push_back(key);
      continue;
    }
    if (key.find('*', star + 1) != std::string::npos) {
      return fail(Code::kInvalid, "\"" + key + "\" has more than one \"*\"; one is allowed");
    }
    choice.wildcards_.push_back({key.substr(0, star), key.substr(star + 1)});
  }
  std::ranges::sort(choice.exact_);
  return choice;
}

bool LabelChoice::picks(std::string_view key) const {
  if (!on_) return false;
  if (all_ || std::ranges::binary_search(exact_, key)) return true;
  return std::ranges::any_of(wildcards_, [key](const Wildcard& wildcard) {
    return key.size() >= wildcard.head.size() + wildcard.tail.size() && key.starts_with(wildcard.head) &&
           key.ends_with(wildcard.tail);
  });
}

Result<AllowLists> AllowLists::make(const std::vector<AllowList>& lists) {
  AllowLists result;
  for (const auto& list : lists) {
    auto choice = LabelChoice::of(list.keys);
    if (!choice) return fail(Code::kInvalid, list.resource + ": " + choice.error().message);
    result.by_resource_.insert_or_assign(list.resource, std::move(*choice));
  }
  return result;
}

LabelChoice AllowLists::choice(std::string_view resource) const {
  auto it = by_resource_.find("*");
  if (it == by_resource_.end()) it = by_resource_.find(resource);
  return it == by_resource_.end() ? LabelChoice() : it->second;
}

std::vector<std::string_view> AllowLists::resources() const {
  std::vector<std::string_view> names;
  for (const auto& [name, choice] : by_resource_) {
    if (name != "*") names.push_back(name);
  }
  return names;
}

Result<std::vector<AllowList>> parse_allow_lists(std::string_view text) {
  std::vector<AllowList> lists;
  while (!text.empty()) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) break;
    const auto resource = trim(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    const auto open = text.find('[');
    const auto close = text.find(']');
    if (resource.empty() || open == std::string_view::npos || close == std::string_view::npos ||
        !trim(text.substr(0, open)).empty() || close < open) {
      return fail(Code::kInvalid, "malformed at \"" + std::string(resource) +
                                      "=\"; write it as resource=[key1,key2],resource2=[*]");
    }
    std::vector<std::string> keys;
    for (auto list = text.substr(open + 1, close - open - 1); !list.empty();) {
      const auto key = trim(take_until(list, ','));
      if (!key.empty()) keys.emplace_back(key);
    }
    lists.push_back({std::string(resource), std::move(keys)});
    text = trim(text.substr(close + 1));
    if (text.starts_with(',')) text = trim(text.substr(1));
  }
  return lists;
}

}  // namespace exporter::kube
