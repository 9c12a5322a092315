// SPDX-License-Identifier: Apache-2.0
#pragma once

// Follows one resource in one namespace: list, watch, and what to do when either breaks off. Lives on the
// client's thread.
//
// A streaming list is a watch that begins with all objects and says with a bookmark when it is through. Where
// the server can't do that, pages are listed, and a watch begins at the list's version.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "api/exchange.hpp"
#include "api/frames.hpp"
#include "api/listener.hpp"
#include "api/reflectors.hpp"
#include "api/transport.hpp"

namespace exporter::kube {

/// Where the objects go: one of the two is set.
struct Target {
  Listener* listener = nullptr;
  JsonListener* json = nullptr;
};

/// How long to wait after failures: longer each time.
class Backoff {
 public:
  explicit Backoff(const ReflectorOptions& options) : options_(options) {}
  std::chrono::milliseconds next(Loop::Clock::time_point now, std::minstd_rand& random);
  void reset() { last_ = {}; }

 private:
  const ReflectorOptions& options_;
  std::chrono::milliseconds delay_{0};
  Loop::Clock::time_point last_{};
};

/// What happens to a reflector that others want to know of.
class ReflectorEvents {
 public:
  /// Why one waits: what ends for one of them has often ended for all.
  enum class Failure : std::uint8_t {
    kNone,
    kLost,     ///< there was no answer
    kExpired,  ///< all in order: what is known is too old to go on from
    kRefused,  ///< 401 and 403, of which an API server is full while it starts
    kOther,
  };
  virtual void failed(const Watched& watched, const std::string& why, Failure failure) = 0;
  /// There is an answer, whichever.
  virtual void answered() = 0;
  /// It stands again, after that failure.
  virtual void recovered(const Watched& watched, Failure failure) = 0;

 protected:
  ~ReflectorEvents() = default;
};

class Reflector final : public Exchange {
 public:
  Reflector(Transport& transport, const ReflectorOptions& options, ReflectorEvents& events, Watched watched,
            Target target);
  ~Reflector() { stop(); }
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void start();
  /// The listener is not called any more.
  void stop();
  /// Where this waits because of such a failure, it waits no longer than a moment.
  void hurry(ReflectorEvents::Failure failure);
  /// From any thread.
  ReflectorStatus status() const;

  void head(const ResponseHead& head) override;
  void data(std::string_view bytes) override;
  void end(const Status& status) override;
  bool patient() const override;

 private:
  using Clock = Loop::Clock;
  enum class Phase : std::uint8_t { kStreamingList, kPagedList, kWatch };

  void begin();
  void begin_list();
  void begin_watch();
  void send(std::string query, bool watch);
  std::string accept(bool list) const;

  Status feed(std::string_view bytes);
  bool take_event(const WatchEvent& event);
  bool take_item(std::string_view item);
  void deliver(std::string_view object, bool deleted);
  void deliver_json(std::string_view object, std::string_view type, bool deleted);
  void list_is_whole(std::string resource_version);
  void page_ends();
  void watch_ends();
  void answered_with(const ApiStatus& status);
  void abandon_list();
  void count_failure();

  /// The attempt has failed; the next one comes after a while.
  void failed(std::string why, ReflectorEvents::Failure failure = ReflectorEvents::Failure::kOther);
  std::chrono::milliseconds a_moment();
  void stands();
  void arm();
  void check();

  Transport& transport_;
  const ReflectorOptions& options_;
  ReflectorEvents& events_;
  const Watched watched_;
  const Target target_;
  std::minstd_rand random_;
  Backoff backoff_;

  Phase phase_ = Phase::kStreamingList;
  bool stopped_ = false;
  bool streaming_ = true;      // the server can
  bool must_list_ = true;      // there is no version to resume from
  bool listing_ = false;       // list_begins() has been told
  bool unpaged_ = false;       // pages have run out of time: all in one
  bool version_lost_ = false;  // the server doesn't have the last version
  std::string version_;        // to resume from
  std::string next_page_;
  std::uint64_t listed_ = 0;

  // The answer that is under way.
  bool busy_ = false;
  bool head_seen_ = false;
  int code_ = 0;
  std::optional<std::chrono::seconds> retry_after_;
  bool json_ = false;
  std::string body_;  // of an error
  std::optional<WatchFeeder> watch_feeder_;
  std::optional<ListFeeder> list_feeder_;
  std::optional<JsonListFeeder> json_feeder_;
  std::size_t type_column_ = static_cast<std::size_t>(-1);  // of a table
  std::string wire_;                                        // an object that came as JSON
  std::string problem_;                                     // that ends the answer
  std::optional<ApiStatus> error_event_;
  std::uint64_t events_now_ = 0;    // objects, those of a list too
  std::uint64_t fresh_events_ = 0;  // objects of a watch, in the piece that is being read

  Loop::Timer retry_ = 0;
  ReflectorEvents::Failure failure_ = ReflectorEvents::Failure::kNone;  // the last, while it lasts
  Clock::time_point quick_list_{};  // when a list last began without waiting long
  Loop::Timer watchdog_ = 0;
  Clock::time_point begun_{};
  Clock::time_point heard_{};
  Clock::time_point ends_by_{};

  mutable std::mutex mutex_;  // of what follows
  ReflectorStatus status_;
  Clock::time_point current_until_;  // while nothing stands
  Clock::time_point stands_since_{};
  Clock::time_point last_event_;
  bool stands_ = false;
};

}  // namespace exporter::kube
