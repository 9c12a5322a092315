// SPDX-License-Identifier: Apache-2.0
#pragma once

// Gives back what only start-up needed.

namespace exporter::detail {

/// Called when everything is set up, and again when the first requests have been served: code that ran for
/// flags, regular expressions, opening files and help is unmapped (it comes back from the page cache if it is
/// ever run again), and freed heap goes back to the system.
void release_startup_memory();

}  // namespace exporter::detail
