// SPDX-License-Identifier: Apache-2.0
// node_md_*: software RAID arrays, from /proc/mdstat and /sys/block/md*/md.

#include <algorithm>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kState = gauge("node_md_state", "1 for the state the array is in.", "device", "state");
constexpr auto kDisks = gauge("node_md_disks", "Disks of the array per state.", "device", "state");
constexpr auto kRequired = gauge("node_md_disks_required", "Disks of the array when complete.", "device");
constexpr auto kBlocks = gauge("node_md_blocks", "Size of the array in blocks of 1 KiB.", "device");
constexpr auto kSynced = gauge("node_md_blocks_synced", "Blocks of 1 KiB that are in sync.", "device");
constexpr auto kRaidDisks =
    gauge("node_md_raid_disks", "Disks of the array when complete, as sysfs says.", "device");
constexpr auto kDegraded = gauge("node_md_degraded", "Disks that the array lacks.", "device");
constexpr MetricInfo kMetrics[] = {kState, kDisks, kRequired, kBlocks, kSynced, kRaidDisks, kDegraded};

struct Array {
  std::string_view name;
  std::string_view state;
  std::int64_t active = 0, required = 0, failed = 0, spare = 0;
  std::int64_t blocks = 0, synced = 0;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::int64_t count(std::string_view text, std::string_view part) {
  std::int64_t found = 0;
  for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

/// The two numbers of "<open>a/b<close>", wherever it stands in `text`.
struct Ratio {
  std::int64_t part, whole;
};
std::optional<Ratio> find_ratio(std::string_view text, char open, char close) {
  for (auto at = text.find(open); at != std::string_view::npos; at = text.find(open, at + 1)) {
    auto inside = text.substr(at + 1);
    const auto end = inside.find(close);
    if (end == std::string_view::npos) return std::nullopt;
    inside = inside.substr(0, end);
    auto part = parse<std::int64_t>(take_until(inside, '/'));
    auto whole = parse<std::int64_t>(inside);
    if (part && whole) return Ratio{*part, *whole};
  }
  return std::nullopt;
}

/// One array: its own line, the line with its size and the one that tells of a running sync.
Result<Array> parse_array(std::string_view line, std::string_view status, std::string_view sync) {
  Array array;
  Fields fields(line);
  array.name = fields.next();
  array.state = fields.skip(1).next();
  if (array.state.empty()) return fail(Code::kInvalid, "array line is too short: " + std::string(line));
  array.failed = count(line, "(F)");
  array.spare = count(line, "(S)");

  auto blocks = parse<std::int64_t>(Fields(status).next());
  if (!blocks) return fail(Code::kInvalid, std::string(array.name) + " has no size: " + std::string(status));
  array.blocks = array.synced = *blocks;
  if (has(line, "raid0") || has(line, "linear")) {
    array.active = array.required = count(line, "[");
  } else if (!has(line, "inactive")) {
    auto disks = find_ratio(status, '[', ']');
    if (!disks)
      return fail(Code::kInvalid, std::string(array.name) + " has no [n/m]: " + std::string(status));
    array.required = disks->part;
    array.active = disks->whole;
  }

  static constexpr std::string_view kSyncs[] = {"recovery", "resync", "check", "reshape"};
  const auto* kind =
      std::find_if(std::begin(kSyncs), std::end(kSyncs), [&](auto word) { return has(sync, word); });
  if (kind == std::end(kSyncs)) return array;
  array.state = *kind == "recovery" ? "recovering" : *kind;
  if (has(sync, "PENDING") || has(sync, "DELAYED")) {
    array.synced = 0;
  } else if (auto done = find_ratio(sync, '(', ')')) {
    array.synced = done->part;
  } else {
    return fail(Code::kInvalid, std::string(array.name) + " has no (n/m): " + std::string(sync));
  }
  return array;
}

class Mdadm final : public Collector {
 public:
  Mdadm(Host& host, Flags&) : proc_(host.procfs()), sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("mdstat");
    if (!text) return fail(text);
    if (auto status = write_mdstat(sink, *text); !status) return status;
    auto devices = sys_.list("block");
    if (!devices) return {};
    for (const auto& device : *devices) {
      if (!device.starts_with("md")) continue;
      if (auto status = write_sysfs(sink, device); !status) return status;
    }
    return {};
  }

 private:
  Status write_mdstat(Sink& sink, std::string_view text) {
    while (!text.empty()) {
      const auto line = take_until(text, '\n');
      if (trim(line).empty() || is_blank(line.front()) || line.starts_with("Personalities") ||
          line.starts_with("unused")) {
        continue;
      }
      auto following = text;
      const auto status = take_until(following, '\n');
      auto sync = take_until(following, '\n');
      if (has(sync, "bitmap")) sync = take_until(following, '\n');
      auto array = parse_array(line, status, sync);
      if (!array) return std::unexpected(proc_.malformed("mdstat", array.error().message));
      write_array(sink, *array);
    }
    return {};
  }

  static void write_array(Sink& sink, const Array& array) {
    for (const std::string_view state : {"active", "inactive", "recovering", "resync", "check"}) {
      sink(kState, {array.name, state}, array.state == state ? 1 : 0);
    }
    sink(kDisks, {array.name, "active"}, array.active);
    sink(kDisks, {array.name, "failed"}, array.failed);
    sink(kDisks, {array.name, "spare"}, array.spare);
    sink(kRequired, {array.name}, array.required);
    sink(kBlocks, {array.name}, array.blocks);
    sink(kSynced, {array.name}, array.synced);
  }

  Status write_sysfs(Sink& sink, const std::string& device) {
    const std::string base = "block/" + device + "/md/";
    auto text = sys_.value(base + "level");
    if (!text) return {};  // stopped a moment ago
    const std::string level(*text);
    // An array of these levels only holds other arrays.
    const bool container = level.empty() || level == "container" || level == "imsm" || level == "ddf";
    if (!container) {
      auto disks = sys_.value(base + "raid_disks");
      if (!disks) return {};
      auto number = parse<std::uint64_t>(Fields(*disks).next());  // "4 (3)" while it is reshaped
      if (!number) return std::unexpected(sys_.malformed(base + "raid_disks", number.error().message));
      sink(kRaidDisks, {device}, *number);
    }
    std::uint64_t degraded = 0;
    if (level == "raid1" || level == "raid4" || level == "raid5" || level == "raid6" || level == "raid10") {
      auto number = sys_.number<std::uint64_t>(base + "degraded");
      if (!number) return number.error().code == Code::kInvalid ? Status(fail(number)) : Status{};
      degraded = *number;
    }
    sink(kDegraded, {device}, degraded);
    return {};
  }

  Files proc_;
  Files sys_;
};

}  // namespace

extern const CollectorSpec mdadm{"Software RAID, from /proc/mdstat and /sys/block/md*.", kMetrics,
                                 make<Mdadm>};

}  // namespace exporter::node
