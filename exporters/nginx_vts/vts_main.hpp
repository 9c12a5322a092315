// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the VTS page says of nginx as a whole.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace exporter::nginx_vts {

inline constexpr std::array<std::string_view, 7> kConnectionStates = {
    "active", "reading", "waiting", "writing", "accepted", "handled", "requests"};
inline constexpr std::array<std::string_view, 4> kSharedKeys = {"maxSize", "usedSize", "usedNode",
                                                                "freeSize"};

struct Main {
  std::string host{}, nginx_version{}, module_version{};
  std::int64_t load_msec = 0, now_msec = 0;
  std::array<std::uint64_t, kConnectionStates.size()> connections{};
  std::string shared_zone{};
  std::array<std::uint64_t, kSharedKeys.size()> shared{};
};

}  // namespace exporter::nginx_vts
