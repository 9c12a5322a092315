// SPDX-License-Identifier: Apache-2.0
// Lets libFuzzer, which is clang's, guide code that gcc compiled: the clang of Debian 12 has no <expected>.
// gcc calls __sanitizer_cov_trace_pc in each basic block; here that becomes the counters that libFuzzer
// reads. This file itself must be compiled without -fsanitize-coverage.

#include <cstdint>

extern "C" const char __executable_start;  // the linker's: where this program was loaded

namespace {

constexpr std::uintptr_t kCounters = 1U << 17;
std::uint8_t g_counters[kCounters];

/// libFuzzer only counts these, for the "cov:" of its progress.
struct Place {
  std::uintptr_t address;
  std::uintptr_t flags;
};
Place g_places[kCounters];

}  // namespace

extern "C" {

void __sanitizer_cov_8bit_counters_init(std::uint8_t* begin, std::uint8_t* end);
void __sanitizer_cov_pcs_init(const std::uintptr_t* begin, const std::uintptr_t* end);

void __sanitizer_cov_trace_pc() {
  // The same block has the same counter in each process, so that corpora can be merged.
  const auto offset = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0)) -
                      reinterpret_cast<std::uintptr_t>(&__executable_start);
  ++g_counters[(offset ^ (offset >> 17)) % kCounters];
}

// gcc also reports comparisons of floating point numbers, which libFuzzer knows nothing of.
void __sanitizer_cov_trace_cmpf(float, float) {}
void __sanitizer_cov_trace_cmpd(double, double) {}

__attribute__((constructor)) void register_counters() {
  for (std::uintptr_t i = 0; i < kCounters; ++i) g_places[i].address = i + 1;
  __sanitizer_cov_8bit_counters_init(g_counters, g_counters + kCounters);
  __sanitizer_cov_pcs_init(reinterpret_cast<const std::uintptr_t*>(g_places),
                           reinterpret_cast<const std::uintptr_t*>(g_places + kCounters));
}
}
