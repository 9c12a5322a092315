// SPDX-License-Identifier: Apache-2.0
// What running collectors and running probes share.
#pragma once

#include <exception>

#include <exporter/metric_filter.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

namespace exporter::detail {

/// Calls what others wrote; an exception is an error like any other.
template <class Function>
Status guarded(Function function) {
  try {
    return function();
  } catch (const std::exception& e) {
    return fail(Code::kInternal, e.what());
  } catch (...) {
    return fail(Code::kInternal, "unknown exception");
  }
}

/// Lets the sink leave out, from its next clear() on, what is not chosen. `choice` must live as long.
inline void leave_out_others(Sink& sink, const FamilyChoice& choice) {
  if (choice.all()) return sink.set_filter(nullptr, nullptr);
  sink.set_filter(
      [](const void* context, std::string_view family) {
        return static_cast<const FamilyChoice*>(context)->has(family);
      },
      &choice);
}

}  // namespace exporter::detail
