// SPDX-License-Identifier: Apache-2.0
// Lists and watches are taken apart whatever the pieces they come in, and nothing else passes for one.

#include "api/frames.hpp"

#include <gtest/gtest.h>

#include "api/json_wire.hpp"
#include "kube_state/stub_cluster.hpp"

namespace kube_test {
namespace {

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)

constexpr std::size_t kLargest = 1 << 20;

std::string list_body(int items, bool with_end = true) {
  std::string meta;
  append_field(2, "77", meta);
  append_field(3, "next/page", meta);
  std::string message;
  append_field(1, meta, message);
  for (int i = 0; i < items; ++i)
    append_field(2, thing_wire("t" + std::to_string(i), 1, static_cast<std::size_t>(i) * 50), message);
  auto body = enveloped("ThingList", message);
  if (!with_end) body.pop_back();
  return body;
}

std::string json_list_body(bool meta_first) {
  const std::string meta = R"("metadata": {"resourceVersion":"77","continue":"next\/page","other":[{}]} )";
  const std::string items = R"("items" :[ {"a":"]}\"{"}, {"b":[1,{}]} ,{} ])";
  return "{" + (meta_first ? meta + "," + items : items + "," + meta) + R"(,"kind":"ThingList" })" + "\n";
}

TEST(ListFeeder, PiecesOfAnySize) {
  const auto body = list_body(20);
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 100UL, 4096UL, body.size()}) {
    ListFeeder feeder(kLargest);
    std::vector<std::string> items;
    for (std::size_t at = 0; at < body.size(); at += piece) {
      ASSERT_TRUE(feeder.feed(std::string_view(body).substr(at, piece), [&](std::string_view item) {
        items.emplace_back(item);
        return true;
      }));
      if (at + piece < body.size() - 10) {
        EXPECT_FALSE(feeder.finish());
      }
    }
    const auto meta = feeder.finish();
    ASSERT_TRUE(meta) << meta.error().message;
    EXPECT_EQ(meta->resource_version, "77");
    EXPECT_EQ(meta->next, "next/page");
    ASSERT_EQ(items.size(), 20U);
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(items[static_cast<std::size_t>(i)],
                thing_wire("t" + std::to_string(i), 1, static_cast<std::size_t>(i) * 50));
    }
  }
}

TEST(ListFeeder, WhatIsNoList) {
  const auto all = [](std::string_view body, std::size_t largest = kLargest) {
    ListFeeder feeder(largest);
    auto status = feeder.feed(body, [](std::string_view) { return true; });
    if (!status) return status.error().message;
    const auto meta = feeder.finish();
    return meta ? std::string("good") : meta.error().message;
  };
  EXPECT_EQ(all(list_body(3)), "good");
  EXPECT_EQ(all(list_body(0)), "good");
  EXPECT_EQ(all(""), "the answer is malformed: it ends in the middle");
  EXPECT_EQ(all(std::string_view("k8s\0", 4)), "the answer is malformed: it ends in the middle");
  EXPECT_EQ(all("<html>"), "the answer is malformed: no protobuf of Kubernetes");
  EXPECT_EQ(all(list_body(3).substr(0, 60)), "the answer is malformed: it ends in the middle");
  EXPECT_EQ(all(list_body(40), 1000), "an object of 1004 bytes, more than the 1000 that are read");
  // An item that claims to be longer than its list.
  std::string message;
  append_field(2, "abc", message);
  message[1] = 100;
  EXPECT_EQ(all(enveloped("ThingList", message)), "the answer is malformed: an item's length");
}

TEST(ListFeeder, ACallbackEndsIt) {
  ListFeeder feeder(kLargest);
  int calls = 0;
  ASSERT_TRUE(feeder.feed(list_body(9), [&](std::string_view) { return ++calls < 3; }));
  EXPECT_EQ(calls, 3);
}

TEST(JsonListFeeder, PiecesOfAnySizeAndOrder) {
  for (const bool meta_first : {true, false}) {
    const auto body = json_list_body(meta_first);
    for (const std::size_t piece : {1UL, 2UL, 5UL, 16UL, body.size()}) {
      JsonListFeeder feeder(kLargest);
      std::vector<std::string> items;
      for (std::size_t at = 0; at < body.size(); at += piece) {
        const auto status = feeder.feed(std::string_view(body).substr(at, piece), [&](std::string_view item) {
          items.emplace_back(item);
          return true;
        });
        ASSERT_TRUE(status) << status.error().message;
      }
      const auto meta = feeder.finish();
      ASSERT_TRUE(meta) << meta.error().message;
      EXPECT_EQ(meta->resource_version, "77");
      EXPECT_EQ(meta->next, "next/page");
      EXPECT_EQ(items, (std::vector<std::string>{R"({"a":"]}\"{"})", R"({"b":[1,{}]})", "{}"}));
      EXPECT_FALSE(feeder.is_table());
    }
  }
}

TEST(JsonListFeeder, WhatIsNoList) {
  const auto good = [](std::string_view body) {
    JsonListFeeder feeder(1000);
    return feeder.feed(body, [](std::string_view) { return true; }) && feeder.finish();
  };
  EXPECT_TRUE(good(R"({"items":[]})"));
  EXPECT_TRUE(good(R"({"items":null,"metadata":{}})"));
  EXPECT_TRUE(good(R"({"rows":[{}],"columnDefinitions":[{"name":"Type"}]})"));
  for (const auto* body : {"", "[]", "<html>", "{}", R"({"items":[)", R"({"items":[}]})", R"({"items" [1]})",
                           R"({"metadata":{)"}) {
    EXPECT_FALSE(good(body)) << body;
  }
  EXPECT_FALSE(good(R"({"items":[")" + std::string(2000, 'x')));
  EXPECT_FALSE(good(R"({"items":[],"x":")" + std::string(2000, 'x')));
}

TEST(WatchFeeder, PiecesOfAnySize) {
  const std::string protobuf = watch_frame("ADDED", "Thing", thing_wire("a", 1)) +
                               watch_frame("MODIFIED", "Thing", thing_wire("b", 2, 300)) +
                               watch_frame("DELETED", "Thing", thing_wire("c", 3)) +
                               watch_frame("BOOKMARK", "Thing", "");
  const std::string json = R"({"type":"ADDED","object":)" + thing_json("a", 1) + "}\n\n" + R"({"object":)" +
                           thing_json("b", 2, 300) + R"(, "type":"MODIFIED"})" + "\r\n" +
                           R"({"type":"DELETED","object":)" + thing_json("c", 3) + "}\n" +
                           R"({"type":"BOOKMARK","object":{"kind":"Thing"}})" + "\n";
  for (const bool is_json : {false, true}) {
    const auto& body = is_json ? json : protobuf;
    for (const std::size_t piece : {1UL, 3UL, 64UL, body.size()}) {
      WatchFeeder feeder(is_json, kLargest);
      std::vector<std::pair<EventType, std::string>> events;
      for (std::size_t at = 0; at < body.size(); at += piece) {
        const auto status =
            feeder.feed(std::string_view(body).substr(at, piece), [&](const WatchEvent& event) {
              events.emplace_back(event.type, event.object);
              EXPECT_EQ(event.kind, "Thing");
              return true;
            });
        ASSERT_TRUE(status) << status.error().message;
      }
      EXPECT_TRUE(feeder.whole());
      ASSERT_EQ(events.size(), 4U);
      EXPECT_EQ(events[0], (std::pair(EventType::kAdded, is_json ? thing_json("a", 1) : thing_wire("a", 1))));
      EXPECT_EQ(events[1], (std::pair(EventType::kModified,
                                      is_json ? thing_json("b", 2, 300) : thing_wire("b", 2, 300))));
      EXPECT_EQ(events[2].first, EventType::kDeleted);
      EXPECT_EQ(events[3].first, EventType::kBookmark);
    }
  }
}

TEST(WatchFeeder, WhatIsNoEvent) {
  const auto problem = [](std::string_view body, bool json) {
    WatchFeeder feeder(json, 1000);
    const auto status = feeder.feed(body, [](const WatchEvent&) { return true; });
    return status ? feeder.whole() ? "good" : "not whole" : status.error().message;
  };
  const auto frame = watch_frame("ADDED", "Thing", thing_wire("a", 1));
  EXPECT_EQ(problem(frame, false), "good");
  EXPECT_EQ(problem(frame.substr(0, 30), false), "not whole");
  EXPECT_EQ(problem(watch_frame("ADDED", "Thing", thing_wire("a", 1, 2000)), false).substr(0, 12),
            "an object of");
  EXPECT_EQ(problem(watch_frame("OTHER", "Thing", thing_wire("a", 1)), false),
            "the answer is malformed: no event of a watch");
  EXPECT_EQ(problem(std::string("\0\0\0\3abc", 7), false), "the answer is malformed: no event of a watch");
  EXPECT_EQ(problem("{\"type\":\"ADDED\"}\n", true), "good");
  EXPECT_EQ(problem("{\"type\":\"OTHER\"}\n", true), "the answer is malformed: no event of a watch");
  EXPECT_EQ(problem("nonsense\n", true), "the answer is malformed: no event of a watch");
  EXPECT_EQ(problem(std::string(2000, ' '), true).substr(0, 12), "an object of");
}

TEST(ApiStatusText, IsReadInBothForms) {
  const auto json = read_status_body(
      R"({"kind":"Status","message":"too\nold","reason":"Expired","details":{"retryAfterSeconds":7},"code":410})");
  EXPECT_EQ(json.code, 410);
  EXPECT_EQ(json.reason, "Expired");
  EXPECT_EQ(json.message, "too old");
  EXPECT_EQ(json.retry_after_seconds, 7U);
  std::string wire;
  append_field(3, "too old", wire);
  append_field(4, "Expired", wire);
  wire += std::string("\x2a\x02\x28\x07", 4);  // details.retryAfterSeconds
  wire += std::string("\x30\x9a\x03", 3);
  const auto protobuf = read_status_body(enveloped("Status", wire));
  EXPECT_EQ(protobuf.code, 410);
  EXPECT_EQ(protobuf.reason, "Expired");
  EXPECT_EQ(protobuf.message, "too old");
  EXPECT_EQ(protobuf.retry_after_seconds, 7U);
  EXPECT_EQ(read_status_body("Client sent an HTTP request to an HTTPS server.\n").message,
            "Client sent an HTTP request to an HTTPS server.");
}

}  // namespace
}  // namespace kube_test
