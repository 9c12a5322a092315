// SPDX-License-Identifier: Apache-2.0
#pragma once

// An API server with one kind of object, which lists and watches as the real one does, in protobuf, JSON or
// tables, and fails where a test wants it to. And a listener that keeps what a store would keep.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "api/listener.hpp"
#include "api/schema.hpp"
#include "kube_state/stub_server.hpp"

namespace kube_test {

/// Schema of the objects: metadata {name, namespace, uid, resourceVersion}, type.
extern const exporter::kube::MessageSchema& kThingSchema;

class StubCluster {
 public:
  using Duration = std::chrono::milliseconds;

  /// What a request runs into, instead of or in the middle of its answer.
  struct Fault {
    enum class Kind : std::uint8_t {
      kStatus,      // an error's status and Status object
      kErrorEvent,  // a watch that begins and tells of an error
      kCut,         // breaks off behind `after` bytes of the body
      kGarbage,     // bytes without sense
      kSilent,      // a head, and nothing more
      kNoHead,      // nothing at all
      kSlow,        // a byte at a time
      kWrongType,   // text/html
    };
    Kind kind = Kind::kStatus;
    int code = 500;
    std::string reason{};
    std::string retry_after{};
    std::size_t after = 0;
  };

  StubCluster() : StubCluster(StubServer::Options()) {}
  explicit StubCluster(StubServer::Options options)
      : server_([this](const StubRequest& request, StubReply& reply) { answer(request, reply); }, options) {}
  ~StubCluster() {
    end();
    server_.stop();
  }
  StubCluster(const StubCluster&) = delete;
  StubCluster& operator=(const StubCluster&) = delete;

  StubServer& server() { return server_; }

  void put(const std::string& name, std::size_t padding = 0);
  void remove(const std::string& name);
  /// Forgets all events: watches from older versions are answered with 410.
  void compact();
  /// Sends a bookmark on all watches.
  void bookmark();
  /// Ends all watches in order.
  void end_watches();
  std::map<std::string, std::uint64_t> objects() const;

  /// The next requests run into them, one each: those that `watch` says.
  void fail_next(Fault fault, bool watch, int times = 1);

  bool streaming = true;  // streaming lists are known
  bool json_only = false;
  bool ignores_limit = false;
  std::string token{};  // only with it are requests let in

  /// Of all requests so far: "LIST limit=2", "WATCH sendInitialEvents", in order.
  std::vector<StubRequest> requests() const;
  /// Waits until so many requests that match have come.
  bool wait_requests(const std::function<bool(const StubRequest&)>& match, int count,
                     Duration limit = Duration(10'000)) const;

 private:
  struct Object {
    std::uint64_t version = 0;
    std::size_t padding = 0;
  };
  struct Event {
    std::uint64_t version = 0;
    std::string type;
    std::string name;
    Object object;
  };
  enum class Format : std::uint8_t { kProtobuf, kJson, kTable };

  void end();
  void answer(const StubRequest& request, StubReply& reply);
  void list(const StubRequest& request, StubReply& reply, Format format, const Fault* fault);
  void watch(const StubRequest& request, StubReply& reply, Format format, const Fault* fault);
  std::string event(Format format, const std::string& type, const std::string& name, const Object& object,
                    bool initial_end) const;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, Object> objects_;
  std::vector<Event> events_;
  std::uint64_t version_ = 100;
  std::uint64_t oldest_ = 100;  // watches from before are gone
  int bookmarks_ = 0;
  int generation_ = 0;  // of watches: those of older ones end
  bool ending_ = false;
  std::vector<Fault> list_faults_;
  std::vector<Fault> watch_faults_;
  std::vector<StubRequest> requests_;
  StubServer server_;  // last: it ends first
};

/// Keeps what a store would, and checks the order of calls.
class Recorder : public exporter::kube::Listener {
 public:
  void list_begins() override;
  void object(std::string_view wire) override;
  void deleted(std::string_view wire) override;
  void list_ends() override;
  void list_fails() override;

  /// Names and versions of all visible objects.
  std::map<std::string, std::uint64_t> objects() const;
  std::map<std::string, std::string> types() const;
  int lists() const;
  int failed_lists() const;
  bool ordered() const;  // list_begins() and its ends came in turns
  std::size_t largest() const;
  /// Until it has them all and nothing else.
  bool wait(const std::map<std::string, std::uint64_t>& wanted,
            StubCluster::Duration limit = StubCluster::Duration(10'000)) const;
  bool wait_for(const std::function<bool()>& condition,
                StubCluster::Duration limit = StubCluster::Duration(10'000)) const;

  std::function<void()> on_object{};  // called for each, without a lock

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, std::uint64_t> objects_;
  std::map<std::string, std::uint64_t> listed_;
  std::map<std::string, std::string> types_;
  std::size_t largest_ = 0;
  bool listing_ = false;
  bool ordered_ = true;
  int lists_ = 0;
  int failed_ = 0;
};

/// The wire format of one object.
std::string thing_wire(const std::string& name, std::uint64_t version, std::size_t padding = 0);
std::string thing_json(const std::string& name, std::uint64_t version, std::size_t padding = 0);
/// "k8s\0" and the rest, around a message.
std::string enveloped(std::string_view kind, std::string_view message);
/// An event of a watch in protobuf, with its length.
std::string watch_frame(std::string_view type, std::string_view kind, std::string_view message);

}  // namespace kube_test
