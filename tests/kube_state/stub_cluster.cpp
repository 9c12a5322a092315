// SPDX-License-Identifier: Apache-2.0
// The test server's objects, lists and watches.

#include "kube_state/stub_cluster.hpp"

#include <algorithm>
#include <optional>
#include <thread>

#include "api/json_wire.hpp"
#include "api/wire.hpp"

namespace kube_test {

using exporter::kube::append_field;
using exporter::kube::FieldKind;
using exporter::kube::FieldSchema;
using exporter::kube::Message;
using exporter::kube::MessageSchema;
using exporter::kube::only;

namespace {

constexpr FieldSchema kMetaFields[] = {{1, "name", FieldKind::kString},
                                       {3, "namespace", FieldKind::kString},
                                       {5, "uid", FieldKind::kString},
                                       {6, "resourceVersion", FieldKind::kString},
                                       {11, "labels", FieldKind::kStringMap}};
constexpr MessageSchema kMeta{kMetaFields};
constexpr FieldSchema kThingFields[] = {{1, "metadata", FieldKind::kMessage, &kMeta},
                                        {3, "type", FieldKind::kString}};
constexpr MessageSchema kThing{kThingFields};

std::string meta_wire(const std::string& name, std::uint64_t version, std::size_t padding, bool initial_end) {
  std::string meta;
  append_field(1, name, meta);
  append_field(3, "default", meta);
  append_field(5, "uid-" + name, meta);
  append_field(6, std::to_string(version), meta);
  if (padding > 0) {
    std::string entry;
    append_field(1, "padding", entry);
    append_field(2, std::string(padding, 'x'), entry);
    append_field(11, entry, meta);
  }
  if (initial_end) {
    std::string entry;
    append_field(1, "k8s.io/initial-events-end", entry);
    append_field(2, "true", entry);
    append_field(12, entry, meta);
  }
  return meta;
}

std::string meta_json(const std::string& name, std::uint64_t version, std::size_t padding, bool initial_end) {
  std::string text = R"({"name":")" + name + R"(","namespace":"default","uid":"uid-)" + name +
                     R"(","resourceVersion":")" + std::to_string(version) + '"';
  if (padding > 0) text += R"(,"labels":{"padding":")" + std::string(padding, 'x') + "\"}";
  if (initial_end) text += R"(,"annotations":{"k8s.io/initial-events-end":"true"})";
  return text + "}";
}

std::string row(const std::string& name, std::uint64_t version, std::size_t padding, bool initial_end) {
  return R"({"cells":[")" + name + R"(","Kind/)" + name +
         R"(",3],"object":{"kind":"PartialObjectMetadata","metadata":)" +
         meta_json(name, version, padding, initial_end) + "}}";
}

constexpr std::string_view kColumns =
    R"([{"name":"Name","type":"string"},{"name":"Type","type":"string"},{"name":"Data","type":"integer"}])";

std::string status_json(int code, const std::string& reason) {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","message":"it is so","reason":")" + reason +
         R"(","code":)" + std::to_string(code) + "}";
}

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
  return out;
}

std::string status_wire(int code, const std::string& reason) {
  std::string out;
  append_field(2, "Failure", out);
  append_field(3, "it is so", out);
  append_field(4, reason, out);
  return out + varint(6 << 3) + varint(static_cast<std::uint64_t>(code));
}

/// Writes an answer's body, unless a fault gets in the way. False where that was the end.
bool put_out(StubReply& reply, std::string_view bytes, std::size_t& sent, const StubCluster::Fault* fault) {
  using Kind = StubCluster::Fault::Kind;
  if (fault != nullptr && fault->kind == Kind::kCut && sent + bytes.size() > fault->after) {
    reply.write(bytes.substr(0, fault->after - std::min(sent, fault->after)));
    reply.cut();
    return false;
  }
  sent += bytes.size();
  if (fault == nullptr || fault->kind != Kind::kSlow) return reply.write(bytes);
  for (const char byte : bytes) {
    if (!reply.write({&byte, 1})) return false;
  }
  return true;
}

}  // namespace

const MessageSchema& kThingSchema = kThing;

std::string thing_wire(const std::string& name, std::uint64_t version, std::size_t padding) {
  std::string wire;
  append_field(1, meta_wire(name, version, padding, false), wire);
  append_field(3, "Kind/" + name, wire);
  return wire;
}

std::string thing_json(const std::string& name, std::uint64_t version, std::size_t padding) {
  return R"({"kind":"Thing","metadata":)" + meta_json(name, version, padding, false) + R"(,"type":"Kind/)" +
         name + "\"}";
}

std::string enveloped(std::string_view kind, std::string_view message) {
  std::string type;
  append_field(1, "v1", type);
  append_field(2, kind, type);
  std::string out("k8s\0", 4);
  append_field(1, type, out);
  append_field(2, message, out);
  append_field(3, "", out);
  append_field(4, "", out);
  return out;
}

std::string watch_frame(std::string_view type, std::string_view kind, std::string_view message) {
  std::string raw;
  append_field(1, enveloped(kind, message), raw);
  std::string event;
  append_field(1, type, event);
  append_field(2, raw, event);
  const auto size = static_cast<std::uint32_t>(event.size());
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift & 0xff);
  return frame + event;
}

void StubCluster::put(const std::string& name, std::size_t padding) {
  const std::lock_guard lock(mutex_);
  const bool known = objects_.count(name) > 0;
  objects_[name] = {++version_, padding};
  events_.push_back({version_, known ? "MODIFIED" : "ADDED", name, objects_[name]});
  changed_.notify_all();
}

void StubCluster::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto object = objects_[name];
  objects_.erase(name);
  object.version = ++version_;
  events_.push_back({version_, "DELETED", name, object});
  changed_.notify_all();
}

void StubCluster::compact() {
  const std::lock_guard lock(mutex_);
  events_.clear();
  oldest_ = ++version_;
}

void StubCluster::bookmark() {
  const std::lock_guard lock(mutex_);
  ++bookmarks_;
  changed_.notify_all();
}

void StubCluster::end_watches() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  changed_.notify_all();
}

void StubCluster::end() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

std::map<std::string, std::uint64_t> StubCluster::objects() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::uint64_t> result;
  for (const auto& [name, object] : objects_) result[name] = object.version;
  return result;
}

void StubCluster::fail_next(Fault fault, bool watch, int times) {
  const std::lock_guard lock(mutex_);
  auto& list = watch ? watch_faults_ : list_faults_;
  list.insert(list.end(), static_cast<std::size_t>(times), fault);
}

std::vector<StubRequest> StubCluster::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

bool StubCluster::wait_requests(const std::function<bool(const StubRequest&)>& match, int count,
                                Duration limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit,
                           [&] { return std::count_if(requests_.begin(), requests_.end(), match) >= count; });
}

void StubCluster::answer(const StubRequest& request, StubReply& reply) {
  const bool is_watch = request.query.count("watch") > 0;
  std::optional<Fault> fault;
  {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    auto& faults = is_watch ? watch_faults_ : list_faults_;
    if (!faults.empty()) {
      fault = faults.front();
      faults.erase(faults.begin());
    }
    changed_.notify_all();
  }
  const auto refuse = [&](int code, const std::string& reason, const std::string& retry_after) {
    reply.head(code, "application/json", retry_after);
    reply.write(status_json(code, reason));
    reply.end();
  };
  if (request.path == "/version") {
    reply.head(200, "application/json");
    reply.write(R"({"major":"1","minor":"36"})");
    return reply.end();
  }
  if (request.path == "/echo") {
    reply.head(200, request.headers.at("content-type"));
    reply.write(request.method + " " + request.body);
    return reply.end();
  }
  if (!token.empty()) {
    const auto given = request.headers.find("authorization");
    if (given == request.headers.end() || given->second != "Bearer " + token)
      return refuse(401, "Unauthorized", {});
  }
  if (is_watch && request.query.count("sendInitialEvents") > 0 && !streaming)
    return refuse(422, "Invalid", {});
  const auto& accept = request.headers.at("accept");
  auto format = accept.find("protobuf") != std::string::npos ? Format::kProtobuf : Format::kJson;
  if (accept.find("as=Table") != std::string::npos) format = Format::kTable;
  if (json_only && format == Format::kProtobuf) format = Format::kJson;
  if (fault) {
    const std::string type =
        format == Format::kProtobuf ? "application/vnd.kubernetes.protobuf" : "application/json";
    switch (fault->kind) {
      case Fault::Kind::kStatus:
        return refuse(fault->code, fault->reason, fault->retry_after);
      case Fault::Kind::kErrorEvent:
        reply.head(200, type);
        reply.write(format == Format::kProtobuf
                        ? watch_frame("ERROR", "Status", status_wire(fault->code, fault->reason))
                        : R"({"type":"ERROR","object":)" + status_json(fault->code, fault->reason) + "}\n");
        return reply.end();
      case Fault::Kind::kGarbage:
        reply.head(200, type);
        reply.write(std::string(5000, '\xfe'));
        return reply.end();
      case Fault::Kind::kWrongType:
        reply.head(200, "text/html");
        reply.write("<html>log in</html>");
        return reply.end();
      case Fault::Kind::kSilent:
        reply.head(200, type);
        [[fallthrough]];
      case Fault::Kind::kNoHead: {
        while (!reply.gone()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return;
      }
      default:
        break;
    }
  }
  is_watch ? watch(request, reply, format, fault ? &*fault : nullptr)
           : list(request, reply, format, fault ? &*fault : nullptr);
}

void StubCluster::list(const StubRequest& request, StubReply& reply, Format format, const Fault* fault) {
  std::map<std::string, Object> objects;
  std::uint64_t version = 0;
  {
    const std::lock_guard lock(mutex_);
    objects = objects_;
    version = version_;
  }
  std::size_t limit = objects.size();
  if (const auto at = request.query.find("limit"); at != request.query.end() && !ignores_limit)
    limit = std::stoul(at->second);
  std::string after;
  if (const auto at = request.query.find("continue"); at != request.query.end()) after = at->second.substr(5);
  std::vector<std::pair<std::string, Object>> page;
  auto at = after.empty() ? objects.begin() : objects.upper_bound(after);
  for (; at != objects.end() && page.size() < limit; ++at) page.emplace_back(at->first, at->second);
  const std::string next = at == objects.end() ? "" : "from/" + page.back().first;

  std::string body;
  if (format == Format::kProtobuf) {
    std::string meta;
    append_field(2, std::to_string(version), meta);
    append_field(3, next, meta);
    std::string message;
    append_field(1, meta, message);
    for (const auto& [name, object] : page)
      append_field(2, thing_wire(name, object.version, object.padding), message);
    body = enveloped("ThingList", message);
  } else {
    // The items may stand in front of what is said about them.
    const std::string meta =
        R"("metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" + next + "\"}";
    const bool table = format == Format::kTable;
    body = table ? R"({"kind":"Table",)" + meta + R"(,"columnDefinitions":)" + std::string(kColumns) +
                       R"(,"rows":[)"
                 : R"({"apiVersion":"v1","items":[)";
    for (const auto& [name, object] : page) {
      if (body.back() != '[') body += ", ";
      body += table ? row(name, object.version, object.padding, false)
                    : thing_json(name, object.version, object.padding);
    }
    body += table ? "]}" : R"( ],"kind":"ThingList",)" + meta + "}\n";
  }
  reply.head(200, format == Format::kProtobuf ? "application/vnd.kubernetes.protobuf" : "application/json");
  std::size_t sent = 0;
  for (std::string_view rest = body; !rest.empty();) {
    const auto part = rest.substr(0, 700);
    rest.remove_prefix(part.size());
    if (!put_out(reply, part, sent, fault)) return;
  }
  reply.end();
}

std::string StubCluster::event(Format format, const std::string& type, const std::string& name,
                               const Object& object, bool initial_end) const {
  if (format == Format::kProtobuf) {
    if (type != "BOOKMARK")
      return watch_frame(type, "Thing", thing_wire(name, object.version, object.padding));
    std::string wire;
    append_field(1, meta_wire(name, object.version, 0, initial_end), wire);
    return watch_frame(type, "Thing", wire);
  }
  std::string text = R"({"type":")" + type + R"(","object":)";
  if (format == Format::kTable) {
    const std::string columns = type == "ADDED" && name.front() == 'a' ? std::string(kColumns) : "null";
    text += R"({"kind":"Table","columnDefinitions":)" + columns + R"(,"rows":[)" +
            row(name, object.version, object.padding, initial_end) + "]}";
  } else if (type == "BOOKMARK") {
    text += R"({"kind":"Thing","metadata":)" + meta_json(name, object.version, 0, initial_end) + "}";
  } else {
    text += thing_json(name, object.version, object.padding);
  }
  return text + "}\n";
}

void StubCluster::watch(const StubRequest& request, StubReply& reply, Format format, const Fault* fault) {
  const bool initial = request.query.count("sendInitialEvents") > 0;
  const auto from = request.query.find("resourceVersion");
  std::uint64_t seen = from == request.query.end() ? 0 : std::stoull(from->second);
  std::unique_lock lock(mutex_);
  reply.head(200, format == Format::kProtobuf ? "application/vnd.kubernetes.protobuf;stream=watch"
                                              : "application/json");
  std::size_t sent = 0;
  const auto say = [&](const std::string& text) {
    lock.unlock();
    const bool went = put_out(reply, text, sent, fault);
    lock.lock();
    return went;
  };
  if (initial) {
    const auto objects = objects_;
    seen = version_;
    for (const auto& [name, object] : objects) {
      if (!say(event(format, "ADDED", name, object, false))) return;
    }
    if (!say(event(format, "BOOKMARK", "", {seen, 0}, true))) return;
  } else if (seen < oldest_) {
    say(format == Format::kProtobuf ? watch_frame("ERROR", "Status", status_wire(410, "Expired"))
                                    : R"({"type":"ERROR","object":)" + status_json(410, "Expired") + "}\n");
    return reply.end();
  }
  const int generation = generation_;
  int bookmarks = bookmarks_;
  for (;;) {
    const auto news = [&] {
      return ending_ || generation != generation_ || bookmarks != bookmarks_ ||
             (!events_.empty() && events_.back().version > seen);
    };
    if (!changed_.wait_for(lock, std::chrono::milliseconds(20), news) || ending_) {
      lock.unlock();
      const bool left = reply.gone();
      lock.lock();
      if (left || ending_) return;
      continue;
    }
    const auto events = events_;
    const auto version = version_;
    for (const auto& one : events) {
      if (one.version <= seen) continue;
      seen = one.version;
      if (!say(event(format, one.type, one.name, one.object, false))) return;
    }
    if (bookmarks != bookmarks_) {
      bookmarks = bookmarks_;
      seen = version;
      if (!say(event(format, "BOOKMARK", "", {version, 0}, false))) return;
    }
    if (generation != generation_) return reply.end();
  }
}

// --- the listener

namespace {

struct Thing {
  std::string name;
  std::uint64_t version = 0;
  std::string type;
};
Thing read_thing(std::string_view wire) {
  Thing thing;
  const auto meta = only(wire, 1).bytes;
  thing.name = only(meta, 1).bytes;
  const std::string version(only(meta, 6).bytes);
  thing.version = version.empty() ? 0 : std::stoull(version);
  thing.type = only(wire, 3).bytes;
  return thing;
}

}  // namespace

void Recorder::list_begins() {
  const std::lock_guard lock(mutex_);
  if (listing_) ordered_ = false;
  listing_ = true;
  listed_.clear();
}

void Recorder::object(std::string_view wire) {
  const auto thing = read_thing(wire);
  {
    const std::lock_guard lock(mutex_);
    (listing_ ? listed_ : objects_)[thing.name] = thing.version;
    types_[thing.name] = thing.type;
    largest_ = std::max(largest_, wire.size());
    changed_.notify_all();
  }
  if (on_object) on_object();
}

void Recorder::deleted(std::string_view wire) {
  const std::lock_guard lock(mutex_);
  (listing_ ? listed_ : objects_).erase(read_thing(wire).name);
  changed_.notify_all();
}

void Recorder::list_ends() {
  const std::lock_guard lock(mutex_);
  if (!listing_) ordered_ = false;
  listing_ = false;
  objects_.swap(listed_);
  ++lists_;
  changed_.notify_all();
}

void Recorder::list_fails() {
  const std::lock_guard lock(mutex_);
  if (!listing_) ordered_ = false;
  listing_ = false;
  ++failed_;
  changed_.notify_all();
}

std::map<std::string, std::uint64_t> Recorder::objects() const {
  const std::lock_guard lock(mutex_);
  return objects_;
}
std::map<std::string, std::string> Recorder::types() const {
  const std::lock_guard lock(mutex_);
  return types_;
}
int Recorder::lists() const {
  const std::lock_guard lock(mutex_);
  return lists_;
}
int Recorder::failed_lists() const {
  const std::lock_guard lock(mutex_);
  return failed_;
}
bool Recorder::ordered() const {
  const std::lock_guard lock(mutex_);
  return ordered_;
}
std::size_t Recorder::largest() const {
  const std::lock_guard lock(mutex_);
  return largest_;
}

bool Recorder::wait(const std::map<std::string, std::uint64_t>& wanted, StubCluster::Duration limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return !listing_ && objects_ == wanted; });
}

bool Recorder::wait_for(const std::function<bool()>& condition, StubCluster::Duration limit) const {
  std::unique_lock lock(mutex_);
  const auto end = std::chrono::steady_clock::now() + limit;
  for (;;) {
    lock.unlock();
    const bool met = condition();
    lock.lock();
    if (met) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    changed_.wait_for(lock, std::chrono::milliseconds(20));
  }
}

}  // namespace kube_test
