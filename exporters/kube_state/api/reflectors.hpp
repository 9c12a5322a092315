// SPDX-License-Identifier: Apache-2.0
#pragma once

// Follows resources of the API server: lists each, watches it, and begins again by itself whatever breaks
// off. Listeners are called on the client's thread.
//
//     Reflectors reflectors(client, {});
//     const auto id = reflectors.add(watched(*resource, "kube-system"), store);
//     ...
//     reflectors.remove(id);  // the listener is not called any more

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "api/client.hpp"
#include "api/listener.hpp"
#include "resource.hpp"

namespace exporter::kube {

/// What one reflector follows: a resource, in one namespace or in all.
struct Watched {
  std::string group{};  ///< "" for the core group
  std::string version{};
  std::string plural{};
  std::string name_space{};  ///< "": all, or the resource has none
  std::string field_selector{};
  std::string type{};  ///< how telemetry calls it: "*v1.Pod"
  Projection projection = Projection::kFull;
  const MessageSchema* schema = nullptr;  ///< without it answers in JSON are no good for a Listener
};

/// All of a resource, or its part in one namespace.
Watched watched(const Resource& resource, std::string name_space = {});

/// The Go type of a built-in resource's objects: "*v1.Pod".
std::string type_name(const Resource& resource);

enum class ReflectorState : std::uint8_t {
  kListing,   ///< the first list, or a later one, is under way
  kWatching,  ///< up to date
  kWaiting,   ///< something failed; tries again after a while
};

struct ReflectorStatus {
  std::string plural;
  std::string name_space;
  std::string type;
  ReflectorState state = ReflectorState::kListing;
  bool synced = false;      ///< has been listed completely, once
  std::uint64_t lists = 0;  ///< pages, too; streaming lists are watches
  std::uint64_t failed_lists = 0;
  std::uint64_t watches = 0;         ///< that the server began
  std::uint64_t failed_watches = 0;  ///< that it did not, or that broke off
  std::uint64_t relists = 0;         ///< lists after the first complete one
  std::uint64_t events = 0;          ///< objects that came by a watch, without those of lists
  std::uint64_t malformed = 0;
  std::uint64_t listed_objects = 0;  ///< by the last complete list
  /// Seconds since it was last known to be up to date: 0 while a watch stands. From the start on where it has
  /// never been.
  double stale_seconds = 0;
  double watch_seconds = 0;       ///< age of the watch that stands
  double last_event_seconds = 0;  ///< since the last object, bookmark or list
  std::string last_error;         ///< one line; "" while it watches
};

struct ReflectorOptions {
  bool streaming_lists = true;    ///< lists by a watch where the server can
  bool use_cache = false;         ///< lists may come from the API server's cache: --use-apiserver-cache
  std::int64_t object_limit = 0;  ///< no more objects than this are listed; 0: all. Ends streaming lists
  std::int64_t page_size = 500;

  std::chrono::milliseconds first_delay{800};  ///< after a failure, doubled each time
  std::chrono::milliseconds most_delay{30'000};
  std::chrono::milliseconds calm{120'000};             ///< without a failure: starts again with first_delay
  std::chrono::seconds watch_length{300};              ///< a watch ends after once to twice this
  std::chrono::milliseconds silence{60'000};           ///< a list without a byte for so long is given up
  std::size_t largest_object = std::size_t{16} << 20;  ///< bytes
};

class Reflectors {
 public:
  using Id = std::uint32_t;

  /// The client has to be started, and to outlive this. Not to be destroyed by a listener.
  Reflectors(Client& client, ReflectorOptions options);
  ~Reflectors();
  Reflectors(const Reflectors&) = delete;
  Reflectors& operator=(const Reflectors&) = delete;

  /// Begins to follow. From any thread, listeners' calls included; so is remove().
  Id add(Watched watched, Listener& listener);
  Id add(Watched watched, JsonListener& listener);
  /// When this returns, the listener is not called any more. Not while holding a lock that the listener
  /// takes.
  void remove(Id id);

  /// In the order of add().
  std::vector<ReflectorStatus> status() const;
  /// Whether all have been listed.
  bool synced() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace exporter::kube
