// SPDX-License-Identifier: Apache-2.0

// Stands for RE2's header of this name where RE2 is compiled for exporters: what it would log is dropped (callers ask
// RE2::error()), and with it the C++ streams that it would be written by. A failed check still ends the program.

#pragma once

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "util/util.h"

struct DroppedMessage {
  template <class T>
  const DroppedMessage& operator<<(const T&) const {
    return *this;
  }
};

struct FatalMessage : DroppedMessage {
  ~FatalMessage() { std::abort(); }
};

#define LOG_INFO DroppedMessage()
#define LOG_WARNING DroppedMessage()
#define LOG_ERROR DroppedMessage()
#define LOG_DFATAL DroppedMessage()
#define LOG_FATAL FatalMessage()
#define LOG(severity) LOG_##severity
#define VLOG(level) LOG_INFO

#define DCHECK(condition) assert(condition)
#define DCHECK_EQ(a, b) DCHECK((a) == (b))
#define DCHECK_NE(a, b) DCHECK((a) != (b))
#define DCHECK_LE(a, b) DCHECK((a) <= (b))
#define DCHECK_LT(a, b) DCHECK((a) < (b))
#define DCHECK_GE(a, b) DCHECK((a) >= (b))
#define DCHECK_GT(a, b) DCHECK((a) > (b))

#define CHECK(condition) \
  if (condition) {       \
  } else                 \
    FatalMessage()
#define CHECK_EQ(a, b) CHECK((a) == (b))
#define CHECK_NE(a, b) CHECK((a) != (b))
#define CHECK_LE(a, b) CHECK((a) <= (b))
#define CHECK_LT(a, b) CHECK((a) < (b))
#define CHECK_GE(a, b) CHECK((a) >= (b))
#define CHECK_GT(a, b) CHECK((a) > (b))
