// SPDX-License-Identifier: Apache-2.0
// Reflectors against a server that lists and watches, and fails in all the ways that servers fail.

#include "api/reflectors.hpp"

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include <gtest/gtest.h>
#include <unistd.h>

#include "kube_state/stub_cluster.hpp"

namespace kube_test {
namespace {

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using Fault = StubCluster::Fault;
using Kind = Fault::Kind;

const exporter_test::Identity& identity() {
  static const auto made = exporter_test::make_identity("stub", "DNS:localhost,IP:127.0.0.1");
  return made;
}

/// A cluster, a client of it, and one reflector.
struct Bed {
  explicit Bed(bool http2 = false, StubServer::Options options = {})
      : cluster(with_identity(options, http2)), client(api(cluster)) {
    reflector.first_delay = 5ms;
    reflector.most_delay = 40ms;
  }
  ~Bed() {
    reflectors.reset();
    client.stop();
  }

  static StubServer::Options with_identity(StubServer::Options options, bool http2) {
    if (http2) options.identity = &identity();
    return options;
  }
  static ApiOptions api(StubCluster& cluster) {
    ApiOptions options;
    options.server = cluster.server().url();
    options.ca.text = identity().certificate;
    return options;
  }

  void start(Projection projection = Projection::kFull) {
    ASSERT_TRUE(client.start());
    reflectors.emplace(client, reflector);
    Watched watched{.version = "v1", .plural = "things", .type = "*v1.Thing"};
    watched.projection = projection;
    watched.schema = &kThingSchema;
    id = reflectors->add(watched, store);
  }
  ReflectorStatus status() const { return reflectors->status().at(0); }
  bool in_sync() const { return store.wait(cluster.objects()); }

  StubCluster cluster;
  Client client;
  ReflectorOptions reflector;
  Recorder store;
  std::optional<Reflectors> reflectors;
  std::atomic<Reflectors::Id> id = 0;
};

bool is_list(const StubRequest& request) {
  return request.path == "/api/v1/things" && request.query.count("watch") == 0;
}
bool is_watch(const StubRequest& request) { return request.query.count("watch") > 0; }
bool is_streaming(const StubRequest& request) { return request.query.count("sendInitialEvents") > 0; }
bool is_resumed(const StubRequest& request) { return is_watch(request) && !is_streaming(request); }

class BothProtocols : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Reflector, BothProtocols, testing::Values(false, true),
                         [](const auto& given) { return given.param ? "Http2" : "Http1"; });

TEST_P(BothProtocols, FollowsByAStreamingList) {
  Bed s(GetParam());
  for (int i = 0; i < 50; ++i) s.cluster.put("thing" + std::to_string(i));
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.cluster.put("new");
  s.cluster.put("thing7");
  s.cluster.remove("thing8");
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.store.lists(), 1);
  EXPECT_TRUE(s.store.ordered());
  EXPECT_TRUE(s.store.wait_for([&] { return s.status().events == 3; }));
  const auto status = s.status();
  EXPECT_TRUE(status.synced);
  EXPECT_EQ(status.state, ReflectorState::kWatching);
  EXPECT_EQ(status.listed_objects, 50U);
  EXPECT_EQ(status.watches, 1U);
  EXPECT_EQ(status.lists, 0U);
  EXPECT_EQ(status.stale_seconds, 0);
  EXPECT_TRUE(s.reflectors->synced());
}

TEST_P(BothProtocols, ChangesAreReadTogether) {
  std::mutex mutex;
  std::condition_variable more;
  std::vector<Client::Clock::time_point> seen;
  Bed s(GetParam());
  s.cluster.put("a");
  s.store.on_object = [&] {
    const std::lock_guard lock(mutex);
    seen.push_back(Client::Clock::now());
    more.notify_one();
  };
  s.start();
  ASSERT_TRUE(s.in_sync());
  auto quickest = Client::Clock::duration::max();
  for (int i = 0; i < 60; ++i) {  // one every 10 ms
    s.cluster.put("a");
    std::this_thread::sleep_for(10ms);
    if (i % 10 != 5) continue;
    const auto asked = Client::Clock::now();
    ASSERT_TRUE(s.client.call({.path = "/version"}, asked + 10s));
    quickest = std::min(quickest, Client::Clock::now() - asked);
  }
  std::unique_lock lock(mutex);
  EXPECT_TRUE(more.wait_for(lock, 10s, [&] { return seen.size() == 61; })) << seen.size();
  std::size_t alone = 0;
  for (std::size_t i = 1; i < seen.size(); ++i) alone += seen[i] - seen[i - 1] > 3ms ? 1 : 0;
  EXPECT_LT(alone, 35U) << "each has been looked after for itself";
  EXPECT_LT(quickest, 60ms) << "answers have to wait for the next look";
  lock.unlock();
}

TEST_P(BothProtocols, ListsInPagesWhereTheServerCannotStream) {
  Bed s(GetParam());
  s.cluster.streaming = false;
  s.reflector.page_size = 3;
  for (int i = 0; i < 10; ++i) s.cluster.put("thing" + std::to_string(i));
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.cluster.put("new");
  s.cluster.remove("thing3");
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.status().lists, 4U);
  EXPECT_EQ(s.status().failed_watches, 1U);  // the streaming list
  EXPECT_EQ(s.status().listed_objects, 10U);
  EXPECT_TRUE(s.store.ordered());
  const auto requests = s.cluster.requests();
  EXPECT_EQ(requests[1].query.at("resourceVersion"), "0");
}

TEST_P(BothProtocols, ResumesAWatchThatEnds) {
  Bed s(GetParam());
  s.cluster.put("a");
  s.start();
  ASSERT_TRUE(s.in_sync());
  std::this_thread::sleep_for(1100ms);  // or the watch would have been too short to be a good one
  s.cluster.end_watches();
  ASSERT_TRUE(s.cluster.wait_requests(is_resumed, 1));
  s.cluster.put("b");
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.store.lists(), 1);
  EXPECT_EQ(s.status().failed_watches, 0U);
}

TEST_P(BothProtocols, ListsAgainWhenItsVersionIsGone) {
  Bed s(GetParam());
  s.cluster.put("a");
  s.cluster.put("b");
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.cluster.server().stop();
  s.cluster.remove("a");
  s.cluster.put("c");
  s.cluster.compact();
  s.cluster.server().start();
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.store.lists(), 2);
  EXPECT_EQ(s.status().relists, 1U);
  EXPECT_TRUE(s.store.ordered());
}

TEST_P(BothProtocols, BookmarksMoveTheVersionOn) {
  Bed s(GetParam());
  s.cluster.put("a");
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.cluster.compact();
  s.cluster.bookmark();
  s.cluster.put("b");
  ASSERT_TRUE(s.in_sync());
  s.cluster.end_watches();
  s.cluster.put("c");
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.store.lists(), 1);
}

TEST_P(BothProtocols, LostServerKeepsTheLastState) {
  Bed s(GetParam());
  s.cluster.put("a");
  s.start();
  ASSERT_TRUE(s.in_sync());
  const auto before = s.store.objects();
  s.cluster.server().stop();
  ASSERT_TRUE(s.store.wait_for([&] { return s.status().state == ReflectorState::kWaiting; }));
  EXPECT_EQ(s.store.objects(), before);
  EXPECT_GT(s.status().stale_seconds, 0);
  EXPECT_NE(s.status().last_error.find("API server 127.0.0.1:"), std::string::npos) << s.status().last_error;
  s.cluster.put("b");
  s.cluster.server().start();
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.store.lists(), 1) << "resumed, not listed again";
}

TEST_P(BothProtocols, ObjectsOfAnySizeAreTaken) {
  Bed s(GetParam());
  s.cluster.put("large", 1'500'000);
  s.cluster.put("small");
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.cluster.put("larger", 1'600'000);
  EXPECT_TRUE(s.in_sync());
  EXPECT_GT(s.store.largest(), 1'600'000U);
}

TEST_P(BothProtocols, ALimitForAnObject) {
  Bed s(GetParam());
  s.reflector.largest_object = 100'000;
  s.cluster.put("large", 200'000);
  s.start();
  ASSERT_TRUE(s.store.wait_for([&] { return s.store.failed_lists() > 1; }));
  EXPECT_NE(s.status().last_error.find("more than the 100000"), std::string::npos) << s.status().last_error;
  s.cluster.remove("large");
  s.cluster.put("small");
  EXPECT_TRUE(s.in_sync());
}

TEST_P(BothProtocols, RemovedReflectorsAreSilent) {
  Bed s(GetParam());
  s.cluster.put("a");
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.reflectors->remove(s.id);
  s.cluster.put("b");
  Recorder other;
  s.reflectors->add({.version = "v1", .plural = "things", .schema = &kThingSchema}, other);
  ASSERT_TRUE(other.wait(s.cluster.objects()));
  EXPECT_EQ(s.store.objects().count("b"), 0U);
  EXPECT_EQ(s.reflectors->status().size(), 1U);
}

TEST_P(BothProtocols, AListenerMayRemoveItsReflector) {
  Bed s(GetParam());
  for (int i = 0; i < 100; ++i) s.cluster.put("thing" + std::to_string(i));
  std::atomic<int> calls = 0;
  s.store.on_object = [&] {
    ++calls;
    while (s.id == 0) std::this_thread::yield();  // add() hasn't returned yet
    s.reflectors->remove(s.id);
  };
  s.start();
  ASSERT_TRUE(s.store.wait_for([&] { return calls > 0; }));
  auto answer = s.client.call({.path = "/version"}, Client::Clock::now() + 10s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(s.reflectors->status().empty());
}

// --- what goes wrong

struct Trouble {
  const char* name;
  Fault fault;
  bool watch;           // it meets a watch (a streaming list, at first), else a page of a list
  const char* message;  // a part of what is told
};
void PrintTo(const Trouble& trouble, std::ostream* out) { *out << trouble.name; }

class Troubles : public testing::TestWithParam<std::tuple<Trouble, bool, bool>> {};
const Trouble kTroubles[] = {
    {"Forbidden",
     {.kind = Kind::kStatus, .code = 403, .reason = "Forbidden"},
     true,
     "403 Forbidden: it is so"},
    {"Busy", {.kind = Kind::kStatus, .code = 429, .reason = "TooManyRequests"}, true, "429 TooManyRequests"},
    {"Broken", {.kind = Kind::kStatus, .code = 503}, true, "503"},
    {"ErrorEvent", {.kind = Kind::kErrorEvent, .code = 410, .reason = "Expired"}, true, "410 Expired"},
    {"CutInTheMiddle", {.kind = Kind::kCut, .after = 400}, true, "API server"},
    {"CutAtOnce", {.kind = Kind::kCut, .after = 0}, true, "API server"},
    {"Garbage", {.kind = Kind::kGarbage}, true, ""},
    {"Silent", {.kind = Kind::kSilent}, true, "no answer of the API server for 150 ms"},
    {"NoHead", {.kind = Kind::kNoHead}, true, "no answer of the API server for 150 ms"},
    {"WrongType", {.kind = Kind::kWrongType}, true, "the answer is of type \"text/html\""},
    {"ListForbidden", {.kind = Kind::kStatus, .code = 403, .reason = "Forbidden"}, false, "403 Forbidden"},
    {"ListExpired", {.kind = Kind::kStatus, .code = 410, .reason = "Expired"}, false, "410 Expired"},
    {"ListCut", {.kind = Kind::kCut, .after = 150}, false, "API server"},
    {"ListGarbage", {.kind = Kind::kGarbage}, false, "malformed"},
    {"ListSilent", {.kind = Kind::kSilent}, false, "no answer of the API server for 150 ms"},
};
INSTANTIATE_TEST_SUITE_P(Reflector, Troubles,
                         testing::Combine(testing::ValuesIn(kTroubles), testing::Bool(), testing::Bool()),
                         [](const auto& given) {
                           return std::string(std::get<0>(given.param).name) +
                                  (std::get<1>(given.param) ? "Http2" : "Http1") +
                                  (std::get<2>(given.param) ? "Json" : "Protobuf");
                         });

TEST_P(Troubles, PassAtTheStart) {
  const auto& [trouble, http2, json] = GetParam();
  Bed s(http2);
  s.cluster.json_only = json;
  s.cluster.streaming = trouble.watch;
  s.reflector.page_size = 4;
  s.reflector.silence = 150ms;
  for (int i = 0; i < 10; ++i) s.cluster.put("thing" + std::to_string(i));
  s.cluster.fail_next(trouble.fault, trouble.watch, 2);
  s.start();
  ASSERT_TRUE(s.in_sync());
  // A streaming list that begins and is silent is not tried again: the server doesn't know it.
  const int failures = trouble.watch && trouble.fault.kind == Kind::kSilent ? 1 : 2;
  EXPECT_EQ(s.store.lists(), 1);
  EXPECT_GE(s.store.failed_lists(), failures);
  EXPECT_TRUE(s.store.ordered());
  EXPECT_GE(s.status().failed_watches + s.status().failed_lists, static_cast<std::uint64_t>(failures));
  EXPECT_TRUE(s.store.wait_for([&] { return s.status().last_error.empty(); }));
}

TEST_P(Troubles, PassLater) {
  const auto& [trouble, http2, json] = GetParam();
  if (!trouble.watch) return;
  Bed s(http2);
  s.cluster.json_only = json;
  s.reflector.silence = 150ms;
  for (int i = 0; i < 10; ++i) s.cluster.put("thing" + std::to_string(i));
  s.start();
  ASSERT_TRUE(s.in_sync());
  const auto before = s.store.objects();
  const bool hidden =
      trouble.fault.kind == Kind::kCut || trouble.fault.kind == Kind::kSilent;  // nothing ends those
  if (hidden) return;
  s.cluster.fail_next(trouble.fault, true);
  s.cluster.end_watches();
  ASSERT_TRUE(s.store.wait_for([&] { return s.status().failed_watches > 0; }));
  EXPECT_EQ(s.store.objects(), before) << "the last state stays";
  s.cluster.put("later");
  EXPECT_TRUE(s.in_sync());
  EXPECT_TRUE(s.store.ordered());
}

TEST_P(Troubles, AreTold) {
  const auto& [trouble, http2, json] = GetParam();
  Bed s(http2);
  s.cluster.json_only = json;
  s.cluster.streaming = trouble.watch;
  s.reflector.silence = 150ms;
  s.reflector.first_delay = s.reflector.most_delay = 10s;
  for (int i = 0; i < 10; ++i) s.cluster.put("thing" + std::to_string(i));
  s.cluster.fail_next(trouble.fault, trouble.watch);
  s.start();
  ASSERT_TRUE(s.store.wait_for([&] { return s.status().state == ReflectorState::kWaiting; }));
  EXPECT_NE(s.status().last_error.find(trouble.message), std::string::npos) << s.status().last_error;
  EXPECT_EQ(s.status().last_error.find('\n'), std::string::npos);
}

TEST(Reflector, WaitsAsLongAsTheServerSays) {
  Bed s;
  s.cluster.put("a");
  s.cluster.fail_next({.kind = Kind::kStatus, .code = 429, .retry_after = "1"}, true);
  const auto begin = std::chrono::steady_clock::now();
  s.start();
  ASSERT_TRUE(s.in_sync());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
}

TEST(Reflector, SlowBytesAreNoSilence) {
  Bed s;
  s.reflector.silence = 200ms;
  for (int i = 0; i < 20; ++i) s.cluster.put("thing" + std::to_string(i));
  s.cluster.fail_next({.kind = Kind::kSlow}, true);
  s.start();
  ASSERT_TRUE(s.in_sync());
  EXPECT_EQ(s.status().failed_watches, 0U);
}

TEST(Reflector, AServerThatIgnoresStreamingListsIsListedInPages) {
  // Such a server begins a watch, sends what changes, and never says that the list is through.
  Bed s;
  s.reflector.silence = 100ms;
  s.cluster.put("a");
  s.cluster.fail_next({.kind = Kind::kSilent}, true);
  s.start();
  ASSERT_TRUE(s.in_sync());
  EXPECT_TRUE(s.cluster.wait_requests(is_list, 1));
}

TEST(Reflector, PagesThatExpireAreListedInOne) {
  Bed s;
  s.cluster.streaming = false;
  s.reflector.page_size = 2;
  for (int i = 0; i < 6; ++i) s.cluster.put("thing" + std::to_string(i));
  s.start();
  ASSERT_TRUE(s.in_sync());
}

TEST(Reflector, AnObjectLimitEndsListsEarly) {
  for (const bool ignored : {false, true}) {
    Bed s;
    s.cluster.ignores_limit = ignored;
    s.reflector.object_limit = 3;
    for (int i = 0; i < 9; ++i) s.cluster.put("thing" + std::to_string(i));
    s.start();
    ASSERT_TRUE(s.store.wait_for([&] { return s.store.lists() == 1; }));
    EXPECT_EQ(s.store.objects().size(), 3U);
    const auto requests = s.cluster.requests();
    EXPECT_TRUE(is_list(requests[0]));
    EXPECT_EQ(requests[0].query.at("limit"), "3");
    EXPECT_EQ(requests[0].query.count("resourceVersion"), 0U);
  }
}

TEST(Reflector, TheServersCacheOnlyWhereItIsAskedFor) {
  Bed s;
  s.reflector.object_limit = 3;
  s.reflector.use_cache = true;
  s.start();
  ASSERT_TRUE(s.cluster.wait_requests(is_list, 1));
  EXPECT_EQ(s.cluster.requests()[0].query.at("resourceVersion"), "0");
}

TEST(Reflector, TablesTellTheTypeOfSecrets) {
  for (const bool streaming : {true, false}) {
    Bed s;
    s.cluster.streaming = streaming;
    s.cluster.put("a");
    s.cluster.put("b");
    s.start(Projection::kTableMetadata);
    ASSERT_TRUE(s.in_sync());
    EXPECT_EQ(s.store.types(), (std::map<std::string, std::string>{{"a", "Kind/a"}, {"b", "Kind/b"}}));
    EXPECT_EQ(s.cluster.requests().back().query.at("includeObject"), "Metadata");
    s.cluster.put("a2");  // the stub tells columns for names with an a only
    s.cluster.remove("b");
    EXPECT_TRUE(s.in_sync());
    EXPECT_EQ(s.store.types().at("a2"), "Kind/a2");
  }
}

TEST(Reflector, SelectorsAndNamespacesReachTheServer) {
  Bed s;
  ASSERT_TRUE(s.client.start());
  s.reflectors.emplace(s.client, s.reflector);
  Watched watched{.group = "apps", .version = "v1", .plural = "things", .name_space = "team-a"};
  watched.field_selector = "metadata.namespace!=b,spec.nodeName=";
  watched.schema = &kThingSchema;
  s.reflectors->add(watched, s.store);
  ASSERT_TRUE(s.cluster.wait_requests([](const auto&) { return true; }, 1));
  const auto request = s.cluster.requests()[0];
  EXPECT_EQ(request.path, "/apis/apps/v1/namespaces/team-a/things");
  EXPECT_EQ(request.query.at("fieldSelector"), "metadata.namespace!=b,spec.nodeName=");
}

TEST(Reflector, ARotatedTokenIsReadAgain) {
  const std::string file = testing::TempDir() + "/token." + std::to_string(::getpid());
  std::ofstream(file) << "old\n";
  StubCluster cluster;
  cluster.token = "old";
  cluster.put("a");
  ApiOptions options;
  options.server = cluster.server().url();
  options.token_file = file;
  Client client(options);
  ASSERT_TRUE(client.start());
  Recorder store;
  Reflectors reflectors(client, {.first_delay = 5ms, .most_delay = 40ms});
  reflectors.add({.version = "v1", .plural = "things", .schema = &kThingSchema}, store);
  ASSERT_TRUE(store.wait(cluster.objects()));
  cluster.token = "new";
  ASSERT_TRUE(store.wait_for([&] {
    cluster.end_watches();  // again where the watch had not begun yet
    return reflectors.status()[0].last_error.find("401") == 0;
  }));
  std::ofstream(file) << "new\n";
  cluster.put("b");
  EXPECT_TRUE(store.wait(cluster.objects()));
}

/// Collects JSON objects.
struct JsonRecorder final : JsonListener {
  std::mutex mutex;
  std::vector<std::string> texts;
  std::atomic<int> lists = 0;
  void list_begins() override {}
  void object(std::string_view json) override {
    const std::lock_guard lock(mutex);
    texts.emplace_back(json);
  }
  void deleted(std::string_view json) override {
    const std::lock_guard lock(mutex);
    texts.push_back("-" + std::string(json));
  }
  void list_ends() override { ++lists; }
  void list_fails() override {}
  std::size_t count() {
    const std::lock_guard lock(mutex);
    return texts.size();
  }
};

TEST(Reflector, CustomResourcesComeAsJson) {
  for (const bool streaming : {true, false}) {
    Bed s;
    s.cluster.streaming = streaming;
    s.cluster.put("a");
    ASSERT_TRUE(s.client.start());
    s.reflectors.emplace(s.client, s.reflector);
    JsonRecorder recorder;
    s.reflectors->add({.group = "lab.io", .version = "v1", .plural = "foos"}, recorder);
    ASSERT_TRUE(s.store.wait_for([&] { return recorder.lists == 1; }));
    const auto version = std::to_string(s.cluster.objects().at("a"));
    s.cluster.remove("a");
    ASSERT_TRUE(s.store.wait_for([&] { return recorder.count() == 2; }));
    const std::lock_guard lock(recorder.mutex);
    EXPECT_EQ(recorder.texts[0], thing_json("a", std::stoull(version)));
    EXPECT_TRUE(recorder.texts[1].starts_with("-{\"kind\":\"Thing\"")) << recorder.texts[1];
    s.reflectors.reset();
  }
}

// --- connections

TEST(Http2, OneConnectionForAll) {
  Bed s(true);
  s.cluster.put("a");
  s.start();
  std::array<Recorder, 40> stores;
  for (auto& store : stores)
    s.reflectors->add({.version = "v1", .plural = "things", .schema = &kThingSchema}, store);
  for (auto& store : stores) EXPECT_TRUE(store.wait(s.cluster.objects()));
  EXPECT_TRUE(s.in_sync());
  EXPECT_EQ(s.cluster.server().connections(), 1);
  s.reflectors.reset();
}

TEST(Http2, AServerThatGoesAwayIsLeft) {
  Bed s(true);
  s.cluster.put("a");
  s.start();
  ASSERT_TRUE(s.in_sync());
  s.cluster.server().go_away();
  s.cluster.put("b");
  EXPECT_TRUE(s.in_sync());
  s.cluster.end_watches();
  ASSERT_TRUE(s.cluster.wait_requests(is_resumed, 1));
  s.cluster.put("c");
  EXPECT_TRUE(s.in_sync());
}

TEST(Http2, ASilentConnectionIsFound) {
  ::setenv("HTTP2_READ_IDLE_TIMEOUT_SECONDS", "1", 1);
  ::setenv("HTTP2_PING_TIMEOUT_SECONDS", "1", 1);
  Bed s(true);
  s.cluster.put("a");
  s.start();
  ::unsetenv("HTTP2_READ_IDLE_TIMEOUT_SECONDS");
  ::unsetenv("HTTP2_PING_TIMEOUT_SECONDS");
  ASSERT_TRUE(s.in_sync());
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(s.status().state, ReflectorState::kWatching) << "pings are answered: " << s.status().last_error;
  s.cluster.server().freeze();
  ASSERT_TRUE(s.store.wait_for([&] { return s.status().state != ReflectorState::kWatching; }));
  EXPECT_NE(s.status().last_error.find("did not answer a ping"), std::string::npos) << s.status().last_error;
  s.cluster.server().stop();
  s.cluster.server().start();
  s.cluster.put("b");
  EXPECT_TRUE(s.in_sync());
}

}  // namespace
}  // namespace kube_test
