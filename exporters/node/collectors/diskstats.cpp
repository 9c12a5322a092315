// SPDX-License-Identifier: Apache-2.0
// node_disk_*: I/O counters of block devices, from /proc/diskstats, and what udev's database and /sys/block
// say of them.

#include <algorithm>
#include <array>

#include <exporter/log.hpp>
#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_disk_info", "Identity of a block device; always 1.", "device", "major",
                             "minor", "model", "path", "revision", "rotational", "serial", "wwn");
constexpr auto kFilesystem = gauge("node_disk_filesystem_info", "File system on a block device; always 1.",
                                   "device", "type", "usage", "uuid", "version");
constexpr auto kMapper = gauge("node_disk_device_mapper_info", "Identity of a mapped device; always 1.",
                               "device", "lv_layer", "lv_name", "name", "uuid", "vg_name");
constexpr auto kAtaWriteCache =
    gauge("node_disk_ata_write_cache", "1 where the ATA disk has a write cache.", "device");
constexpr auto kAtaWriteCacheOn =
    gauge("node_disk_ata_write_cache_enabled", "1 where the ATA disk's write cache is on.", "device");
constexpr auto kAtaRotation =
    gauge("node_disk_ata_rotation_rate_rpm", "Rotations per minute of the ATA disk, 0 for an SSD.", "device");

enum class Unit : std::uint8_t { kCount, kSectors, kMilliseconds };
struct Column {
  Metric<1> metric;
  Unit unit;
};

/// The columns of /proc/diskstats behind the name, in their order. Older kernels have fewer.
constexpr Column kColumns[] = {
    {counter("node_disk_reads_completed_total", "Reads completed.", "device"), Unit::kCount},
    {counter("node_disk_reads_merged_total", "Reads merged with a neighbour.", "device"), Unit::kCount},
    {counter("node_disk_read_bytes_total", "Bytes read.", "device"), Unit::kSectors},
    {counter("node_disk_read_time_seconds_total", "Seconds spent by all reads.", "device"),
     Unit::kMilliseconds},
    {counter("node_disk_writes_completed_total", "Writes completed.", "device"), Unit::kCount},
    {counter("node_disk_writes_merged_total", "Writes merged with a neighbour.", "device"), Unit::kCount},
    {counter("node_disk_written_bytes_total", "Bytes written.", "device"), Unit::kSectors},
    {counter("node_disk_write_time_seconds_total", "Seconds spent by all writes.", "device"),
     Unit::kMilliseconds},
    {gauge("node_disk_io_now", "Requests in flight.", "device"), Unit::kCount},
    {counter("node_disk_io_time_seconds_total", "Seconds with requests in flight.", "device"),
     Unit::kMilliseconds},
    {counter("node_disk_io_time_weighted_seconds_total",
             "Seconds with requests in flight, times their number.", "device"),
     Unit::kMilliseconds},
    {counter("node_disk_discards_completed_total", "Discards completed.", "device"), Unit::kCount},
    {counter("node_disk_discards_merged_total", "Discards merged with a neighbour.", "device"), Unit::kCount},
    {counter("node_disk_discarded_sectors_total", "Sectors discarded.", "device"), Unit::kCount},
    {counter("node_disk_discard_time_seconds_total", "Seconds spent by all discards.", "device"),
     Unit::kMilliseconds},
    {counter("node_disk_flush_requests_total", "Flushes completed.", "device"), Unit::kCount},
    {counter("node_disk_flush_requests_time_seconds_total", "Seconds spent by all flushes.", "device"),
     Unit::kMilliseconds},
};
constexpr std::size_t kFewestColumns = 11;

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kColumns) + 6> infos{kInfo,          kFilesystem,      kMapper,
                                                        kAtaWriteCache, kAtaWriteCacheOn, kAtaRotation};
  for (std::size_t i = 0; i < std::size(kColumns); ++i) infos[i + 6] = kColumns[i].metric;
  return infos;
}();

Value scaled(std::uint64_t number, Unit unit) {
  switch (unit) {
    case Unit::kSectors:
      return static_cast<double>(number) * 512.0;
    case Unit::kMilliseconds:
      return static_cast<double>(number) * 0.001;
    case Unit::kCount:
      break;
  }
  return number;
}

/// What udev knows of one device: views into the text of its database file.
struct Udev {
  std::string_view path, wwn, model, revision, scsi_serial, short_serial, serial;
  std::string_view fs_type, fs_usage, fs_uuid, fs_version;
  std::string_view dm_name, dm_uuid, dm_vg_name, dm_lv_name, dm_lv_layer;
  std::string_view ata, ata_write_cache, ata_write_cache_on, ata_rotation;
};

struct Property {
  std::string_view name;
  std::string_view Udev::*field;
};
constexpr Property kProperties[] = {
    {"ID_PATH", &Udev::path},
    {"ID_WWN", &Udev::wwn},
    {"ID_MODEL", &Udev::model},
    {"ID_REVISION", &Udev::revision},
    {"SCSI_IDENT_SERIAL", &Udev::scsi_serial},
    {"ID_SERIAL_SHORT", &Udev::short_serial},
    {"ID_SERIAL", &Udev::serial},
    {"ID_FS_TYPE", &Udev::fs_type},
    {"ID_FS_USAGE", &Udev::fs_usage},
    {"ID_FS_UUID", &Udev::fs_uuid},
    {"ID_FS_VERSION", &Udev::fs_version},
    {"DM_NAME", &Udev::dm_name},
    {"DM_UUID", &Udev::dm_uuid},
    {"DM_VG_NAME", &Udev::dm_vg_name},
    {"DM_LV_NAME", &Udev::dm_lv_name},
    {"DM_LV_LAYER", &Udev::dm_lv_layer},
    {"ID_ATA", &Udev::ata},
    {"ID_ATA_WRITE_CACHE", &Udev::ata_write_cache},
    {"ID_ATA_WRITE_CACHE_ENABLED", &Udev::ata_write_cache_on},
    {"ID_ATA_ROTATION_RATE_RPM", &Udev::ata_rotation},
};

Udev parse_udev(std::string_view text) {
  Udev udev;
  for (auto line : Lines(text)) {
    if (!line.starts_with("E:")) continue;
    line.remove_prefix(2);
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const auto name = line.substr(0, equals);
    for (const auto& property : kProperties) {
      if (property.name == name) udev.*property.field = line.substr(equals + 1);
    }
  }
  return udev;
}

class Diskstats final : public Collector {
 public:
  Diskstats(Host& host, Flags& flags)
      : proc_(host.procfs()),
        sys_(host.sysfs()),
        udev_(&host.udev_path()),
        exclude_(flags.text("collector.diskstats.device-exclude",
                            R"(^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$)",
                            "Regexp of the block devices to leave out; not together with device-include.")),
        include_(flags.text("collector.diskstats.device-include", "",
                            "Regexp of the block devices to expose; not together with device-exclude.")),
        ignored_(
            flags.text("collector.diskstats.ignored-devices", "", "Old name of device-exclude.").hidden()) {}

  Status start() override {
    const bool old = !ignored_->empty();
    if (old && exclude_.given()) {
      return fail(Code::kInvalid,
                  "--collector.diskstats.ignored-devices and --collector.diskstats.device-exclude are "
                  "mutually exclusive");
    }
    if (!include_->empty() && exclude_.given() && !exclude_->empty()) {
      return fail(Code::kInvalid, "device-exclude & device-include are mutually exclusive");
    }
    const std::string& exclude = old ? *ignored_ : *exclude_;
    auto filter = NameFilter::make("--collector.diskstats.device-include", *include_,
                                   "--collector.diskstats.device-exclude", include_->empty() ? exclude : "");
    if (!filter) return fail(filter);
    filter_ = std::move(*filter);
    has_udev_ = udev_.is_directory("");
    if (!has_udev_) {
      log::error("Cannot open udev's database: what it knows of disks is left out", {{"path", udev_.root()}});
    }
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("diskstats", diskstats_);
    if (!text) return fail(text);
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      const auto major = fields.next();
      const auto minor = fields.next();
      const auto device = fields.next();
      std::array<std::uint64_t, std::size(kColumns)> values;
      std::size_t count = 0;
      for (auto field = fields.next(); count < values.size() && !field.empty(); field = fields.next()) {
        auto number = parse<std::uint64_t>(field);
        if (!number) return std::unexpected(proc_.malformed("diskstats", number.error().message));
        values[count++] = *number;
      }
      if (count < kFewestColumns || !filter_.passes(device)) continue;
      for (std::size_t i = 0; i < count; ++i) {
        sink(kColumns[i].metric, {device}, scaled(values[i], kColumns[i].unit));
      }
      write_infos(sink, device, major, minor);
    }
    return {};
  }

 private:
  void write_infos(Sink& sink, std::string_view device, std::string_view major, std::string_view minor) {
    Udev udev;
    if (has_udev_) {
      // Read anew each time: udev replaces the file when something changes, and a kept descriptor would show
      // the old one.
      path_.assign("b").append(major).append(":").append(minor);
      if (auto text = udev_.read_once(path_, database_)) udev = parse_udev(*text);
    }
    path_.assign("block/").append(device).append("/queue/rotational");
    auto rotational = sys_.value(path_);
    const auto serial = !udev.scsi_serial.empty()    ? udev.scsi_serial
                        : !udev.short_serial.empty() ? udev.short_serial
                                                     : udev.serial;
    sink(kInfo,
         {device, major, minor, udev.model, udev.path, udev.revision,
          rotational && *rotational == "1" ? "1" : "0", serial, udev.wwn},
         1);
    if (!udev.fs_type.empty()) {
      sink(kFilesystem, {device, udev.fs_type, udev.fs_usage, udev.fs_uuid, udev.fs_version}, 1);
    }
    if (!udev.dm_name.empty()) {
      sink(kMapper, {device, udev.dm_lv_layer, udev.dm_lv_name, udev.dm_name, udev.dm_uuid, udev.dm_vg_name},
           1);
    }
    if (udev.ata.empty()) return;
    const auto write_number = [&](const Metric<1>& metric, std::string_view text) {
      if (auto number = parse<double>(text)) sink(metric, {device}, *number);
    };
    write_number(kAtaWriteCache, udev.ata_write_cache);
    write_number(kAtaWriteCacheOn, udev.ata_write_cache_on);
    write_number(kAtaRotation, udev.ata_rotation);
  }

  Files proc_;
  Files sys_;
  Files udev_;
  const Flag<std::string>& exclude_;
  const Flag<std::string>& include_;
  const Flag<std::string>& ignored_;
  NameFilter filter_;
  bool has_udev_ = false;
  std::string diskstats_;
  std::string database_;
  std::string path_;
};

}  // namespace

extern const CollectorSpec diskstats{"Block device I/O, from /proc/diskstats, udev and /sys/block.", kMetrics,
                                     make<Diskstats>};

}  // namespace exporter::node
