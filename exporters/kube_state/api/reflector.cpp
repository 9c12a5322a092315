// SPDX-License-Identifier: Apache-2.0
// Follows one resource: lists, watches, and begins again.

#include "api/reflector.hpp"

#include <algorithm>
#include <utility>

#include <exporter/json.hpp>

#include "api/json_wire.hpp"

namespace exporter::kube {
namespace {

constexpr std::size_t kLargestError = std::size_t{64} << 10;
constexpr std::size_t kKeptScratch = std::size_t{16} << 10;
/// A watch that ends sooner, without an event, has failed.
constexpr std::chrono::seconds kShortWatch{1};
/// How long after its announced end a watch may still stand.
constexpr std::chrono::seconds kGrace{30};

std::string escaped(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result;
}

/// The number of a table's column with that name.
std::size_t column_of(std::string_view definitions, std::string_view name) {
  std::size_t index = 0;
  auto found = static_cast<std::size_t>(-1);
  JsonReader json(definitions);
  json.array([&] {
    json.object([&](std::string_view key) {
      if (key == "name" && json.string() == name) found = index;
    });
    ++index;
  });
  return found;
}

/// A row of a table: its object, and the text in one of its cells.
struct Row {
  std::string_view object;
  std::string cell;
};
Row row_of(std::string_view text, std::size_t column) {
  Row row;
  JsonReader json(text);
  json.object([&](std::string_view key) {
    if (key == "object") row.object = json.raw();
    if (key != "cells") return;
    std::size_t index = 0;
    json.array([&] {
      if (index++ == column && json.kind() == JsonReader::Kind::kString) row.cell = json.string();
    });
  });
  return row;
}

/// What a table in a watch's event says: its only row, and its columns in the first event.
struct TableEvent {
  std::string_view columns;
  std::string_view row;
};
TableEvent table_event(std::string_view text) {
  TableEvent table;
  JsonReader json(text);
  json.object([&](std::string_view key) {
    if (key == "columnDefinitions") table.columns = json.raw();
    if (key == "rows") json.array([&] { table.row = json.raw(); });
  });
  return table;
}

double seconds_between(Loop::Clock::time_point from, Loop::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::chrono::milliseconds Backoff::next(Loop::Clock::time_point now, std::minstd_rand& random) {
  const bool calm = last_ == Loop::Clock::time_point{} || now - last_ > options_.calm;
  delay_ = calm ? options_.first_delay : std::min(delay_ * 2, options_.most_delay);
  last_ = now;
  std::uniform_int_distribution<std::int64_t> jitter(0, delay_.count());
  return delay_ + std::chrono::milliseconds(jitter(random));
}

Reflector::Reflector(Transport& transport, const ReflectorOptions& options, ReflectorEvents& events,
                     Watched watched, Target target)
    : transport_(transport),
      options_(options),
      events_(events),
      watched_(std::move(watched)),
      target_(target),
      random_(std::random_device{}()),
      backoff_(options),
      streaming_(options.streaming_lists && options.object_limit == 0),
      current_until_(Clock::now()),
      last_event_(current_until_) {
  status_.plural = watched_.plural;
  status_.name_space = watched_.name_space;
  status_.type = watched_.type;
}

void Reflector::start() { begin(); }

void Reflector::stop() {
  stopped_ = true;
  auto& loop = transport_.loop();
  loop.cancel(retry_);
  loop.cancel(watchdog_);
  if (std::exchange(busy_, false)) transport_.cancel(*this);
}

ReflectorStatus Reflector::status() const {
  const std::lock_guard lock(mutex_);
  const auto now = Clock::now();
  ReflectorStatus status = status_;
  status.stale_seconds = stands_ ? 0 : seconds_between(current_until_, now);
  status.watch_seconds = stands_ ? seconds_between(stands_since_, now) : 0;
  status.last_event_seconds = seconds_between(last_event_, now);
  return status;
}

// --- requests

void Reflector::hurry(ReflectorEvents::Failure failure) {
  if (retry_ == 0 || failure_ != failure) return;
  auto& loop = transport_.loop();
  loop.cancel(retry_);
  retry_ = loop.at(Clock::now() + a_moment(), [this] { begin(); });
}

std::chrono::milliseconds Reflector::a_moment() {
  std::uniform_int_distribution<std::int64_t> jitter(0, options_.first_delay.count());
  return std::chrono::milliseconds(jitter(random_));
}

void Reflector::begin() {
  retry_ = 0;
  problem_.clear();
  error_event_.reset();
  events_now_ = 0;
  if (must_list_) {
    begin_list();
  } else {
    begin_watch();
  }
}

void Reflector::begin_list() {
  if (next_page_.empty()) {
    listed_ = 0;
    listing_ = true;
    {
      const std::lock_guard lock(mutex_);
      status_.state = ReflectorState::kListing;
      if (status_.synced) ++status_.relists;
    }
    if (target_.listener != nullptr) target_.listener->list_begins();
    if (target_.json != nullptr) target_.json->list_begins();
    if (stopped_) return;
  }
  // Never older than what has been seen, if the server still knows that version.
  const std::string version = version_lost_ ? "" : version_;
  if (streaming_) {
    phase_ = Phase::kStreamingList;
    std::string query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    if (!version.empty()) query += "&resourceVersion=" + escaped(version);
    return send(std::move(query), true);
  }
  phase_ = Phase::kPagedList;
  std::string query;
  if (!next_page_.empty()) {
    query = "limit=" + std::to_string(options_.page_size) + "&continue=" + escaped(next_page_);
  } else if (options_.object_limit > 0) {
    query = "limit=" + std::to_string(options_.object_limit);
    if (options_.use_cache) query += "&resourceVersion=0";
  } else if (version_lost_) {
    if (!unpaged_) query = "limit=" + std::to_string(options_.page_size);
  } else if (version.empty()) {
    query = "limit=" + std::to_string(options_.page_size) + "&resourceVersion=0";
  } else {
    query = "resourceVersion=" + escaped(version);  // no pages: they would bypass the server's cache
  }
  send(std::move(query), false);
}

void Reflector::begin_watch() {
  phase_ = Phase::kWatch;
  send("allowWatchBookmarks=true&resourceVersion=" + escaped(version_), true);
}

void Reflector::send(std::string query, bool watch) {
  const auto now = Clock::now();
  busy_ = true;
  head_seen_ = false;
  code_ = 0;
  retry_after_.reset();
  body_.clear();
  watch_feeder_.reset();
  list_feeder_.reset();
  json_feeder_.reset();
  type_column_ = static_cast<std::size_t>(-1);
  begun_ = heard_ = now;
  ends_by_ = Clock::time_point::max();

  ApiRequest request;
  request.path = watched_.group.empty() ? "/api/" + watched_.version
                                        : "/apis/" + watched_.group + "/" + watched_.version;
  if (!watched_.name_space.empty()) request.path += "/namespaces/" + escaped(watched_.name_space);
  request.path += "/" + watched_.plural;
  std::string_view separator = "?";
  const auto add = [&](std::string_view part) {
    request.path += separator;
    request.path += part;
    separator = "&";
  };
  if (watch) {
    const auto length = options_.watch_length.count();
    std::uniform_int_distribution<std::int64_t> more(0, length);
    const auto seconds = std::max<std::int64_t>(1, length + more(random_));
    ends_by_ = now + std::chrono::seconds(seconds) + kGrace;
    add("watch=true&timeoutSeconds=" + std::to_string(seconds));
  }
  if (!query.empty()) add(query);
  if (!watched_.field_selector.empty()) add("fieldSelector=" + escaped(watched_.field_selector));
  if (target_.listener != nullptr && watched_.projection == Projection::kTableMetadata)
    add("includeObject=Metadata");
  request.accept = accept(!watch);
  transport_.begin(*this, std::move(request));
  arm();
}

std::string Reflector::accept(bool list) const {
  if (target_.json != nullptr) return "application/json";
  const std::string kind = list ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  switch (watched_.projection) {
    case Projection::kMetadata:
      return "application/vnd.kubernetes.protobuf;as=" + kind +
             ";g=meta.k8s.io;v=v1,application/json;as=" + kind + ";g=meta.k8s.io;v=v1,application/json";
    case Projection::kTableMetadata:
      return "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
    default:
      return "application/vnd.kubernetes.protobuf,application/json";
  }
}

// --- answers

void Reflector::head(const ResponseHead& head) {
  head_seen_ = true;
  heard_ = Clock::now();
  code_ = head.status;
  retry_after_ = head.retry_after;
  events_.answered();
  if (code_ == 401) transport_.token_refused();
  if (code_ != 200) return;
  json_ = head.content_type.starts_with("application/json");
  const bool protobuf = head.content_type.starts_with("application/vnd.kubernetes.protobuf");
  if ((!json_ && !protobuf) || (protobuf && target_.json != nullptr)) {
    problem_ = "the answer is of type \"" + head.content_type.substr(0, 60) + "\": is this an API server?";
  } else if (json_ && target_.listener != nullptr && watched_.schema == nullptr) {
    problem_ = "the server answers in JSON only, which is not supported for this resource";
  }
  if (!problem_.empty()) return;
  if (phase_ == Phase::kPagedList) {
    if (json_) {
      json_feeder_.emplace(options_.largest_object);
    } else {
      list_feeder_.emplace(options_.largest_object);
    }
    return;
  }
  watch_feeder_.emplace(json_, options_.largest_object);
  {
    const std::lock_guard lock(mutex_);
    ++status_.watches;
  }
  if (phase_ == Phase::kWatch) stands();
}

void Reflector::data(std::string_view bytes) {
  heard_ = Clock::now();
  if (code_ != 200) {
    if (body_.size() < kLargestError) body_ += bytes.substr(0, kLargestError - body_.size());
    return;
  }
  if (problem_.empty()) {
    if (auto status = feed(bytes); !status && problem_.empty()) problem_ = status.error().message;
  }
  if (stopped_ || !busy_) return;
  if (problem_.empty() && !error_event_) return;
  transport_.cancel(*this);
  end({});
}

void Reflector::end(const Status& status) {
  busy_ = false;
  transport_.loop().cancel(watchdog_);
  const bool whole = status && code_ == 200 && problem_.empty() && !error_event_;
  if (whole) return phase_ == Phase::kPagedList ? page_ends() : watch_ends();
  count_failure();
  if (!status && !head_seen_) return failed(status.error().message, ReflectorEvents::Failure::kLost);
  if (code_ != 200) return answered_with(read_status_body(body_));
  if (!problem_.empty()) return failed(problem_);
  if (error_event_) return answered_with(*error_event_);
  failed(status.error().message, ReflectorEvents::Failure::kLost);
}

/// A watch is; a list is not, so that nothing holds up the start.
bool Reflector::patient() const { return head_seen_ && !listing_ && phase_ != Phase::kPagedList; }

void Reflector::count_failure() {
  const std::lock_guard lock(mutex_);
  ++(phase_ == Phase::kPagedList ? status_.failed_lists : status_.failed_watches);
}

Status Reflector::feed(std::string_view bytes) {
  fresh_events_ = 0;
  Status status;
  if (watch_feeder_) {
    status = watch_feeder_->feed(bytes, [this](const WatchEvent& event) { return take_event(event); });
  } else if (list_feeder_) {
    status = list_feeder_->feed(bytes, [this](std::string_view item) { return take_item(item); });
  } else if (json_feeder_) {
    status = json_feeder_->feed(bytes, [this](std::string_view item) { return take_item(item); });
  }
  if (wire_.capacity() > kKeptScratch) std::string().swap(wire_);
  const std::lock_guard lock(mutex_);
  last_event_ = heard_;
  status_.events += fresh_events_;
  return status;
}

bool Reflector::take_event(const WatchEvent& event) {
  if (event.type == EventType::kError) {
    error_event_ = json_ ? read_status_json(event.object) : read_status(event.object);
    return false;
  }
  const bool bookmark = event.type == EventType::kBookmark;
  std::string_view object = event.object;
  std::string type;
  if (json_ && event.kind == "Table") {
    const auto table = table_event(event.object);
    if (!table.columns.empty() && table.columns != "null") type_column_ = column_of(table.columns, "Type");
    auto row = row_of(table.row, type_column_);
    object = row.object;
    type = std::move(row.cell);
  }
  auto meta = json_ ? read_meta_json(object, bookmark) : read_meta(object, bookmark);
  if (!bookmark) {
    const bool deleted = event.type == EventType::kDeleted;
    ++events_now_;
    ++(listing_ ? listed_ : fresh_events_);
    json_ ? deliver_json(object, type, deleted) : deliver(object, deleted);
    if (stopped_) return false;
  }
  if (listing_) {
    if (bookmark && meta.initial_events_end) list_is_whole(std::move(meta.resource_version));
    return !stopped_;
  }
  if (!meta.resource_version.empty()) version_ = std::move(meta.resource_version);
  return true;
}

bool Reflector::take_item(std::string_view item) {
  if (options_.object_limit > 0 && listed_ >= static_cast<std::uint64_t>(options_.object_limit)) return true;
  ++listed_;
  if (!json_) {
    deliver(item, false);
  } else if (json_feeder_->is_table()) {
    if (type_column_ == static_cast<std::size_t>(-1))
      type_column_ = column_of(json_feeder_->columns(), "Type");
    const auto row = row_of(item, type_column_);
    deliver_json(row.object, row.cell, false);
  } else {
    deliver_json(item, {}, false);
  }
  return !stopped_;
}

void Reflector::deliver(std::string_view object, bool deleted) {
  deleted ? target_.listener->deleted(object) : target_.listener->object(object);
}

void Reflector::deliver_json(std::string_view object, std::string_view type, bool deleted) {
  if (target_.json != nullptr) {
    deleted ? target_.json->deleted(object) : target_.json->object(object);
    return;
  }
  wire_.clear();
  if (!append_wire(object, *watched_.schema, wire_)) {
    const std::lock_guard lock(mutex_);
    ++status_.malformed;
    return;
  }
  if (!type.empty()) {
    const auto fields = watched_.schema->fields;
    const auto field =
        std::find_if(fields.begin(), fields.end(), [](const auto& one) { return one.json == "type"; });
    if (field != fields.end()) append_field(field->number, type, wire_);
  }
  deliver(wire_, deleted);
}

void Reflector::list_is_whole(std::string resource_version) {
  listing_ = false;
  must_list_ = false;
  version_lost_ = false;
  unpaged_ = false;
  version_ = std::move(resource_version);
  {
    const std::lock_guard lock(mutex_);
    status_.synced = true;
    status_.listed_objects = listed_;
    last_event_ = Clock::now();
  }
  if (target_.listener != nullptr) target_.listener->list_ends();
  if (target_.json != nullptr) target_.json->list_ends();
  if (!stopped_ && phase_ == Phase::kStreamingList) stands();
}

void Reflector::page_ends() {
  auto meta = list_feeder_ ? list_feeder_->finish() : json_feeder_->finish();
  if (meta && meta->resource_version.empty()) meta = fail(Code::kInvalid, "the list has no resource version");
  if (!meta) {
    count_failure();
    return failed(meta.error().message);
  }
  {
    const std::lock_guard lock(mutex_);
    ++status_.lists;
  }
  next_page_ = options_.object_limit > 0 ? "" : meta->next;
  if (!next_page_.empty()) return begin_list();
  list_is_whole(meta->resource_version);
  if (!stopped_) begin();
}

void Reflector::watch_ends() {
  std::string why;
  if (!watch_feeder_->whole()) {
    why = "the watch ended in the middle of an event";
  } else if (listing_) {
    streaming_ = false;  // the server knows nothing of them: it would have said that the list is whole
    why = "the streaming list ended before it was whole";
  } else if (Clock::now() - begun_ < kShortWatch && events_now_ == 0) {
    why = "the watch ended at once";
  }
  if (!why.empty()) {
    count_failure();
    return failed(std::move(why));
  }
  {
    const std::lock_guard lock(mutex_);
    if (stands_) current_until_ = Clock::now();
    stands_ = false;
  }
  begin();
}

void Reflector::answered_with(const ApiStatus& answer) {
  const int code = error_event_ && answer.code != 0 ? answer.code : error_event_ ? 500 : code_;
  if (answer.retry_after_seconds && !retry_after_)
    retry_after_ = std::chrono::seconds(*answer.retry_after_seconds);
  using Failure = ReflectorEvents::Failure;
  auto failure = code == 401 || code == 403 ? Failure::kRefused : Failure::kOther;
  const bool too_new = answer.message.find("Too large resource version") != std::string::npos;
  if (code == 410 || too_new) {
    if (must_list_ || too_new) version_lost_ = true;  // a list from there on is not to be had
    if (phase_ == Phase::kWatch) failure = Failure::kExpired;
    if (phase_ == Phase::kPagedList) unpaged_ = unpaged_ || !next_page_.empty();
    must_list_ = true;
  } else if (phase_ == Phase::kStreamingList && listing_) {
    const bool can_not =
        code == 400 || code == 405 || code == 406 || code == 422 || code == 500 || code == 501;
    if (can_not) {  // an old server: no failure yet
      streaming_ = false;
      abandon_list();
      if (!stopped_) begin();
      return;
    }
  }
  std::string why = std::to_string(code);
  if (!answer.reason.empty()) why += " " + answer.reason;
  if (!answer.message.empty()) why += ": " + answer.message;
  failed(std::move(why), failure);
}

void Reflector::abandon_list() {
  if (!std::exchange(listing_, false)) return;
  next_page_.clear();
  if (target_.listener != nullptr) target_.listener->list_fails();
  if (target_.json != nullptr) target_.json->list_fails();
}

void Reflector::failed(std::string why, ReflectorEvents::Failure failure) {
  abandon_list();
  if (stopped_) return;
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stands_, false)) current_until_ = now;
    status_.state = ReflectorState::kWaiting;
    status_.last_error = why;
  }
  events_.failed(watched_, why, failure);
  // A server that answers again has begun anew.
  const auto before = std::exchange(failure_, failure);
  if (before == ReflectorEvents::Failure::kLost && failure != before) backoff_.reset();
  std::chrono::milliseconds delay{0};
  const bool first = quick_list_ == Clock::time_point{} || now - quick_list_ > options_.most_delay;
  if (failure == ReflectorEvents::Failure::kExpired && first) {  // as after each restart of the server
    quick_list_ = now;
    delay = a_moment();
  } else {
    delay = backoff_.next(now, random_);
  }
  if (retry_after_) delay = std::max<std::chrono::milliseconds>(delay, *retry_after_);
  retry_ = transport_.loop().at(now + delay, [this] { begin(); });
}

void Reflector::stands() {
  {
    const std::lock_guard lock(mutex_);
    status_.state = ReflectorState::kWatching;
    status_.last_error.clear();
    stands_ = true;
    stands_since_ = Clock::now();
  }
  const auto failure = std::exchange(failure_, ReflectorEvents::Failure::kNone);
  if (failure != ReflectorEvents::Failure::kNone) events_.recovered(watched_, failure);
}

// --- what takes too long

void Reflector::arm() {
  if (!busy_) return;
  auto due = ends_by_;
  if (!head_seen_ || listing_) due = std::min(due, heard_ + options_.silence);
  auto& loop = transport_.loop();
  loop.cancel(watchdog_);
  if (due != Clock::time_point::max()) {
    watchdog_ = loop.at(due, [this] {
      watchdog_ = 0;
      check();
    });
  }
}

void Reflector::check() {
  const auto now = Clock::now();
  const bool silent = (!head_seen_ || listing_) && now >= heard_ + options_.silence;
  if (!silent && now < ends_by_) return arm();
  transport_.cancel(*this);
  if (phase_ == Phase::kStreamingList && listing_ && head_seen_) streaming_ = false;
  end(fail(Code::kTimeout,
           silent ? "no answer of the API server for " + std::to_string(options_.silence.count()) + " ms"
                  : "the watch did not end when it should have"));
}

}  // namespace exporter::kube
