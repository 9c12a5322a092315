// SPDX-License-Identifier: Apache-2.0
#pragma once

// The page of nginx's stub_status module, and the families made of it.

#include <cstdint>
#include <span>
#include <string_view>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

namespace exporter::nginx {

struct StubStatus {
  std::int64_t active = 0;
  std::int64_t accepted = 0;
  std::int64_t handled = 0;
  std::int64_t requests = 0;
  std::int64_t reading = 0;
  std::int64_t writing = 0;
  std::int64_t waiting = 0;
};

/// Reads the module's four lines. What follows them is ignored; a page with other fields (a fork of nginx, an
/// HTML page) is kInvalid.
Result<StubStatus> parse_stub_status(std::string_view page);

void write_stub_status(Sink& sink, const StubStatus& status);

/// nginx_up.
void write_stub_up(Sink& sink, bool up);

std::span<const MetricInfo> stub_status_metrics();

}  // namespace exporter::nginx
