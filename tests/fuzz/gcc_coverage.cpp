// SPDX-License-Identifier: Apache-2.0

// Lets libFuzzer, which is clang's, guide code that gcc compiled: the clang of Debian 12 has no <expected>.
// gcc calls
// __sanitizer_cov_trace_pc in each basic block; here that becomes the counters that libFuzzer reads. This
// file itself must be compiled without -fsanitize-coverage.

#include <cstdint>

namespace {
constexpr std::uintptr_t kCounters = 1U << 16;
std::uint8_t g_counters[kCounters];
}  // namespace

extern "C" {

void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);

void __sanitizer_cov_trace_pc() {
  const auto address = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  ++g_counters[(address ^ (address >> 16)) % kCounters];
}

// gcc also reports comparisons of floating point numbers, which libFuzzer knows nothing of.
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}

__attribute__((constructor)) void register_counters() {
  __sanitizer_cov_8bit_counters_init(g_counters, g_counters + kCounters);
}
}
