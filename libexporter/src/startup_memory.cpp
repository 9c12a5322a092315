// SPDX-License-Identifier: Apache-2.0
// Gives back what only start-up needed: a sidecar's resident memory is mostly its own code.

#include "detail/startup_memory.hpp"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace exporter::detail {
namespace {

/// Pages of segments that are never written to are the file's own, so dropping them loses nothing.
int drop_read_only_segments(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = (object->dlpi_addr + segment.p_vaddr + segment.p_filesz) & ~(page - 1);
    // NOLINTNEXTLINE(performance-no-int-to-ptr): program headers hold addresses as numbers
    if (end > begin) (void)madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 1;  // the executable comes first; shared libraries are other processes' too
}

}  // namespace

void release_startup_memory() {
  malloc_trim(0);
  dl_iterate_phdr(drop_read_only_segments, nullptr);
}

}  // namespace exporter::detail
