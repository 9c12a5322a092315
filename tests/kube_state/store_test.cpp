// SPDX-License-Identifier: Apache-2.0
// What goes into a store comes out on its pages, whatever happens in between.

#include "store/store.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <zlib.h>

#include "store/page.hpp"

namespace exporter::kube {
namespace {

constexpr std::string_view kCommon[] = {"namespace", "thing", "uid"};
enum : std::size_t { kInfo, kPhase, kTime, kContainers, kLabels, kAnnotations, kMixed, kTolerations, kOptIn };
constexpr Family kFamilies[] = {
    unique("thing_info", Stability::kStable, "Where it is.", "node", "address", "owner"),
    shared("thing_phase", Stability::kStable, "Its phase.", "phase"),
    unique("thing_created", Stability::kExperimental, "When it was made."),
    unique("thing_container", Stability::kStable, "Its containers.", "container", "id"),
    unique("thing_labels", Stability::kStable, "Its labels."),
    unique("thing_annotations", Stability::kExperimental, "Its annotations."),
    as_counter(unique("thing_mixed_total", Stability::kDeprecated, "Both kinds of samples.", "kind")),
    shared("thing_tolerations", Stability::kExperimental, "What it tolerates.", "key", "effect"),
    opt_in(unique("thing_opt_in", Stability::kExperimental, "Not asked for.")),
};
const Resource kThings{
    .name = "things", .group = "", .version = "v1", .common_labels = kCommon, .families = kFamilies};

/// What is emitted, and the lines that it makes, as anybody would write them.
struct Thing {
  struct Sample {
    std::size_t family;
    std::vector<std::string> names;  // of labels only known at run time
    std::vector<std::pair<std::string, bool>> values;
    double value;
  };
  std::string name_space, name, uid;
  std::vector<Sample> samples;

  bool emit(Emit& to) const {
    const std::string_view common[] = {name_space, name, uid};
    to.identity(name_space, name, uid, common);
    for (const auto& sample : samples) {
      std::vector<Text> values;
      for (const auto& [text, is_own] : sample.values) values.push_back(is_own ? own(text) : Text(text));
      const std::vector<std::string_view> names(sample.names.begin(), sample.names.end());
      if (sample.family == kLabels || !sample.names.empty()) {
        to.sample(sample.family, names, values, sample.value);
      } else if (values.empty()) {
        to(sample.family, {}, sample.value);
      } else if (values.size() == 1) {
        to(sample.family, {values[0]}, sample.value);
      } else if (values.size() == 2) {
        to(sample.family, {values[0], values[1]}, sample.value);
      } else {
        to(sample.family, {values[0], values[1], values[2]}, sample.value);
      }
    }
    return true;
  }

  static std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
      if (c == '\n') {
        result += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') result += '\\';
      result += c;
    }
    return result + "\"";
  }

  void add_lines(std::multiset<std::string>& lines) const {
    for (const auto& sample : samples) {
      if (sample.family == kOptIn) continue;
      std::string line(kFamilies[sample.family].name);
      line += "{namespace=" + quoted(name_space) + ",thing=" + quoted(name) + ",uid=" + quoted(uid);
      for (std::size_t i = 0; i < sample.values.size(); ++i) {
        const auto label =
            sample.names.empty() ? std::string(kFamilies[sample.family].labels[i]) : sample.names[i];
        line += "," + label + "=" + quoted(sample.values[i].first);
      }
      char number[32];
      line += "} " + std::string(number, Value(sample.value).append(number));
      lines.insert(line);
    }
  }
};

std::vector<std::string> lines_of(std::string_view page) {
  std::vector<std::string> lines;
  for (; !page.empty(); page.remove_prefix(page.find('\n') + 1)) {
    EXPECT_NE(page.find('\n'), page.npos) << "the last line has no end";
    if (page.find('\n') == page.npos) break;
    lines.emplace_back(page.substr(0, page.find('\n')));
  }
  return lines;
}

/// The samples of a page, whose families stand together behind their headers.
std::multiset<std::string> samples_of(const std::string& page) {
  std::multiset<std::string> samples;
  std::set<std::string> seen;
  std::string family;
  for (const auto& line : lines_of(page)) {
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(family).second) << family << " comes twice";
    } else if (!line.starts_with("# ")) {
      EXPECT_EQ(line.substr(0, line.find_first_of("{ ")), family);
      samples.insert(line);
    }
  }
  return samples;
}

/// Of a body that is one gzip member and nothing else.
std::string inflated(const std::string& body) {
  z_stream z{};
  EXPECT_EQ(inflateInit2(&z, 31), Z_OK);
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  z.avail_in = static_cast<uInt>(body.size());
  std::string text;
  int status = Z_OK;
  while (status == Z_OK) {
    char buffer[16384];
    z.next_out = reinterpret_cast<Bytef*>(buffer);
    z.avail_out = sizeof buffer;
    status = inflate(&z, Z_NO_FLUSH);
    text.append(buffer, sizeof buffer - z.avail_out);
  }
  EXPECT_EQ(status, Z_STREAM_END) << (z.msg ? z.msg : "");
  EXPECT_EQ(z.avail_in, 0U) << "bytes behind the member";
  inflateEnd(&z);
  return text;
}

std::string page_of(Store& store, PageOptions options = {}) {
  Store* const stores[] = {&store};
  return render(stores, options);
}

StoreOptions without_opt_in() {
  std::vector<bool> wanted(std::size(kFamilies), true);
  wanted[kOptIn] = false;
  return {.wanted = wanted};
}

void put(Source& source, const Thing& thing) {
  source.put([&](Emit& emit) { return thing.emit(emit); });
}
void erase(Source& source, const Thing& thing) {
  source.erase([&](Emit& emit) { return thing.emit(emit); });
}

constexpr std::string_view kUid = "0a1b2c3d-4e5f-6789-abcd-ef0123456789";

Thing simple(std::string name, std::string phase = "Running") {
  return {"default", std::move(name), std::string(kUid), {{kPhase, {}, {{std::move(phase), false}}, 1}}};
}

TEST(Store, KeepsEveryValue) {
  const std::string values[] = {
      "",
      "x",
      "default",
      "thing-1",
      std::string(kUid),
      "10.0.0.1",
      "255.255.255.255",
      "010.0.0.1",
      "10.0.0.256",
      "10.0.0",
      "1.2.3.4.5",
      "fe80::1",
      "0A1B2C3D-4e5f-6789-abcd-ef0123456789",
      "11111111-2222-3333-4444-555555555555",
      "containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
      "sha256:0123456789abcdef0",
      "0123456789abcdef",
      "0123456789ABCDEF0123456789ABCDEF",
      std::string(600, 'a'),
      std::string(300, 'z'),
      std::string(70000, 'z'),
      "fifteen bytes..",
      "sixteen bytes...",
      "web-7d4b9c6f5-x2x9z",
      "web-7d4b9c6f5-abcde",
      "web-7d4b9c6f5-",
      "quote \" backslash \\ line\nend",
      "Grüße, 世界",
  };
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  std::multiset<std::string> expected;
  int number = 0;
  for (int round = 0; round < 2; ++round) {
    for (const auto& value : values) {
      for (const bool is_own : {false, true}) {
        Thing thing{"default", "thing-" + std::to_string(++number), std::string(kUid), {}};
        thing.samples.push_back({kInfo, {}, {{"node", false}, {value, is_own}, {value, false}}, 1});
        thing.samples.push_back({kPhase, {}, {{value, is_own}}, 1});
        thing.samples.push_back({kLabels, {"label_a", "label_b"}, {{value, is_own}, {"b", false}}, 1});
        put(source, thing);
        thing.add_lines(expected);
      }
    }
  }
  source.list_ends();
  EXPECT_EQ(samples_of(page_of(store)), expected);
}

TEST(Store, KeepsEveryIdentity) {
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  std::multiset<std::string> expected;
  for (const auto* uid :
       {"", "0a1b2c3d-4e5f-6789-abcd-ef0123456789", "not-a-uuid", "0A1B2C3D-4E5F-6789-ABCD-EF0123456789"}) {
    for (const auto* name_space : {"", "default", "kube-system"}) {
      for (const auto* name :
           {"a", "default", "web-7d4b9c6f5-x2x9z", "web-7d4b9c6f5-y2x9z", "odd \"name\\\n"}) {
        // The key is namespace and name: the last uid stays.
        const Thing thing{
            name_space, name, uid, {{kPhase, {}, {{"a", false}}, 1}, {kPhase, {}, {{"b", false}}, 0}}};
        put(source, thing);
        if (std::string_view(uid).starts_with("0A")) thing.add_lines(expected);
      }
    }
  }
  source.list_ends();
  EXPECT_EQ(store.objects(), 15U);
  EXPECT_EQ(samples_of(page_of(store)), expected);
}

TEST(Store, KeepsEveryNumber) {
  std::vector<double> numbers = {0,
                                 1,
                                 9,
                                 10,
                                 99,
                                 100,
                                 127,
                                 128,
                                 255,
                                 256,
                                 16511,
                                 16512,
                                 65535,
                                 65536,
                                 1 << 20,
                                 255.0 * (1 << 20),
                                 256.0 * (1 << 20),
                                 1e6,
                                 16777215,
                                 16777216,
                                 999999999,
                                 1e9,
                                 1700000000,
                                 1700000001,
                                 1699999744,
                                 1699999743,
                                 1700007935,
                                 1700007936,
                                 1700032767,
                                 1700032768,
                                 1691611391,
                                 1708388607,
                                 1708388608,
                                 1600000000,
                                 4294967295,
                                 4294967296,
                                 1e12,
                                 999999999999999,
                                 1e15,
                                 1e18,
                                 1e300,
                                 5e-324,
                                 0.001,
                                 0.1,
                                 0.25,
                                 0.255,
                                 0.256,
                                 65.535,
                                 65.536,
                                 4294967.295,
                                 4294967.296,
                                 0.0005,
                                 1.1,
                                 123456.789,
                                 0.29,
                                 1.005,
                                 4.35};
  const auto count = numbers.size();
  for (std::size_t i = 0; i < count; ++i) numbers.push_back(-numbers[i]);
  numbers.push_back(std::numeric_limits<double>::infinity());
  numbers.push_back(-std::numeric_limits<double>::infinity());
  numbers.push_back(std::nan(""));
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  std::multiset<std::string> expected;
  Thing all{"default", "all", std::string(kUid), {}};
  all.samples.push_back({kTime, {}, {}, 1700000000});
  for (const double number : numbers) {
    all.samples.push_back({kContainers, {}, {{"a", false}, {"b", false}}, number});
    Thing one{
        "default", "one-" + std::to_string(expected.size()), std::string(kUid), {{kTime, {}, {}, number}}};
    put(source, one);
    one.add_lines(expected);
  }
  put(source, all);
  all.add_lines(expected);
  const std::uint64_t large[] = {std::numeric_limits<std::uint64_t>::max(), std::uint64_t{1} << 63,
                                 9007199254740993U};
  for (const auto number : large) {
    source.put([&](Emit& emit) {
      emit.identity("default", std::to_string(number), kUid, {});
      emit(kTime, {}, number);
      emit(kContainers, {"x", "y"}, static_cast<std::int64_t>(number));
      return true;
    });
    const std::string front = "{namespace=\"\",thing=\"\",uid=\"\"";
    expected.insert("thing_created" + front + "} " + std::to_string(number));
    expected.insert("thing_container" + front + ",container=\"x\",id=\"y\"} " +
                    std::to_string(static_cast<std::int64_t>(number)));
  }
  source.list_ends();
  EXPECT_EQ(samples_of(page_of(store)), expected);
}

TEST(Store, ShowsHeadersOnceThereIsAnObject) {
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  EXPECT_EQ(page_of(store), "");
  source.list_begins();
  put(source, simple("a"));
  EXPECT_EQ(page_of(store), "") << "before the first list is whole";
  EXPECT_FALSE(store.synced());
  source.list_ends();
  EXPECT_TRUE(store.synced());
  const auto lines = lines_of(page_of(store));
  ASSERT_EQ(lines.size(), 2 * (std::size(kFamilies) - 1) + 1);
  EXPECT_EQ(lines[0], "# HELP thing_info [STABLE] Where it is.");
  EXPECT_EQ(lines[1], "# TYPE thing_info gauge");
  EXPECT_EQ(lines[5], "# HELP thing_created When it was made.");
  EXPECT_EQ(
      std::count(lines.begin(), lines.end(), "# HELP thing_mixed_total [STABLE] Both kinds of samples."), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "# TYPE thing_mixed_total counter"), 1);
  erase(source, simple("a"));
  EXPECT_EQ(page_of(store), "");
}

TEST(Store, SweepsWhatAListDoesNotHave) {
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  for (int i = 0; i < 1000; ++i) put(source, simple("a-" + std::to_string(i)));
  source.list_ends();
  EXPECT_EQ(store.objects(), 1000U);
  const auto before = samples_of(page_of(store));

  source.list_begins();
  for (int i = 0; i < 500; ++i) put(source, simple("a-" + std::to_string(i)));
  source.list_fails();
  EXPECT_EQ(samples_of(page_of(store)), before) << "a list that broke off takes nothing away";

  source.list_begins();
  for (int i = 0; i < 1000; i += 3) put(source, simple("a-" + std::to_string(i)));
  EXPECT_EQ(store.objects(), 1000U);
  source.list_ends();
  EXPECT_EQ(store.objects(), 334U);
  EXPECT_EQ(samples_of(page_of(store)).size(), 334U);

  source.list_begins();
  source.list_ends();
  EXPECT_EQ(page_of(store), "");
  EXPECT_TRUE(store.synced());
}

TEST(Store, HasSeveralSources) {
  Store store(kThings, without_opt_in());
  auto& a = store.source();
  auto& b = store.source();
  const auto in = [](std::string name_space, std::string name) {
    auto thing = simple(std::move(name));
    thing.name_space = std::move(name_space);
    return thing;
  };
  a.list_begins();
  b.list_begins();
  put(a, in("a", "one"));
  put(b, in("b", "one"));
  put(b, in("b", "two"));
  a.list_ends();
  EXPECT_EQ(store.objects(), 1U);
  EXPECT_FALSE(store.synced());
  b.list_ends();
  EXPECT_TRUE(store.synced());
  EXPECT_EQ(store.objects(), 3U);
  b.list_begins();
  put(b, in("b", "two"));
  b.list_ends();
  std::multiset<std::string> expected;
  in("a", "one").add_lines(expected);
  in("b", "two").add_lines(expected);
  EXPECT_EQ(samples_of(page_of(store)), expected);
}

TEST(Store, LeavesOutWhatIsAnotherShards) {
  Store store(kThings, {.takes = [](std::string_view uid) { return uid == kUid; }});
  auto& source = store.source();
  source.list_begins();
  source.list_ends();
  put(source, simple("ours"));
  auto theirs = simple("theirs");
  theirs.uid = "11111111-2222-3333-4444-555555555555";
  put(source, theirs);
  EXPECT_EQ(store.objects(), 1U);
  // Made anew, it is another shard's.
  auto moved = simple("ours");
  moved.uid = theirs.uid;
  put(source, moved);
  EXPECT_EQ(store.objects(), 0U);
  EXPECT_EQ(store.memory().string_count, 0U);
}

TEST(Store, CountsWhatItCannotRead) {
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  source.put([](Emit& emit) {
    (void)simple("half").emit(emit);
    return false;
  });
  source.put([](Emit&) { return true; });
  source.erase([](Emit&) { return false; });
  source.list_ends();
  EXPECT_EQ(store.malformed(), 3U);
  EXPECT_EQ(store.objects(), 0U);
  EXPECT_EQ(store.memory().string_count, 0U);
}

TEST(Store, PicksLabels) {
  Store store(kThings, {.picks_label = [](std::string_view key) { return key != "secret"; }});
  auto& source = store.source();
  source.list_begins();
  source.put([](Emit& emit) {
    const std::string_view common[] = {"default", "a", kUid};
    emit.identity("default", "a", kUid, common);
    const Label labels[] = {{"b.c", "2"}, {"app.kubernetes.io/name", "web"}, {"secret", "x"}};
    emit.labels(kLabels, labels);
    emit.annotations(kAnnotations, labels);
    return true;
  });
  source.put([](Emit& emit) {
    const std::string_view common[] = {"default", "b", kUid};
    emit.identity("default", "b", kUid, common);
    emit.labels(kLabels, {});
    return true;
  });
  source.list_ends();
  const std::string uid(kUid);
  EXPECT_EQ(
      samples_of(page_of(store)),
      (std::multiset<std::string>{"thing_labels{namespace=\"default\",thing=\"a\",uid=\"" + uid +
                                      "\",label_app_kubernetes_io_name=\"web\",label_b_c=\"2\"} 1",
                                  "thing_labels{namespace=\"default\",thing=\"b\",uid=\"" + uid + "\"} 1"}));
}

// A resource whose names are made at run time, without common labels; two have a family in common.
TEST(Page, PutsStoresBehindEachOther) {
  struct Custom {
    std::string family = "custom_state";
    std::vector<Family> families{{.name = family,
                                  .help = "A \\ and\na line.",
                                  .stability = Stability::kExperimental,
                                  .type = MetricType::kStateset}};
    Resource resource{
        .name = "foos", .group = "", .version = "v1", .common_labels = {}, .families = families};
  };
  std::vector<std::unique_ptr<Store>> stores;
  std::vector<Store*> pointers;
  for (int i = 0; i < 2; ++i) {
    auto custom = std::make_shared<Custom>();
    const auto& resource = custom->resource;
    stores.push_back(std::make_unique<Store>(resource, StoreOptions{.resource_owner = std::move(custom)}));
    auto& source = stores.back()->source();
    source.list_begins();
    source.put([&](Emit& emit) {
      emit.identity("", "a", "", {});
      const std::string_view names[] = {"kind", "name"};
      const Text values[] = {"foo", i == 0 ? "a" : "b"};
      emit.sample(0, names, values, i);
      emit.sample(0, {}, {}, 7);
      return true;
    });
    source.list_ends();
    pointers.push_back(stores.back().get());
  }
  EXPECT_EQ(render(pointers),
            "# HELP custom_state A \\\\ and\\na line.\n# TYPE custom_state gauge\n"
            "custom_state{kind=\"foo\",name=\"a\"} 0\ncustom_state 7\n"
            "custom_state{kind=\"foo\",name=\"b\"} 1\ncustom_state 7\n");
  EXPECT_EQ(render(pointers, {.format = PageFormat::kOpenMetrics}),
            "# HELP custom_state A \\\\ and\\na line.\n# TYPE custom_state stateset\n"
            "custom_state{kind=\"foo\",name=\"a\"} 0\ncustom_state 7\n"
            "custom_state{kind=\"foo\",name=\"b\"} 1\ncustom_state 7\n# EOF\n");
  EXPECT_EQ(inflated(render(pointers, {.gzip = true})), render(pointers));

  // A page outlives what it shows.
  Page page(pointers, {});
  stores.clear();
  std::string body;
  while (page(body)) {
  }
  EXPECT_NE(body.find("custom_state{kind=\"foo\",name=\"b\"} 1\n"), body.npos);
}

TEST(Page, HasNothingWithoutStores) {
  EXPECT_EQ(render({}), "");
  EXPECT_EQ(render({}, {.format = PageFormat::kOpenMetrics}), "# EOF\n");
  EXPECT_EQ(inflated(render({}, {.gzip = true})), "");
}

TEST(Page, SelectsResources) {
  Resource other = kThings;
  other.name = "others";
  Store things(kThings, {});
  Store others(other, {});
  Store* const stores[] = {&others, &things};
  using Names = std::vector<std::string_view>;
  EXPECT_EQ(select(stores, {}, {}), (std::vector<Store*>{&others, &things}));
  EXPECT_EQ(select(stores, Names{"things"}, {}), (std::vector<Store*>{&things}));
  EXPECT_EQ(select(stores, Names{"x,things", "others"}, {}), (std::vector<Store*>{&others, &things}));
  EXPECT_EQ(select(stores, Names{""}, {}), (std::vector<Store*>{}));
  EXPECT_EQ(select(stores, Names{"unknown"}, {}), (std::vector<Store*>{}));
  EXPECT_EQ(select(stores, {}, Names{"things,"}), (std::vector<Store*>{&others}));
  EXPECT_EQ(select(stores, Names{"things,others"}, Names{"others"}), (std::vector<Store*>{&things}));
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  unsigned below(unsigned bound) { return static_cast<unsigned>(engine_() % bound); }
  bool chance(unsigned percent) { return below(100) < percent; }
  std::string digits(unsigned count) {
    std::string text;
    while (text.size() < count) text += "0123456789abcdef"[below(16)];
    return text;
  }
  std::string uid() {
    return digits(8) + "-" + digits(4) + "-" + digits(4) + "-" + digits(4) + "-" + digits(12);
  }

  Thing thing(unsigned names) {
    Thing result{"ns-" + std::to_string(below(5)),
                 "owner-" + std::to_string(below(20)) + "-" + std::to_string(below(names)),
                 uid(),
                 {}};
    auto& samples = result.samples;
    const auto created = 1.7e9 + below(10'000'000);
    samples.push_back({kTime, {}, {}, created});
    if (chance(90)) {
      samples.push_back({kInfo,
                         {},
                         {{"node-" + std::to_string(below(50)), false},
                          {"10." + std::to_string(below(256)) + ".0." + std::to_string(below(256)), true},
                          {"owner-" + std::to_string(below(20)), false}},
                         1});
    }
    const auto phase = below(6);
    for (unsigned i = 0; i < 5 && phase < 5; ++i) {
      samples.push_back(
          {kPhase, {}, {{std::string("Phase") + std::to_string(i), false}}, i == phase ? 1.0 : 0.0});
    }
    for (auto count = below(4); count > 0; --count) {
      samples.push_back({kContainers,
                         {},
                         {{"container-" + std::to_string(count), false},
                          {"containerd://" + digits(chance(90) ? 64 : 15), true}},
                         chance(50) ? created + below(100000) : below(1000) / 1000.0});
    }
    if (chance(50)) {
      Thing::Sample labels{kLabels, {}, {}, 1};
      for (auto count = 1 + below(4); count > 0; --count) {
        labels.names.push_back("label_" + std::to_string(count));
        labels.values.emplace_back(chance(50) ? digits(10) : "value", chance(50));
      }
      samples.push_back(labels);
    }
    for (auto count = below(3); count > 0; --count)
      samples.push_back({kMixed, {}, {{"kind " + std::to_string(count), false}}, 1.0 * below(100)});
    for (auto count = below(2); count > 0; --count)
      samples.push_back({kMixed, {"one", "two"}, {{"a", false}, {digits(20), true}}, -1});
    for (auto count = below(3); count > 0; --count) {
      samples.push_back({kTolerations,
                         {},
                         {{"key-" + std::to_string(below(30)), false}, {std::to_string(count), false}},
                         1});
    }
    std::shuffle(samples.begin(), samples.end(), engine_);
    return result;
  }

 private:
  std::mt19937 engine_;
};

TEST(Store, IsWhatAMapWouldBe) {
  Random random(20'250'713);
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  source.list_ends();
  std::map<std::pair<std::string, std::string>, Thing> model;
  const auto key = [](const Thing& thing) { return std::pair(thing.name_space, thing.name); };
  // A page that is read while all this goes on, and what it has to show.
  std::unique_ptr<Page> slow;
  std::string slow_body;
  std::multiset<std::string> slow_expected;
  Store* const stores[] = {&store};
  const auto lines = [&] {
    std::multiset<std::string> result;
    for (const auto& [_, thing] : model) thing.add_lines(result);
    return result;
  };

  for (int step = 0; step < 3000; ++step) {
    const auto kind = random.below(100);
    // It swells and shrinks.
    if (kind < (step / 500 % 2 == 0 ? 70U : 40U)) {
      auto thing = random.thing(60);
      put(source, thing);
      model[key(thing)] = thing;
    } else if (kind < 97 && !model.empty()) {
      auto victim = model.lower_bound(key(random.thing(60)));
      if (victim == model.end()) victim = model.begin();
      erase(source, victim->second);
      model.erase(victim);
    } else if (random.chance(10)) {
      source.list_begins();
      for (auto at = model.begin(); at != model.end();) {
        if (random.chance(20)) {
          at = model.erase(at);
          continue;
        }
        if (random.chance(30)) at->second.samples.pop_back();
        put(source, at->second);
        ++at;
      }
      if (random.chance(50)) {
        auto fresh = random.thing(60);
        put(source, fresh);
        model[key(fresh)] = fresh;
      }
      source.list_ends();
    }
    if (step % 250 == 0) {
      ASSERT_EQ(store.objects(), model.size());
      const auto page = page_of(store);
      ASSERT_EQ(samples_of(page), lines()) << "after step " << step;
      for (int again = 0; again < 2; ++again) ASSERT_EQ(inflated(page_of(store, {.gzip = true})), page);
      if (slow) {
        while ((*slow)(slow_body)) {
        }
        ASSERT_EQ(samples_of(slow_body), slow_expected) << "after step " << step;
      }
      slow = std::make_unique<Page>(stores, PageOptions{});
      slow_body.clear();
      slow_expected = lines();
      if (!(*slow)(slow_body)) {
        ASSERT_EQ(samples_of(slow_body), slow_expected);
        slow.reset();
      }
    }
  }
  slow.reset();

  for (const auto& [_, thing] : model) erase(source, thing);
  const auto memory = store.memory();
  EXPECT_EQ(page_of(store), "");
  EXPECT_EQ(memory.objects, 0U);
  EXPECT_EQ(memory.records + memory.slack, 0U);
  EXPECT_EQ(memory.string_count, 0U);
}

TEST(Store, GivesMemoryBack) {
  Random random(1);
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  std::vector<Thing> things;
  for (int i = 0; i < 600; ++i) {
    things.push_back(random.thing(100));
    things.back().name += "-" + std::to_string(i);
    put(source, things.back());
  }
  source.list_ends();
  const auto full = store.memory();
  EXPECT_LT(full.slack, full.records / 10);
  // Churn: each object changes five times, and all its texts.
  for (int round = 0; round < 5; ++round) {
    for (auto& thing : things) {
      const auto name_space = thing.name_space;
      const auto name = thing.name;
      thing = random.thing(100);
      thing.name_space = name_space;
      thing.name = name;
      thing.samples.push_back({kMixed, {}, {{random.digits(20), false}}, 1});
      put(source, thing);
    }
  }
  const auto churned = store.memory();
  EXPECT_EQ(churned.objects, full.objects);
  EXPECT_LT(churned.slack, churned.records / 4);
  EXPECT_LT(churned.string_count, full.string_count + 1000);
  for (std::size_t i = 0; i < things.size(); ++i) {
    if (i % 10 != 0) erase(source, things[i]);
  }
  const auto few = store.memory();
  EXPECT_EQ(few.objects, 60U);
  EXPECT_LT(few.slack, few.records / 2);
  EXPECT_LT(few.index, 4096U);
}

// Readers that check what must always hold while another thread changes everything: each object has the same
// number in all its families, and no object comes twice.
TEST(Store, IsReadWhileItChanges) {
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  constexpr int kObjects = 300;
  const auto put_object = [&](int object, unsigned long number) {
    source.put([&](Emit& emit) {
      const auto name = "object-" + std::to_string(object);
      const auto text = std::to_string(number);
      const std::string_view common[] = {"default", name, kUid};
      emit.identity("default", name, kUid, common);
      emit(kInfo, {text, own("address-" + text), "owner"}, number);
      emit(kPhase, {text}, 1);
      emit(kTime, {}, number);
      emit(kTolerations, {"key", text}, 1);
      return true;
    });
  };
  source.list_begins();
  for (int i = 0; i < kObjects; ++i) put_object(i, static_cast<unsigned long>(i));
  source.list_ends();

  std::atomic<int> pages{0};
  std::atomic<bool> done{false};
  const auto read = [&](bool gzip) {
    Store* const stores[] = {&store};
    while (!done) {
      auto page = render(stores, {.gzip = gzip});
      if (gzip) page = inflated(page);
      std::map<std::string, std::map<std::string, std::string>> numbers;  // by object, by family
      for (const auto& line : samples_of(page)) {
        const auto family = line.substr(0, line.find('{'));
        const auto begin = line.find("thing=\"") + 7;
        const auto object = line.substr(begin, line.find('"', begin) - begin);
        auto number = line.substr(line.find("} ") + 2);
        for (const auto* label : {"phase=\"", "effect=\""}) {
          if (const auto at = line.find(label); at != line.npos) {
            const auto from = at + std::string_view(label).size();
            number = line.substr(from, line.find('"', from) - from);
          }
        }
        EXPECT_TRUE(numbers[object].emplace(family, number).second) << object << " comes twice in " << family;
      }
      EXPECT_EQ(numbers.size(), std::size_t{kObjects});
      for (const auto& [object, families] : numbers) {
        EXPECT_EQ(families.size(), 4U) << object;
        for (const auto& [family, number] : families)
          EXPECT_EQ(number, families.begin()->second) << object << " " << family;
      }
      ++pages;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read, i == 2);
  unsigned long number = kObjects;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (int round = 0; std::chrono::steady_clock::now() < end || (pages < 10 && round < 500); ++round) {
    if (round % 4 == 3) source.list_begins();
    for (int i = 0; i < kObjects; ++i) {
      if ((i + round) % 3 == 0 || round % 4 == 3) put_object((i * 7 + round) % kObjects, ++number);
      if (store.memory().objects != kObjects) ADD_FAILURE() << store.memory().objects;
    }
    if (round % 4 == 3) source.list_ends();
  }
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_GT(pages, 3);
  put_object(0, ++number);
  EXPECT_LT(store.memory().string_count, 4U * kObjects) << "texts of pages that are gone are given up";
}

// Which of two stores prints the header of a family depends on which are on the page; compressed blocks know
// it.
TEST(Page, HasEachHeaderOnce) {
  Resource other = kThings;
  other.name = "others";
  Store things(kThings, without_opt_in());
  Store others(other, without_opt_in());
  for (auto* store : {&things, &others}) {
    auto& source = store->source();
    source.list_begins();
    for (int i = 0; i < 500; ++i) put(source, simple((store == &things ? "a-" : "b-") + std::to_string(i)));
    source.list_ends();
  }
  const std::vector<std::vector<Store*>> pages = {{&things, &others}, {&others}, {&others, &things}};
  for (int round = 0; round < 3; ++round) {
    for (const auto& stores : pages) {
      const auto page = render(stores);
      ASSERT_EQ(inflated(render(stores, {.gzip = true})), page) << "round " << round;
      const auto lines = lines_of(page);
      EXPECT_EQ(std::count(lines.begin(), lines.end(), "# TYPE thing_phase gauge"), 1);
    }
    put(things.source(), simple("new-" + std::to_string(round)));
  }
}

TEST(Page, IsGivenUpWhenItIsLate) {
  using std::chrono::steady_clock;
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  for (int i = 0; i < 5000; ++i) put(source, simple("a-" + std::to_string(i), "Phase" + std::to_string(i)));
  source.list_ends();
  Store* const stores[] = {&store};
  const auto until = steady_clock::now() + std::chrono::hours(1);
  Page page(stores, {.until = until});
  Page other(stores, {.until = until + std::chrono::hours(1)});
  std::string piece;
  ASSERT_TRUE(page(piece));
  source.list_begins();
  source.list_ends();
  give_up_late_pages(until - std::chrono::seconds(1));
  piece.clear();
  EXPECT_TRUE(page(piece)) << "it is in time, and shows what there was";
  EXPECT_NE(piece.find("Phase"), piece.npos);
  give_up_late_pages(until + std::chrono::seconds(1));
  EXPECT_THROW(page(piece), std::runtime_error);
  put(source, simple("b"));
  EXPECT_LT(store.memory().string_count, 10U) << "what it held is free";
  piece.clear();
  EXPECT_FALSE(other(piece)) << "and others are not touched";
  EXPECT_NE(piece.find("thing=\"b\""), piece.npos);

  Page late(stores, {.until = steady_clock::now() - std::chrono::seconds(1)});
  EXPECT_THROW(late(piece), std::runtime_error);
}

TEST(Page, KeepsCompressedBlocks) {
  Random random(2);
  Store store(kThings, without_opt_in());
  auto& source = store.source();
  source.list_begins();
  std::vector<Thing> things;
  for (int i = 0; i < 1500; ++i) {
    things.push_back(random.thing(100));
    things.back().name += "-" + std::to_string(i);
    put(source, things.back());
  }
  source.list_ends();
  EXPECT_EQ(store.memory().compressed, 0U);
  const auto first = page_of(store, {.gzip = true});
  const auto kept = store.memory().compressed;
  EXPECT_GT(kept, first.size() * 9 / 10);
  EXPECT_LT(kept, first.size() * 3 / 2);
  EXPECT_EQ(page_of(store, {.gzip = true}), first);
  EXPECT_EQ(store.memory().compressed, kept);
  // Many pages later nothing has piled up.
  for (int page = 0; page < 10; ++page) {
    for (int i = 0; i < 30; ++i) {
      auto& thing = things[random.below(1500)];
      thing.samples.push_back({kMixed, {}, {{random.digits(8), false}}, 1});
      put(source, thing);
    }
    ASSERT_EQ(inflated(page_of(store, {.gzip = true})), page_of(store));
  }
  EXPECT_LT(store.memory().compressed, kept * 3 / 2);
}

}  // namespace
}  // namespace exporter::kube
