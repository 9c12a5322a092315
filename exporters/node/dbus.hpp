// SPDX-License-Identifier: Apache-2.0
#pragma once

// A small D-Bus client: calls methods and reads properties, many at a time over one connection, each within
// the scrape's deadline. No signals, no file descriptors.
//
//     DBus bus;
//     auto reply = bus.call(kService, kPath, "org.freedesktop.systemd1.Manager", "ListUnits", deadline);
//     for (auto units = reply->body().array(8); units.more();) ...

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/collector.hpp>
#include <exporter/result.hpp>

#include "stream.hpp"

namespace exporter::node {

/// Reads the values of a message one after the other. Past the end, or where a length is wrong, ok() is false
/// and all that is read is zero or empty.
class DBusReader {
 public:
  DBusReader(std::string_view bytes, bool swap) : bytes_(bytes), swap_(swap) {}

  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::uint64_t u64() { return number(8); }
  std::string_view text() { return sized(u32()); }  ///< a string or an object path
  std::string_view signature() { return sized(byte()); }
  /// An integer, boolean or text of the basic type, where it is one; else ok() becomes false.
  struct Basic {
    char type = 0;
    std::string_view text;
    std::uint64_t number = 0;
  };
  Basic basic(char type);
  Basic variant();

  void align(std::size_t to);
  /// Begins an array whose elements are aligned so; its elements follow while more_before(end) holds.
  std::size_t array(std::size_t alignment);
  bool more_before(std::size_t end) const { return ok_ && at_ < end; }
  void skip_to(std::size_t at) { at_ = at; }
  std::size_t position() const { return at_; }
  bool ok() const { return ok_; }

 private:
  std::uint64_t number(std::size_t size);
  std::string_view sized(std::size_t size);

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool swap_;
  bool ok_ = true;
};

/// Until when a collector waits for the bus's next answer: a manager that hangs must not take the scrape's
/// time.
inline Scrape::Clock::time_point bus_deadline(const Scrape& scrape) {
  return std::min(scrape.deadline(), Scrape::Clock::now() + std::chrono::seconds(3));
}

class DBus {
 public:
  using Deadline = Stream::Deadline;

  struct Reply {
    std::string message;  // all of it
    std::size_t body_begin = 0;
    bool swap = false;
    std::uint32_t serial = 0;  // of the call it answers
    std::string error;         // the error's name, where it is one
    DBusReader body() const { return {std::string_view(message).substr(body_begin), swap}; }
  };

  struct Property {
    std::string_view path;
    std::string_view interface;
    std::string_view name;
  };
  struct Value {
    char type = 0;
    std::string text;
    std::uint64_t number = 0;
  };

  /// A socket on which the service answers without a bus, and when to use it.
  enum class Private : std::uint8_t { kNever, kWithoutBus, kAlways };
  void set_private_socket(Private use, std::string path) {
    private_use_ = use;
    private_socket_ = std::move(path);
  }

  /// Calls a method without arguments. Connects where that is needed, also where the bus was started anew.
  Result<Reply> call(std::string_view service, std::string_view path, std::string_view interface,
                     std::string_view method, Deadline deadline);

  /// One value for each property, in order; nothing where the object or the property does not exist.
  Result<std::vector<std::optional<Value>>> properties(std::string_view service,
                                                       std::span<const Property> wanted, Deadline deadline);

 private:
  Status connect(Deadline deadline);
  Status authenticate(Deadline deadline);
  std::uint32_t append_call(std::string& to, std::string_view service, std::string_view path,
                            std::string_view interface, std::string_view method,
                            std::span<const std::string_view> arguments);
  /// The next answer to any call.
  Result<Reply> next_reply(Deadline deadline);
  Result<Reply> call_once(std::string_view service, std::string_view path, std::string_view interface,
                          std::string_view method, Deadline deadline);

  Private private_use_ = Private::kNever;
  std::string private_socket_;
  bool is_private_ = false;  // the present connection
  std::optional<Stream> stream_;
  std::string received_;
  std::size_t used_ = 0;  // of received_
  std::uint32_t serial_ = 0;
};

}  // namespace exporter::node
