// SPDX-License-Identifier: Apache-2.0
// node_mountstats_nfs_*: what this machine's NFS mounts did, from /proc/self/mountstats.

#include <algorithm>
#include <array>
#include <unordered_set>

#include "collector_spec.hpp"
#include "mounts.hpp"

namespace exporter::node {
namespace {

constexpr Metric<3> mount_counter(std::string_view name, std::string_view help) {
  return counter(name, help, "export", "mountaddr", "protocol");
}
constexpr Metric<4> operation_counter(std::string_view name, std::string_view help) {
  return counter(name, help, "export", "mountaddr", "operation", "protocol");
}
constexpr Metric<4> transport_counter(std::string_view name, std::string_view help) {
  return counter(name, help, "export", "mountaddr", "protocol", "transport");
}

constexpr auto kAge = mount_counter("node_mountstats_nfs_age_seconds_total", "Age of the mount.");
constexpr auto kMountPoint =
    gauge("node_mountstats_nfs_mountpoint_info", "Where an export is mounted; always 1.", "export",
          "mountaddr", "mountpoint", "protocol");

/// The numbers of the "bytes:" line, in their order.
constexpr Metric<3> kBytes[] = {
    mount_counter("node_mountstats_nfs_read_bytes_total", "Bytes read with read(2)."),
    mount_counter("node_mountstats_nfs_write_bytes_total", "Bytes written with write(2)."),
    mount_counter("node_mountstats_nfs_direct_read_bytes_total", "Bytes read with O_DIRECT."),
    mount_counter("node_mountstats_nfs_direct_write_bytes_total", "Bytes written with O_DIRECT."),
    mount_counter("node_mountstats_nfs_total_read_bytes_total", "Bytes read from the server."),
    mount_counter("node_mountstats_nfs_total_write_bytes_total", "Bytes written to the server."),
    mount_counter("node_mountstats_nfs_read_pages_total", "Pages read through mmap(2)."),
    mount_counter("node_mountstats_nfs_write_pages_total", "Pages written through mmap(2)."),
};

/// The numbers of the "events:" line, in their order. The one without a name is not exposed.
constexpr Metric<3> kEvents[] = {
    mount_counter("node_mountstats_nfs_event_inode_revalidate_total",
                  "Cached inode attributes checked again."),
    mount_counter("node_mountstats_nfs_event_dnode_revalidate_total",
                  "Cached directory entries checked again."),
    mount_counter("node_mountstats_nfs_event_data_invalidate_total", "Inode caches dropped."),
    mount_counter("node_mountstats_nfs_event_attribute_invalidate_total",
                  "Inode attributes dropped from the cache."),
    mount_counter("node_mountstats_nfs_event_vfs_open_total", "Files or directories opened."),
    mount_counter("node_mountstats_nfs_event_vfs_lookup_total", "Directory look-ups."),
    mount_counter("node_mountstats_nfs_event_vfs_access_total", "Permission checks."),
    mount_counter("node_mountstats_nfs_event_vfs_update_page_total", "Updates and reads of parts of pages."),
    mount_counter("node_mountstats_nfs_event_vfs_read_page_total", "Pages read one by one."),
    mount_counter("node_mountstats_nfs_event_vfs_read_pages_total", "Groups of pages read."),
    mount_counter("node_mountstats_nfs_event_vfs_write_page_total", "Pages written one by one."),
    mount_counter("node_mountstats_nfs_event_vfs_write_pages_total", "Groups of pages written."),
    mount_counter("node_mountstats_nfs_event_vfs_getdents_total", "Directory reads."),
    mount_counter("node_mountstats_nfs_event_vfs_setattr_total", "Attribute changes."),
    mount_counter("node_mountstats_nfs_event_vfs_flush_total", "Flushes on close."),
    mount_counter("node_mountstats_nfs_event_vfs_fsync_total", "Calls of fsync(2)."),
    mount_counter("node_mountstats_nfs_event_vfs_lock_total", "File locks."),
    mount_counter("node_mountstats_nfs_event_vfs_file_release_total", "Files closed."),
    {},
    mount_counter("node_mountstats_nfs_event_truncation_total", "Files cut short."),
    mount_counter("node_mountstats_nfs_event_write_extension_total", "Writes behind the end of a file."),
    mount_counter("node_mountstats_nfs_event_silly_rename_total",
                  "Open files removed, and so renamed for a while."),
    mount_counter("node_mountstats_nfs_event_short_read_total", "Reads that gave less than was asked for."),
    mount_counter("node_mountstats_nfs_event_short_write_total", "Writes that took less than was given."),
    mount_counter("node_mountstats_nfs_event_jukebox_delay_total",
                  "Answers of the server to try again later."),
    mount_counter("node_mountstats_nfs_event_pnfs_read_total", "Reads through pNFS."),
    mount_counter("node_mountstats_nfs_event_pnfs_write_total", "Writes through pNFS."),
};

/// The first numbers of a line below "per-op statistics"; the last three are milliseconds.
constexpr Metric<4> kOperations[] = {
    operation_counter("node_mountstats_nfs_operations_requests_total", "Requests."),
    operation_counter("node_mountstats_nfs_operations_transmissions_total",
                      "Requests sent, repeats among them."),
    operation_counter("node_mountstats_nfs_operations_major_timeouts_total",
                      "Requests that timed out for good."),
    operation_counter("node_mountstats_nfs_operations_sent_bytes_total", "Bytes sent, headers among them."),
    operation_counter("node_mountstats_nfs_operations_received_bytes_total",
                      "Bytes received, headers among them."),
    operation_counter("node_mountstats_nfs_operations_queue_time_seconds_total",
                      "Seconds queued before being sent."),
    operation_counter("node_mountstats_nfs_operations_response_time_seconds_total",
                      "Seconds waiting for the server."),
    operation_counter("node_mountstats_nfs_operations_request_time_seconds_total",
                      "Seconds from begin to end."),
};
constexpr std::size_t kFirstTime = 5;

/// The numbers of an "xprt:" line over TCP. Those without a name (port, idle connections, requests) are not
/// exposed.
constexpr std::size_t kIdleTime = 4;
constexpr Metric<4> kTransport[] = {
    {},
    transport_counter("node_mountstats_nfs_transport_bind_total", "Connections begun from scratch."),
    transport_counter("node_mountstats_nfs_transport_connect_total", "TCP connections made."),
    {},
    gauge("node_mountstats_nfs_transport_idle_time_seconds", "Seconds since the last request.", "export",
          "mountaddr", "protocol", "transport"),
    transport_counter("node_mountstats_nfs_transport_sends_total", "Requests sent."),
    transport_counter("node_mountstats_nfs_transport_receives_total", "Answers received."),
    transport_counter("node_mountstats_nfs_transport_bad_transaction_ids_total",
                      "Answers to no known request."),
    {},
    transport_counter("node_mountstats_nfs_transport_backlog_queue_total",
                      "Sum of the backlog's length at each request."),
    gauge("node_mountstats_nfs_transport_maximum_rpc_slots", "Most requests that were under way at once.",
          "export", "mountaddr", "protocol", "transport"),
    transport_counter("node_mountstats_nfs_transport_sending_queue_total",
                      "Sum of the sending queue's length at each request."),
    transport_counter("node_mountstats_nfs_transport_pending_queue_total",
                      "Sum of the pending queue's length at each request."),
};

constexpr auto kMetrics = [] {
  std::array<MetricInfo, 2 + std::size(kBytes) + std::size(kEvents) - 1 + std::size(kOperations) +
                             std::size(kTransport) - 3>
      infos{kAge, kMountPoint};
  std::size_t count = 2;
  const auto add = [&](const auto& table) {
    for (const auto& metric : table) {
      if (!metric.name.empty()) infos[count++] = metric;
    }
  };
  add(kBytes);
  add(kEvents);
  add(kOperations);
  add(kTransport);
  return infos;
}();

/// Doubles hold integers up to here; the kernel's counters of times may have underflown.
std::uint64_t wrap(std::uint64_t number) { return number % (std::uint64_t{1} << 53); }

/// The first `N` numbers of a line; what follows is left alone.
template <std::size_t N>
Result<std::array<std::uint64_t, N>> numbers(Fields& fields) {
  std::array<std::uint64_t, N> result{};
  for (auto& number : result) {
    auto value = parse<std::uint64_t>(fields.next());
    if (!value) return fail(value);
    number = *value;
  }
  return result;
}

/// The numbers of an "xprt:" line behind the protocol, in the order of TCP.
Result<std::array<std::uint64_t, std::size(kTransport)>> transport_numbers(std::string_view protocol,
                                                                           Fields& fields) {
  std::array<std::uint64_t, std::size(kTransport)> result{};
  // UDP has no connections, and RDMA other numbers than queues at the end; old kernels leave the queues out.
  const std::size_t limit = protocol == "rdma" ? 10 : result.size();
  for (std::size_t i = 0; i < limit; ++i) {
    if (protocol == "udp" && i == 2) i = 5;
    const auto field = fields.next();
    if (field.empty() && i >= 10) break;
    auto value = parse<std::uint64_t>(field);
    if (!value) return fail(value);
    result[i] = *value;
  }
  return result;
}

/// The part of the file about one mount: the words of its "device" line, and the lines below.
struct Section {
  std::string_view device, point, type;
  std::string_view below;
};

class Mountstats final : public Collector {
 public:
  Mountstats(Host& host, Flags&) : proc_(host.procfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto text = proc_.read("self/mountstats", text_);
    if (!text) return fail(text);
    auto table = proc_.read("self/mountinfo", table_);
    if (!table) return fail(table);
    auto mounts = parse_mounts(*table);
    if (!mounts) return std::unexpected(proc_.malformed("self/mountinfo", mounts.error().message));

    seen_.clear();
    std::size_t index = 0;
    for (auto rest = *text; !rest.empty(); ++index) {
      auto section = take_section(rest);
      if (!section) break;
      if (section->type != "nfs" && section->type != "nfs4") continue;
      if (auto status = write(sink, *section, address_of(*section, *mounts, index)); !status) {
        return std::unexpected(proc_.malformed("self/mountstats", status.error().message));
      }
    }
    return {};
  }

 private:
  static std::optional<Section> take_section(std::string_view& rest) {
    while (!rest.empty()) {
      Fields fields(take_until(rest, '\n'));
      if (fields.next() != "device") continue;
      Section section;
      section.device = fields.next();
      section.point = fields.skip(2).next();  // "mounted on"
      section.type = fields.skip(2).next();   // "with fstype"
      const auto end = rest.starts_with("device ") ? 0 : rest.find("\ndevice ");
      section.below = rest.substr(0, end);
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
      return section;
    }
    return std::nullopt;
  }

  /// The server's address. Both files list the mounts in the same order, unless something was mounted in
  /// between.
  static std::string_view address_of(const Section& section, const std::vector<Mount>& mounts,
                                     std::size_t index) {
    const auto same = [&](const Mount& mount) {
      return mount.device == section.device && mount.type == section.type;
    };
    auto found = index < mounts.size() && same(mounts[index])
                     ? mounts.begin() + static_cast<std::ptrdiff_t>(index)
                     : std::ranges::find_if(mounts, same);
    if (found == mounts.end()) return {};
    auto options = found->super_options;
    while (!options.empty()) {
      auto option = take_until(options, ',');
      if (option.starts_with("addr=")) return option.substr(5);
    }
    return {};
  }

  Status write(Sink& sink, const Section& section, std::string_view address) {
    // What labels all samples comes last in the file but first here.
    std::string_view protocol;
    for (const auto line : Lines(section.below)) {
      Fields fields(line);
      if (fields.next() != "xprt:") continue;
      protocol = fields.next();
      break;
    }
    const auto mount =
        std::string(section.device) + '\n' + std::string(protocol) + '\n' + std::string(address);
    const bool first = seen_.insert(mount).second;
    if (seen_.insert(mount + '\n' + std::string(section.point)).second) {
      sink(kMountPoint, {section.device, address, section.point, protocol}, 1);
    }
    if (!first) return {};  // mounted at another place too: the same numbers

    unsigned transport = 0;
    bool operations = false;
    for (const auto line : Lines(section.below)) {
      Fields fields(line);
      const auto key = fields.next();
      if (operations && key.ends_with(':')) {
        auto values = numbers<std::size(kOperations)>(fields);
        if (!values) return fail(values);
        const auto name = key.substr(0, key.size() - 1);
        for (std::size_t i = 0; i < values->size(); ++i) {
          const auto value = (*values)[i];
          sink(kOperations[i], {section.device, address, name, protocol},
               i < kFirstTime ? Value(value) : Value(static_cast<double>(wrap(value)) / 1000));
        }
      } else if (key == "per-op") {
        operations = true;
      } else if (key == "age:") {
        auto age = parse<double>(fields.next());
        if (!age) return fail(age);
        sink(kAge, {section.device, address, protocol}, *age);
      } else if (key == "bytes:") {
        auto values = numbers<std::size(kBytes)>(fields);
        if (!values) return fail(values);
        for (std::size_t i = 0; i < values->size(); ++i) {
          sink(kBytes[i], {section.device, address, protocol}, (*values)[i]);
        }
      } else if (key == "events:") {
        auto values = numbers<std::size(kEvents)>(fields);
        if (!values) return fail(values);
        for (std::size_t i = 0; i < values->size(); ++i) {
          if (kEvents[i].name.empty()) continue;
          sink(kEvents[i], {section.device, address, protocol}, (*values)[i]);
        }
      } else if (key == "xprt:") {
        auto values = transport_numbers(fields.next(), fields);
        if (!values) return fail(values);
        for (std::size_t i = 0; i < values->size(); ++i) {
          if (kTransport[i].name.empty()) continue;
          const auto value = (*values)[i];
          sink(kTransport[i], {section.device, address, protocol, Digits(transport)},
               i == kIdleTime ? wrap(value) : value);
        }
        ++transport;
      }
    }
    return {};
  }

  Files proc_;
  std::string text_;
  std::string table_;
  std::unordered_set<std::string> seen_;
};

}  // namespace

extern const CollectorSpec mountstats{"NFS mounts of this machine, from /proc/self/mountstats.", kMetrics,
                                      make<Mountstats>};

}  // namespace exporter::node
