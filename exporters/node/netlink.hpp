// SPDX-License-Identifier: Apache-2.0
#pragma once

// A netlink socket for dumps: a request is sent, and the kernel's messages are visited where they were
// received.
//
//     Netlink route(NETLINK_ROUTE);
//     ifinfomsg all{};
//     auto done = route.dump(RTM_GETLINK, as_bytes(all), scrape.deadline(), [&] { links.clear(); },
//                            [&](const Netlink::Message& message) {
//                              const auto* info = message.header<ifinfomsg>();
//                              if (!info) return;
//                              for (auto attribute : message.attributes(sizeof *info)) { ... }
//                            });
//
// Nothing is read outside what was received, whatever the lengths in it say.

#include <linux/netlink.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include <exporter/collector.hpp>
#include <exporter/files.hpp>

namespace exporter::node {

using Bytes = std::span<const std::byte>;

template <class T>
Bytes as_bytes(const T& object) {
  static_assert(std::is_trivially_copyable_v<T>);
  return std::as_bytes(std::span(&object, 1));
}

/// One attribute: a type and bytes.
struct Attribute {
  std::uint16_t type = 0;
  Bytes data;

  /// A number or structure; nothing where there are fewer bytes than it has.
  template <class T>
  std::optional<T> as() const {
    if (data.size() < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, data.data(), sizeof value);
    return value;
  }
  template <class T>
  void read(T& value) const {
    if (auto number = as<T>()) value = *number;
  }
  /// A structure that may be shorter here than we know it, or longer: what is missing stays zero.
  template <class T>
  T partly() const {
    T value{};
    std::memcpy(&value, data.data(), std::min(sizeof value, data.size()));
    return value;
  }
  /// A string, up to its '\0'.
  std::string_view text() const {
    const auto* begin = reinterpret_cast<const char*>(data.data());
    return {begin, data.empty() ? 0 : strnlen(begin, data.size())};
  }
};

/// The attributes in a stretch of bytes; ends at the first whose length cannot be right.
class Attributes {
 public:
  explicit Attributes(Bytes bytes) : bytes_(bytes) {}

  class Iterator {
   public:
    explicit Iterator(Bytes rest) : rest_(rest) { step(); }
    const Attribute& operator*() const { return current_; }
    Iterator& operator++() {
      step();
      return *this;
    }
    bool operator!=(std::nullptr_t) const { return !done_; }

   private:
    void step();
    Bytes rest_;
    Attribute current_;
    bool done_ = false;
  };
  Iterator begin() const { return Iterator(bytes_); }
  std::nullptr_t end() const { return nullptr; }

 private:
  Bytes bytes_;
};

class Netlink {
 public:
  struct Message {
    std::uint16_t type = 0;
    Bytes payload;

    template <class T>
    std::optional<T> header() const {
      return Attribute{0, payload}.as<T>();
    }
    /// The attributes behind a family header of `header` bytes.
    Attributes attributes(std::size_t header) const {
      header = NLMSG_ALIGN(header);
      return Attributes(header < payload.size() ? payload.subspan(header) : Bytes{});
    }
  };

  /// A socket for NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_GENERIC, ...: opened on first use, then kept.
  explicit Netlink(int protocol) : protocol_(protocol) {}

  /// Asks for all objects; `body` is the family header and what attributes the request has. `visit(message)`
  /// gets each; `reset()` is called before the first one, and once more where the kernel's list changed
  /// during the dump and it is done anew. The error of the kernel's answer is its errno.
  template <class Reset, class Visit>
  Status dump(std::uint16_t type, Bytes body, Scrape::Clock::time_point deadline, Reset&& reset,
              Visit&& visit) {
    return run(type, NLM_F_DUMP, body, deadline, {&reset, &call<Reset>}, {&visit, &call_with<Visit>});
  }

  /// Asks for one object.
  template <class Visit>
  Status get(std::uint16_t type, Bytes body, Scrape::Clock::time_point deadline, Visit&& visit) {
    auto nothing = [] {};
    return run(type, NLM_F_ACK, body, deadline, {&nothing, &call<decltype(nothing)>},
               {&visit, &call_with<Visit>});
  }

  /// The number of a family of generic netlink; kNoData where the kernel does not have it.
  Result<std::uint16_t> family(std::string_view name, Scrape::Clock::time_point deadline);

 private:
  struct Callback {
    void* object;
    void (*function)(void*, const Message*);
    void operator()(const Message* message = nullptr) const { function(object, message); }
  };
  template <class F>
  static void call(void* object, const Message*) {
    (*static_cast<std::remove_reference_t<F>*>(object))();
  }
  template <class F>
  static void call_with(void* object, const Message* message) {
    (*static_cast<std::remove_reference_t<F>*>(object))(*message);
  }
  enum class Outcome : std::uint8_t { kDone, kAgain };

  Status open();
  Status run(std::uint16_t type, std::uint16_t flags, Bytes body, Scrape::Clock::time_point deadline,
             Callback reset, Callback visit);
  Status send(std::uint16_t type, std::uint16_t flags, Bytes body);
  Result<Outcome> receive_all(Scrape::Clock::time_point deadline, Callback visit);

  int protocol_;
  Fd socket_;
  std::uint32_t sequence_ = 0;
};

}  // namespace exporter::node
