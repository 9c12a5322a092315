// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a fuzz target may define beside LLVMFuzzerTestOneInput, for run.cpp.

#include <cstdint>
#include <functional>
#include <span>

namespace exporter::fuzz {

using Input = std::span<const std::uint8_t>;

/// Calls `use` with each input that is worth to begin with and that the target can make itself.
[[gnu::weak]] void seeds(const std::function<void(Input)>& use);

}  // namespace exporter::fuzz
