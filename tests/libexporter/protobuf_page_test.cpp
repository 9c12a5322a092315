// SPDX-License-Identifier: Apache-2.0
// Delimited protobuf pages, read back field by field.

#include <gtest/gtest.h>

#include <bit>
#include <map>

#include <exporter/page.hpp>

namespace exporter {
namespace {

/// A reader of protobuf's wire format that knows nothing of the writer.
class Wire {
 public:
  explicit Wire(std::string_view message) : rest_(message) {}
  bool next() {
    if (rest_.empty()) return false;
    const auto key = varint();
    number = static_cast<unsigned>(key >> 3);
    bytes = {};
    integer = 0;
    switch (key & 7) {
      case 0:
        integer = varint();
        return true;
      case 1:
        for (unsigned i = 0; i < 8; ++i) {
          integer |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_.at(i))) << (8 * i);
        }
        rest_.remove_prefix(8);
        return true;
      case 2: {
        const auto size = varint();
        EXPECT_LE(size, rest_.size());
        bytes = rest_.substr(0, size);
        rest_.remove_prefix(bytes.size());
        return true;
      }
      default:
        ADD_FAILURE() << "wire type " << (key & 7);
        return false;
    }
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.at(0));
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }
  bool empty() const { return rest_.empty(); }
  std::string_view take(std::size_t size) {
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  double real() const { return std::bit_cast<double>(integer); }

  unsigned number = 0;
  std::uint64_t integer = 0;
  std::string_view bytes;

 private:
  std::string_view rest_;
};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

/// The numbers in a message, those of inner messages in brackets. `counts`: field 1 is an integer.
std::string describe_value(std::string_view message, bool counts) {
  std::string result;
  for (Wire wire(message); wire.next();) {
    if (!wire.bytes.empty()) {
      result += " (" + describe_value(wire.bytes, counts) + ")";
    } else {
      const bool integer = counts && wire.number == 1;
      result += (result.empty() ? "" : " ") + (integer ? std::to_string(wire.integer) : number(wire.real()));
    }
  }
  return result;
}

/// Families by name: "type help | label=value field:value | ...".
std::map<std::string, std::string> read_page(std::string_view page) {
  std::map<std::string, std::string> result;
  for (Wire stream(page); !stream.empty();) {
    const auto size = stream.varint();
    std::string name;
    std::string text;
    for (Wire family(stream.take(size)); family.next();) {
      if (family.number == 1) name = family.bytes;
      if (family.number == 2) text += family.bytes;
      if (family.number == 3) text += " type " + std::to_string(family.integer);
      if (family.number != 4) continue;
      text += " |";
      for (Wire metric(family.bytes); metric.next();) {
        if (metric.number == 1) {
          Wire label(metric.bytes);
          std::string pair;
          while (label.next()) pair += (pair.empty() ? " " : "=") + std::string(label.bytes);
          text += pair;
        } else {
          const bool parts = metric.number == 7 || metric.number == 4;
          text += " " + std::to_string(metric.number) + ": " + describe_value(metric.bytes, parts);
        }
      }
    }
    EXPECT_TRUE(result.emplace(name, text).second) << name;
  }
  return result;
}

std::string page_of(const Sink& sink) {
  const Sink* const sinks[] = {&sink};
  std::string page;
  PageBuilder().build(sinks, PageFormat::kProtobuf, page);
  return page;
}

TEST(ProtobufPage, CountersGaugesAndUntyped) {
  Sink sink;
  sink(counter("app_requests_total", "Requests.", "path"), {"a\"b\\c\nd"}, 7);
  sink(gauge("app_load", "Load \\ and\nmore."), -1.5);
  sink(untyped("app_raw", "Raw."), 1e300);
  const auto families = read_page(page_of(sink));
  EXPECT_EQ(families.at("app_requests_total"), "Requests. type 0 | path=a\"b\\c\nd 3: 7");
  EXPECT_EQ(families.at("app_load"), "Load \\ and\nmore. type 1 | 2: -1.5");
  EXPECT_EQ(families.at("app_raw"), "Raw. type 3 | 5: 1e+300");
  EXPECT_EQ(families.size(), 3U);
}

TEST(ProtobufPage, PartsOfOneHistogramBecomeOneMetricWhereverTheyStand) {
  Sink sink;
  const auto part = [&](std::string_view suffix, std::vector<Label> labels, double value) {
    sink.sample("app_seconds", "Time.", MetricType::kHistogram, labels, value, suffix);
  };
  part("_bucket", {{"path", "/a"}, {"le", "0.5"}}, 3);
  part("_bucket", {{"path", "/b"}, {"le", "+Inf"}}, 1);
  part("_bucket", {{"path", "/a"}, {"le", "+Inf"}}, 4);
  part("_sum", {{"path", "/a"}}, 1.25);
  part("_count", {{"path", "/a"}}, 4);
  part("_sum", {{"path", "/b"}}, 9);
  part("_count", {{"path", "/b"}}, 1);
  EXPECT_EQ(read_page(page_of(sink)).at("app_seconds"),
            "Time. type 4 | path=/a 7: 4 1.25 (3 0.5) (4 inf) | path=/b 7: 1 9 (1 inf)");
}

TEST(ProtobufPage, Summaries) {
  Sink sink;
  const Label quantile[] = {{"quantile", "0.99"}};
  sink.sample("app_size", "Size.", MetricType::kSummary, quantile, 12.5);
  sink.sample("app_size", "Size.", MetricType::kSummary, {}, 100, "_sum");
  sink.sample("app_size", "Size.", MetricType::kSummary, {}, 10, "_count");
  // A quantile's key is a double too, so it isn't told apart from a count by this reader.
  const auto text = read_page(page_of(sink)).at("app_size");
  EXPECT_TRUE(text.starts_with("Size. type 2 | 4: 10 100 (")) << text;
  EXPECT_TRUE(text.ends_with(" 12.5)")) << text;
}

TEST(ProtobufPage, DropsDuplicatesLikeAnyPage) {
  Sink sink;
  for (int i = 0; i < 3; ++i) sink(gauge("app_load", "Load.", "a"), {"x"}, i);
  EXPECT_EQ(read_page(page_of(sink)).at("app_load"), "Load. type 1 | a=x 2: 0");
}

}  // namespace
}  // namespace exporter
