// SPDX-License-Identifier: Apache-2.0
#pragma once

// EXPORTER_API marks what libexporter's shared libraries show; all else stays inside of them.

#ifdef EXPORTER_SHARED  // while a shared library of ours is compiled; its users need no mark
#define EXPORTER_API __attribute__((visibility("default")))
#else
#define EXPORTER_API
#endif
