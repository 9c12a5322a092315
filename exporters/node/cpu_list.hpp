// SPDX-License-Identifier: Apache-2.0
#pragma once

// The kernel's way of writing sets of CPUs: "0-3,8,10-14:2".

#include <optional>
#include <string_view>
#include <vector>

#include <exporter/text.hpp>

namespace exporter::node {

/// Nothing where `text` is no list of CPUs. An empty text is an empty list.
inline std::optional<std::vector<unsigned>> parse_cpu_list(std::string_view text) {
  constexpr unsigned kMaxCpus =
      1 << 16;  // far above any kernel's limit: keeps a bad list from filling the memory
  std::vector<unsigned> cpus;
  for (auto rest = trim(text); !rest.empty();) {
    auto last = take_until(rest, ',');
    auto step_text = last;
    last = take_until(step_text, ':');
    const auto first = take_until(last, '-');
    const auto from = parse<unsigned>(first);
    const auto to = last.empty() ? from : parse<unsigned>(last);
    const auto step = step_text.empty() ? 1 : parse<unsigned>(step_text).value_or(0);
    if (!from || !to || step == 0 || *to < *from || *to >= kMaxCpus) return std::nullopt;
    for (unsigned cpu = *from; cpu <= *to; cpu += step) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace exporter::node
