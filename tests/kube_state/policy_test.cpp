// SPDX-License-Identifier: Apache-2.0
// What the allow-lists pick, which families the filters pass, and whose an object is.

#include "policy/label_choice.hpp"
#include "policy/metric_filter.hpp"
#include "policy/shard.hpp"

#include <gtest/gtest.h>

namespace exporter::kube {
namespace {

TEST(Shard, IsTheOriginals) {
  const struct {
    const char* uid;
    std::uint32_t of[5];
  } vectors[] = {{"test_uid", {0, 0, 0, 0, 0}},
                 {"", {1, 1, 1, 1, 13}},
                 {"00000000-0000-0000-0000-000000000000", {1, 1, 1, 1, 11}},
                 {"11111111-1111-1111-1111-111111111111", {1, 1, 1, 7, 7}}};
  constexpr std::uint32_t kTotals[] = {2, 3, 4, 8, 16};
  for (const auto& vector : vectors) {
    for (std::size_t i = 0; i < std::size(kTotals); ++i) {
      EXPECT_EQ(Shard::of(vector.uid, kTotals[i]), vector.of[i]) << vector.uid << " of " << kTotals[i];
    }
  }
  EXPECT_TRUE((Shard{0, 1}.takes("anything")));
}

Result<AllowLists> allow_lists(std::string_view text) {
  auto lists = parse_allow_lists(text);
  if (!lists) return fail(lists);
  return AllowLists::make(*lists);
}

TEST(AllowLists, PickWhatTheyName) {
  const auto lists = allow_lists("pods=[app,team-*,*-id,a*z],nodes=[*],services=[x,*],jobs=[]");
  ASSERT_TRUE(lists) << lists.error().message;
  const auto pods = lists->choice("pods");
  EXPECT_TRUE(pods.on());
  for (const auto* key : {"app", "team-", "team-blue", "cost-id", "az", "abcz"})
    EXPECT_TRUE(pods.picks(key)) << key;
  for (const auto* key : {"app2", "tea", "cost-ids", "a", "zaz"}) EXPECT_FALSE(pods.picks(key)) << key;
  EXPECT_TRUE(lists->choice("nodes").picks("any"));
  EXPECT_TRUE(lists->choice("services").picks("x"));
  EXPECT_FALSE(lists->choice("services").picks("any")) << "a star behind the first key is nothing";
  EXPECT_TRUE(lists->choice("jobs").on()) << "an empty list gives series without labels";
  EXPECT_FALSE(lists->choice("jobs").picks("any"));
  EXPECT_FALSE(lists->choice("secrets").on());
}

TEST(AllowLists, StarOverridesTheOthers) {
  const auto lists = allow_lists("*=[a],pods=[b]");
  ASSERT_TRUE(lists);
  EXPECT_TRUE(lists->choice("pods").picks("a"));
  EXPECT_FALSE(lists->choice("pods").picks("b"));
  EXPECT_TRUE(lists->choice("nodes").picks("a"));
}

TEST(AllowLists, RefuseWhatCannotBeMeant) {
  for (const auto* text : {"pods=[a*b*]", "pods=a,b", "pods=[a", "=[a]"}) {
    EXPECT_FALSE(allow_lists(text)) << text;
  }
  const auto none = allow_lists("pods");
  ASSERT_TRUE(none) << "the original starts with it";
  EXPECT_FALSE(none->choice("pods").on());
}

TEST(MetricFilter, MatchesAnywhereAndLooksAround) {
  const struct {
    const char* pattern;
    const char* name;
    bool matches;
  } cases[] = {
      {"pod", "kube_pod_info", true},
      {"^pod", "kube_pod_info", false},
      {"kube_(pod|node)_info$", "kube_node_info", true},
      {"^(?!kube_pod_).*", "kube_pod_info", false},
      {"^(?!kube_pod_).*", "kube_node_info", true},
      {"^kube_pod_(?!status_)", "kube_pod_status_phase", false},
      {"^kube_pod_(?!status_)", "kube_pod_info", true},
      {"^kube_(?=.*_created$).*", "kube_job_created", true},
      {"^kube_(?=.*_created$).*", "kube_job_info", false},
      {"(?<!_pod)_info$", "kube_pod_info", false},
      {"(?<!_pod)_info$", "kube_node_info", true},
      {"(?<=kube_pod)_info$", "kube_pod_info", true},
      {"kube_a|^kube_pod_(?!info)", "kube_pod_owner", true},
      {"kube_a|^kube_pod_(?!info)", "kube_pod_info", false},
      {"[(?!]", "kube_pod_info", false},
      {"(?!kube)", "kube", true},  // nothing of it stands further back
  };
  for (const auto& c : cases) {
    const auto allow = MetricFilter::make({c.pattern}, {}, {});
    ASSERT_TRUE(allow) << c.pattern << ": " << allow.error().message;
    EXPECT_EQ(allow->passes(c.name), c.matches) << c.pattern << " on " << c.name;
    const auto deny = MetricFilter::make({}, {c.pattern}, {});
    ASSERT_TRUE(deny);
    EXPECT_EQ(deny->passes(c.name), !c.matches);
  }
}

TEST(MetricFilter, SaysWhatItDoesNotTake) {
  EXPECT_FALSE(MetricFilter::make({"a"}, {"b"}, {}));
  for (const auto* pattern : {"(", "(a(?!b))*", "(?!a", "[a", "\\1"}) {
    const auto filter = MetricFilter::make({pattern}, {}, {});
    ASSERT_FALSE(filter) << pattern;
    EXPECT_NE(filter.error().message.find("--metric-allowlist: "), std::string::npos);
  }
}

TEST(MetricFilter, OptInFamiliesAreAskedFor) {
  const auto none = MetricFilter::make({}, {}, {});
  EXPECT_FALSE(none->passes("kube_pod_nodeselectors", true));
  EXPECT_TRUE(none->passes("kube_pod_info"));
  const auto some = MetricFilter::make({}, {}, {"nodeselectors"});
  EXPECT_TRUE(some->passes("kube_pod_nodeselectors", true));
}

}  // namespace
}  // namespace exporter::kube
