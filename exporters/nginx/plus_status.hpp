// SPDX-License-Identifier: Apache-2.0
#pragma once

// The answers of NGINX Plus's API, and the families made of them: tables that say where a number stands in an
// answer and which family shows it.

#include <cstdint>
#include <span>
#include <string_view>

#include <exporter/metric.hpp>
#include <exporter/result.hpp>
#include <exporter/sink.hpp>

namespace exporter::nginx {

/// One number of an object.
struct PlusField {
  enum class Kind : unsigned char {
    kSum,      ///< of two servers with one name the sum is shown
    kLargest,  ///< ... the larger one
    kBool,
    kState,  ///< a server's state as a number
  };
  std::string_view outer;    ///< key; with `inner`, of an object
  std::string_view inner{};  ///< key in that object
  std::string_view name{};   ///< of the family; empty: read, not shown
  MetricType type = MetricType::kCounter;
  std::string_view help{};
  std::string_view code{};  ///< value of a label "code" in front of the others
  Kind kind = Kind::kSum;
  /// When it is shown: always, where `outer` is there, where `outer` holds anything but zeros.
  enum class Shown : unsigned char { kAlways, kThere, kNotZero };
  Shown shown = Shown::kAlways;
};

/// One path of the API.
struct PlusSection {
  enum class Shape : unsigned char { kSingle, kZones, kUpstreams, kWorkers, kZoneSync };
  std::string_view path;  ///< below the version
  Shape shape;
  std::span<const std::string_view> labels{};  ///< of the fields' families, behind "code"
  std::span<const PlusField> fields{};
  std::span<const PlusField> group{};  ///< of an upstream itself (kUpstreams), of the whole (kZoneSync)
  std::string_view codes{};            ///< name of the family by exact status code
  /// What an answer other than 200 means, or one that cannot be read.
  enum class Missing : unsigned char { kError, kMayBeNotFound, kMayFail };
  Missing missing = Missing::kError;
};

/// Those every server has, those that the API's list at "stream" tells, and what may be missing.
std::span<const PlusSection> plus_http_sections();
std::span<const PlusSection> plus_stream_sections();

/// Walks one answer. After an error the sink has a part of it.
Status write_plus_section(Sink& sink, const PlusSection& section, std::string_view json);

/// Which of these names a list of the API has: ["server_zones", "upstreams"].
struct PlusList {
  bool stream = false;
  bool server_zones = false, upstreams = false, limit_conns = false, zone_sync = false;
  bool has(std::string_view path) const;  ///< "stream/server_zones"
};
Result<PlusList> parse_plus_list(std::string_view json);

/// The largest of the API's versions up to `most`, from the list at its root; 0 where there is none.
Result<std::uint64_t> newest_plus_version(std::string_view json, std::uint64_t most);

/// Help of the families by exact status code.
inline constexpr std::string_view kPlusCodesHelp = "Answers by status code.";

void write_plus_up(Sink& sink, bool up);

std::span<const MetricInfo> plus_metrics();

}  // namespace exporter::nginx
