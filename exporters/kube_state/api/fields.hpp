// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads messages by the names of their fields, which a schema turns into numbers while compiling: the one
// table that transcodes an object from JSON also reads it.
//
//     FieldReader in;
//     const auto [replicas, paused] = in.pick<kSpec, "replicas", "paused">(spec);
//     if (replicas) emit(kSpecReplicas, {}, replicas.integer());
//     for (const auto& condition : in.each<kStatus, "conditions">(status)) ...
//     return !in.malformed();

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/schema.hpp"
#include "api/wire.hpp"

namespace exporter::kube {

/// A field's name as a template argument.
template <std::size_t N>
struct FieldName {
  // NOLINTNEXTLINE(google-explicit-constructor): written as a literal
  consteval FieldName(const char (&literal)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = literal[i];
  }
  constexpr std::string_view view() const { return {text, N - 1}; }
  char text[N]{};
};

/// The number of a field that the schema names; a name that it doesn't have fails to compile.
template <const auto& schema, FieldName name>
consteval std::uint32_t number_of() {
  for (const auto& field : schema.table) {
    if (field.json == name.view()) return field.number;
  }
  throw "the schema has no such field";
}

/// An entry of a map, {1 key, 2 value}.
struct MapEntry {
  std::string_view key = "";
  WireField value;
};

/// What is done with each field of that name.
template <FieldName field_name, class Use>
struct On {
  static constexpr auto name = field_name;
  Use use;
};
template <FieldName name, class Use>
On<name, Use> on(Use use) {
  return {use};
}

/// Walks the messages of one object, and notes whether any of them is malformed.
class FieldReader {
 public:
  /// The fields of those names; one that isn't there is false.
  template <const auto& schema, FieldName... names>
  std::array<WireField, sizeof...(names)> pick(std::string_view message) {
    std::array<WireField, sizeof...(names)> found{};
    Message fields(message);
    WireField field;
    while (fields.next(field)) {
      std::size_t i = 0;
      (void)((field.number == number_of<schema, names>() ? (found[i] = field, true) : (++i, false)) || ...);
    }
    malformed_ |= fields.malformed();
    return found;
  }

  template <const auto& schema, FieldName... names>
  std::array<WireField, sizeof...(names)> pick(const WireField& message) {
    return pick<schema, names...>(message.bytes);
  }

  /// Calls `use` with each field of a repeated one.
  template <const auto& schema, FieldName name, class Use>
  void each(const WireField& message, Use use) {
    each<schema, name>(message.bytes, use);
  }
  template <const auto& schema, FieldName name, class Use>
  void each(std::string_view message, Use use) {
    Message fields(message);
    WireField field;
    while (fields.next(field)) {
      if (field.number == number_of<schema, name>()) use(field);
    }
    malformed_ |= fields.malformed();
  }

  /// The same for several repeated fields of a message with many, in one go: in.each<kSpec>(spec,
  /// on<"containers">(...), on<"volumes">(...)).
  template <const auto& schema, class... Handlers>
  void each(const WireField& message, const Handlers&... handlers) {
    visit(message, [&](const WireField& field) {
      (void)((field.number == number_of<schema, Handlers::name>() ? (handlers.use(field), true) : false) ||
             ...);
    });
  }

  /// Calls `use` with each entry of a map.
  template <const auto& schema, FieldName name, class Use>
  void each_entry(const WireField& message, Use use) {
    each<schema, name>(message, [&](const WireField& field) { use(entry(field)); });
  }

  /// Calls `use` with each field: one pass over a message that has much to be read.
  template <class Use>
  void visit(const WireField& message, Use use) {
    Message fields(message.bytes);
    WireField field;
    while (fields.next(field)) use(field);
    malformed_ |= fields.malformed();
  }

  MapEntry entry(const WireField& message) {
    MapEntry result;
    visit(message, [&](const WireField& field) {
      if (field.number == 1) result.key = field.bytes;
      if (field.number == 2) result.value = field;
    });
    return result;
  }

  bool malformed() const { return malformed_; }

 private:
  bool malformed_ = false;
};

}  // namespace exporter::kube
