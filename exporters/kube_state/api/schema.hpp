// SPDX-License-Identifier: Apache-2.0
#pragma once

// How a JSON object becomes the wire format that resources read: a server (or a proxy) that doesn't answer in
// protobuf sends JSON, which is written again with these numbers, so that a resource has one reader. Only the
// fields that some resource reads stand in the tables; others are skipped. Numbers are those of the
// generated.proto files of k8s.io/api and k8s.io/apimachinery.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace exporter::kube {

enum class FieldKind : std::uint8_t {
  kString,
  kInteger,  ///< a JSON number without a fraction
  kBool,
  kBytes,        ///< base64 in JSON
  kMessage,      ///< an object described by `message`
  kTime,         ///< RFC 3339 in JSON; Time{1 seconds, 2 nanos}
  kQuantity,     ///< a string or number in JSON; Quantity{1 string}
  kIntOrString,  ///< IntOrString{1 type (0 integer, 1 string), 2 integer, 3 string}
  kStringMap,    ///< entries {1 key, 2 value}, value a string
  kQuantityMap,  ///< entries {1 key, 2 value}, value a Quantity
  kBytesMap,     ///< entries {1 key, 2 value}, value bytes
  kMessageMap,   ///< entries {1 key, 2 value}, value described by `message`
  kPresence,     ///< any value: an empty message, since only its being there matters
  kInline,       ///< `message`, whose fields stand in the JSON object itself; `json` only names it to readers
};

struct MessageSchema;

struct FieldSchema {
  std::uint32_t number;
  std::string_view json;  ///< its name in JSON; an array there is a repeated field here
  FieldKind kind;
  const MessageSchema* message = nullptr;
};

struct MessageSchema {
  std::span<const FieldSchema> fields;
};

/// A schema with its table in it, for constants: `constexpr Schema kTaint({{1, "key", FieldKind::kString},
/// ...});`
template <std::size_t N>
struct Schema : MessageSchema {
  // NOLINTNEXTLINE(google-explicit-constructor): written as a list of fields
  constexpr Schema(const FieldSchema (&list)[N]) : MessageSchema{table} {
    for (std::size_t i = 0; i < N; ++i) table[i] = list[i];
  }
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  FieldSchema table[N]{};
};

}  // namespace exporter::kube
