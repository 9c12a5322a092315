// SPDX-License-Identifier: Apache-2.0
// JSON to protobuf's wire format.

#include "api/json_wire.hpp"

#include <algorithm>
#include <chrono>

#include <exporter/json.hpp>
#include <exporter/text.hpp>

#include "api/base64.hpp"

namespace exporter::kube {
namespace {

void append_varint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_number(std::uint32_t number, std::uint64_t value, std::string& out) {
  append_varint(std::uint64_t{number} << 3, out);
  append_varint(value, out);
}

/// Puts key and length in front of what stands behind `begin`.
void wrap(std::uint32_t number, std::size_t begin, std::string& out) {
  std::string head;
  append_varint(std::uint64_t{number} << 3 | 2, head);
  append_varint(out.size() - begin, head);
  out.insert(begin, head);
}

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  Status message(std::string_view text, const MessageSchema& schema) {
    JsonReader json(text);
    json.object([&](std::string_view key) {
      const auto found = std::find_if(
          schema.fields.begin(), schema.fields.end(),
          [&](const FieldSchema& field) { return field.kind != FieldKind::kInline && field.json == key; });
      if (found != schema.fields.end()) values(json, *found);
    });
    if (auto status = json.finish(); !status) return status;
    for (const auto& field : schema.fields) {
      if (field.kind != FieldKind::kInline || field.message == nullptr) continue;
      const auto begin = out_.size();
      if (auto status = message(text, *field.message); !status) return status;
      if (out_.size() > begin) wrap(field.number, begin, out_);
    }
    if (!problem_.empty()) return fail(Code::kInvalid, problem_);
    return {};
  }

 private:
  void values(JsonReader& json, const FieldSchema& field) {
    if (json.kind() == JsonReader::Kind::kArray) {
      json.array([&] { value(json, field); });
    } else {
      value(json, field);
    }
  }

  void value(JsonReader& json, const FieldSchema& field) {
    if (json.kind() == JsonReader::Kind::kNull) return json.skip();
    const auto begin = out_.size();
    switch (field.kind) {
      case FieldKind::kInteger:
        return append_number(field.number, static_cast<std::uint64_t>(json.integer()), out_);
      case FieldKind::kBool:
        return append_number(field.number, json.boolean() ? 1 : 0, out_);
      case FieldKind::kString:
        return append_field(field.number, json.string(), out_);
      case FieldKind::kBytes:
      case FieldKind::kMessage:
      case FieldKind::kTime:
      case FieldKind::kQuantity:
      case FieldKind::kIntOrString:
        content(json, field);
        return wrap(field.number, begin, out_);
      case FieldKind::kStringMap:
      case FieldKind::kQuantityMap:
      case FieldKind::kBytesMap:
      case FieldKind::kMessageMap:
        return json.object([&](std::string_view key) { entry(json, field, key); });
      case FieldKind::kPresence:
        json.skip();
        return wrap(field.number, begin, out_);
      case FieldKind::kInline:
        return json.skip();
    }
  }

  void entry(JsonReader& json, const FieldSchema& field, std::string_view key) {
    const auto begin = out_.size();
    append_field(1, key, out_);
    const auto value_begin = out_.size();
    if (json.kind() == JsonReader::Kind::kNull) {
      json.skip();
    } else {
      content(json, field);
    }
    wrap(2, value_begin, out_);
    wrap(field.number, begin, out_);
  }

  /// What stands in a field with a length, or as a map's value.
  void content(JsonReader& json, const FieldSchema& field) {
    switch (field.kind) {
      case FieldKind::kStringMap:
        out_ += json.string();
        return;
      case FieldKind::kBytes:
      case FieldKind::kBytesMap:
        if (const auto bytes = base64_decoded(json.string())) {
          out_ += *bytes;
        } else {
          problem(field, "no base64");
        }
        return;
      case FieldKind::kMessage:
      case FieldKind::kMessageMap:
        nested(json.raw(), field);
        return;
      case FieldKind::kTime: {
        const auto time = parse_rfc3339(json.string());
        if (!time) return problem(field, "no time");
        append_number(1, static_cast<std::uint64_t>(time->seconds), out_);
        append_number(2, time->nanos, out_);
        return;
      }
      case FieldKind::kQuantity:
      case FieldKind::kQuantityMap:
        append_field(1, json.kind() == JsonReader::Kind::kNumber ? json.raw() : json.string(), out_);
        return;
      case FieldKind::kIntOrString:
        if (json.kind() == JsonReader::Kind::kString) {
          append_number(1, 1, out_);
          append_field(3, json.string(), out_);
        } else {
          append_number(1, 0, out_);
          append_number(2, static_cast<std::uint64_t>(json.integer()), out_);
        }
        return;
      default:
        return json.skip();
    }
  }

  void nested(std::string_view text, const FieldSchema& field) {
    if (text.empty() || field.message == nullptr) return;
    if (depth_ == 32) return problem(field, "too many levels");
    ++depth_;
    if (auto status = message(text, *field.message); !status && problem_.empty()) {
      problem_ = std::string(field.json) + ": " + status.error().message;
    }
    --depth_;
  }

  void problem(const FieldSchema& field, std::string_view what) {
    if (problem_.empty()) problem_ = std::string(field.json) + ": " + std::string(what);
  }

  std::string& out_;
  std::string problem_;
  int depth_ = 0;
};

}  // namespace

void append_field(std::uint32_t number, std::string_view bytes, std::string& out) {
  append_varint(std::uint64_t{number} << 3 | 2, out);
  append_varint(bytes.size(), out);
  out += bytes;
}

Status append_wire(std::string_view json, const MessageSchema& schema, std::string& out) {
  if (JsonReader(json).kind() != JsonReader::Kind::kObject) return fail(Code::kInvalid, "expected an object");
  return Writer(out).message(json, schema);
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t size) -> int {
    int value = 0;
    for (std::size_t i = at; i < at + size; ++i) {
      if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
      value = value * 10 + (text[i] - '0');
    }
    return value;
  };
  const auto is = [&](std::size_t at, char wanted) { return at < text.size() && text[at] == wanted; };
  const bool shaped = is(4, '-') && is(7, '-') && (is(10, 'T') || is(10, 't')) && is(13, ':') && is(16, ':');
  const int year = number(0, 4);
  const int month = number(5, 2);
  const int day = number(8, 2);
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!shaped || year < 0 || month < 0 || day < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) return std::nullopt;
  Timestamp time;
  time.seconds = std::int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400 + hour * 3600 +
                 minute * 60 + second;
  std::size_t at = 19;
  if (is(at, '.')) {
    std::uint32_t unit = 100'000'000;
    const auto begin = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) {
      time.nanos += static_cast<std::uint32_t>(text[at] - '0') * unit;
    }
    if (at == begin) return std::nullopt;
  }
  if ((is(at, 'Z') || is(at, 'z')) && at + 1 == text.size()) return time;
  const int zone_hour = number(at + 1, 2);
  const int zone_minute = number(at + 4, 2);
  if ((!is(at, '+') && !is(at, '-')) || !is(at + 3, ':') || zone_hour < 0 || zone_hour > 23 ||
      zone_minute < 0 || zone_minute > 59 || at + 6 != text.size()) {
    return std::nullopt;
  }
  const int offset = zone_hour * 3600 + zone_minute * 60;
  time.seconds += is(at, '+') ? -offset : offset;
  return time;
}

}  // namespace exporter::kube
