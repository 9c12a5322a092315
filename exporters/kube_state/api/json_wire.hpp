// SPDX-License-Identifier: Apache-2.0
#pragma once

// Writes a JSON object again in protobuf's wire format, by a schema.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <exporter/result.hpp>

#include "api/schema.hpp"

namespace exporter::kube {

/// Appends the message that `json`, an object, stands for. An error says where it isn't what the schema
/// wants; what was appended is of no use then.
Status append_wire(std::string_view json, const MessageSchema& schema, std::string& out);

/// Appends a field with bytes: a string, a message.
void append_field(std::uint32_t number, std::string_view bytes, std::string& out);

struct Timestamp {
  std::int64_t seconds = 0;  ///< since 1970
  std::uint32_t nanos = 0;
};
/// "2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05+01:00".
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace exporter::kube
