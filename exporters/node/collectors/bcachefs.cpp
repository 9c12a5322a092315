// SPDX-License-Identifier: Apache-2.0
// node_bcachefs_*: mounted bcachefs file systems and their devices, from /sys/fs/bcachefs.

#include <algorithm>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_bcachefs_info", "1 for each mounted file system.", "uuid");
constexpr auto kCacheSize =
    gauge("node_bcachefs_btree_cache_size_bytes", "Memory of the btree cache in bytes.", "uuid");
constexpr auto kCompressed = gauge("node_bcachefs_compression_compressed_bytes",
                                   "Size of compressed data in bytes.", "algorithm", "uuid");
constexpr auto kUncompressed = gauge("node_bcachefs_compression_uncompressed_bytes",
                                     "Size of the same data uncompressed in bytes.", "algorithm", "uuid");
constexpr auto kErrors =
    counter("node_bcachefs_errors_total", "Errors found by their kind.", "error_type", "uuid");
constexpr auto kWrites =
    counter("node_bcachefs_btree_writes_total", "Btree writes by their kind.", "type", "uuid");
constexpr auto kWriteSize = gauge("node_bcachefs_btree_write_average_size_bytes",
                                  "Average size of a btree write in bytes.", "type", "uuid");
constexpr auto kDevice =
    gauge("node_bcachefs_device_info", "1 for each device.", "device", "label", "state", "uuid");
constexpr auto kBucketSize = gauge("node_bcachefs_device_bucket_size_bytes",
                                   "Size of the device's buckets in bytes.", "device", "uuid");
constexpr auto kBuckets = gauge("node_bcachefs_device_buckets", "Buckets of the device.", "device", "uuid");
constexpr auto kDurability = gauge("node_bcachefs_device_durability",
                                   "How many replicas one on this device counts as.", "device", "uuid");
constexpr auto kIoDone = counter("node_bcachefs_device_io_done_bytes_total", "Bytes read and written.",
                                 "data_type", "device", "operation", "uuid");
constexpr auto kIoErrors = counter("node_bcachefs_device_io_errors_total",
                                   "I/O errors since the file system was made.", "device", "type", "uuid");
constexpr auto kCounter =
    counter("node_bcachefs_*_total", "File of /sys/fs/bcachefs/<uuid>/counters.", "uuid");
constexpr MetricInfo kMetrics[] = {kInfo,       kCacheSize, kCompressed, kUncompressed, kErrors,
                                   kWrites,     kWriteSize, kDevice,     kBucketSize,   kBuckets,
                                   kDurability, kIoDone,    kIoErrors,   kCounter};

/// "524M", "1.50G", "17".
Result<std::uint64_t> size(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::unexpected(not_a_number(text));
  constexpr std::string_view kUnits = "kmgtpe";
  double factor = 1;
  const char last = text.back();
  const auto unit = kUnits.find(last >= 'A' && last <= 'Z' ? static_cast<char>(last - 'A' + 'a') : last);
  if (unit != std::string_view::npos) {
    for (std::size_t i = 0; i <= unit; ++i) factor *= 1024;
    text.remove_suffix(1);
  }
  auto number = parse<double>(text);
  if (!number) return fail(number);
  const double value = *number * factor;
  if (!(value >= 0 && value < 1.8446744073709552e19)) return std::unexpected(not_a_number(text));
  return static_cast<std::uint64_t>(value);
}

std::string_view without_colon(std::string_view text) {
  if (text.ends_with(':')) text.remove_suffix(1);
  return text;
}

class Bcachefs final : public Collector {
 public:
  Bcachefs(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto uuids = sys_.list("fs/bcachefs");
    if (!uuids) return fail(uuids);
    bool any = false;
    for (const auto& uuid : *uuids) {
      const std::string folder = "fs/bcachefs/" + uuid;
      if (!sys_.is_directory(folder)) continue;
      any = true;
      auto status = file_system(sink, uuid, folder);
      if (!status) return status;
    }
    if (!any) return fail(Code::kNoData, "no bcachefs file system is mounted");
    return {};
  }

 private:
  Status file_system(Sink& sink, const std::string& uuid, const std::string& folder) {
    sink(kInfo, {uuid}, 1);
    auto cache = attribute(folder + "/btree_cache_size", size);
    if (!cache) return fail(cache);
    sink(kCacheSize, {uuid}, *cache);

    auto status = table(folder + "/compression_stats", 1, [&](Fields& fields) -> Status {
      const auto algorithm = without_colon(fields.next());
      auto compressed = size(fields.next());
      if (!compressed) return fail(compressed);
      const auto third = fields.next();
      if (third.empty()) return {};
      auto uncompressed = size(third);
      if (!uncompressed) return fail(uncompressed);
      sink(kCompressed, {algorithm, uuid}, *compressed);
      sink(kUncompressed, {algorithm, uuid}, *uncompressed);
      return {};
    });
    if (!status) return status;

    status = table(folder + "/errors", 0, [&](Fields& fields) -> Status {
      const auto type = fields.next();
      auto count = parse<std::uint64_t>(fields.next());
      if (!count) return fail(count);
      sink(kErrors, {type, uuid}, *count);
      return {};
    });
    if (!status) return status;

    status = table(folder + "/btree_write_stats", 1, [&](Fields& fields) -> Status {
      const auto type = without_colon(fields.next());
      const auto second = fields.next();
      const auto third = fields.next();
      if (third.empty()) return {};
      auto count = parse<std::uint64_t>(second);
      if (!count) return fail(count);
      auto average = size(third);
      if (!average) return fail(average);
      sink(kWrites, {type, uuid}, *count);
      sink(kWriteSize, {type, uuid}, *average);
      return {};
    });
    if (!status) return status;

    status = counters(sink, uuid, folder + "/counters");
    if (!status) return status;

    auto entries = sys_.list(folder);
    if (!entries) return {};  // unmounted a moment ago
    for (const auto& entry : *entries) {
      if (!entry.starts_with("dev-") || !sys_.is_directory(folder + '/' + entry)) continue;
      status = device(sink, uuid, std::string_view(entry).substr(4), folder + '/' + entry);
      if (!status) return status;
    }
    return {};
  }

  Status counters(Sink& sink, std::string_view uuid, const std::string& folder) {
    constexpr std::string_view kTotal = "since filesystem creation:";
    constexpr std::string_view kMounted = "since mount:";
    auto names = sys_.list(folder);
    if (!names) return {};
    for (const auto& name : *names) {
      const std::string path = folder + '/' + name;
      auto text = sys_.read(path);
      if (!text) {
        if (sys_.is_directory(path)) continue;
        if (text.error().code == Code::kNoData) continue;
        return fail(text);
      }
      std::uint64_t total = 0;
      bool known = false;
      for (const auto line : Lines(*text)) {
        const bool is_total = line.starts_with(kTotal);
        if (!is_total && !line.starts_with(kMounted)) continue;
        known = true;
        auto value = size(line.substr(is_total ? kTotal.size() : kMounted.size()));
        if (!value) return std::unexpected(sys_.malformed(path, value.error().message));
        if (is_total) total = *value;
      }
      if (!known) return std::unexpected(sys_.malformed(path, "not a counter"));
      name_.assign("node_bcachefs_").append(sanitize_name(name)).append("_total");
      sink(counter(name_, kCounter.help, "uuid"), {uuid}, total);
    }
    return {};
  }

  Status device(Sink& sink, std::string_view uuid, std::string_view device, const std::string& folder) {
    const std::string label(sys_.value(folder + "/label").value_or(""));
    sink(kDevice, {device, label, sys_.value(folder + "/state").value_or(""), uuid}, 1);
    const auto number = [](std::string_view text) { return parse<std::uint64_t>(text); };
    auto bucket_size = attribute(folder + "/bucket_size", size);
    if (!bucket_size) return fail(bucket_size);
    auto buckets = attribute(folder + "/nbuckets", number);
    if (!buckets) return fail(buckets);
    auto durability = attribute(folder + "/durability", number);
    if (!durability) return fail(durability);
    sink(kBucketSize, {device, uuid}, *bucket_size);
    sink(kBuckets, {device, uuid}, *buckets);
    sink(kDurability, {device, uuid}, *durability);

    if (auto text = sys_.read(folder + "/io_done")) {
      std::string_view operation;
      for (const auto untrimmed : Lines(*text)) {
        const auto line = trim(untrimmed);
        if (line == "read:" || line == "write:") {
          operation = without_colon(line);
          continue;
        }
        const auto pair = split_pair(line, ':');
        if (!pair || operation.empty()) continue;
        auto bytes = parse<std::uint64_t>(pair->value);
        if (!bytes) return std::unexpected(sys_.malformed(folder + "/io_done", bytes.error().message));
        sink(kIoDone, {pair->key, device, operation, uuid}, *bytes);
      }
    }
    if (auto text = sys_.read(folder + "/io_errors")) {
      bool inside = false;  // the section with the totals
      for (const auto line : Lines(*text)) {
        if (line.starts_with("IO errors since filesystem creation")) {
          inside = true;
          continue;
        }
        if (line.starts_with("IO errors since ")) break;
        const auto pair = split_pair(line, ':');
        if (!inside || !pair) continue;
        auto count = parse<std::uint64_t>(pair->value);
        if (!count) return std::unexpected(sys_.malformed(folder + "/io_errors", count.error().message));
        sink(kIoErrors, {device, pair->key, uuid}, *count);
      }
    }
    return {};
  }

  /// The file as a number; 0 where it is missing or empty.
  template <class Parse>
  Result<std::uint64_t> attribute(const std::string& path, Parse parse_value) {
    auto text = sys_.value(path);
    if (!text) {
      if (text.error().code == Code::kNoData) return 0;
      return fail(text);
    }
    if (text->empty()) return 0;
    auto number = parse_value(*text);
    if (!number) return std::unexpected(sys_.malformed(path, number.error().message));
    return number;
  }

  /// Calls `row` for the lines of two and more fields behind the first `skip` lines; a missing file has none.
  template <class Row>
  Status table(const std::string& path, std::size_t skip, Row row) {
    auto text = sys_.read(path);
    if (!text) return text.error().code == Code::kNoData ? Status{} : Status(fail(text));
    for (const auto line : Lines(*text)) {
      if (skip > 0) {
        --skip;
        continue;
      }
      Fields fields(line);
      if (Fields(line).skip(1).empty()) continue;
      auto status = row(fields);
      if (!status) return std::unexpected(sys_.malformed(path, status.error().message));
    }
    return {};
  }

  Files sys_;
  std::string name_;
};

}  // namespace

extern const CollectorSpec bcachefs{"bcachefs file systems, from /sys/fs/bcachefs.", kMetrics,
                                    make<Bcachefs>};

}  // namespace exporter::node
