// SPDX-License-Identifier: Apache-2.0
// Any bytes as label values and numbers of samples: the page must be read back as what was written, and
// its other forms and its compression must have as much. A sample is a byte that picks its family, a byte
// with the lengths of two values, and the values; its number is the hash of them.

#include <bit>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include <exporter/page.hpp>

#include "exposition.hpp"
#include "fuzz.hpp"

namespace {

using namespace exporter;

constexpr Metric<2> kFamilies[] = {
    {"a_total", "A counter.", MetricType::kCounter, {"x", "y"}},
    {"b", "A gauge\nwith \\ and \"quotes\".", MetricType::kGauge, {"x", "y"}},
    {"c", "", MetricType::kUntyped, {"x", "y"}},
    {"d_info", "An info.", MetricType::kInfo, {"x", "y"}},
};

std::string_view take(std::string_view& from, std::size_t size) {
  const auto taken = from.substr(0, size);
  from.remove_prefix(taken.size());
  return taken;
}

/// The key that parse_exposition() gives this sample.
std::string key_of(std::string_view name, std::string_view x, std::string_view y) {
  std::string key(name);
  const auto append = [&](std::string_view text) {
    std::string scratch;
    for (const char c : valid_utf8(text, scratch)) {
      if (c == '\\' || c == '"') key += '\\';
      key += c == '\n' ? std::string("\\n") : std::string(1, c);
    }
  };
  key += "{x=\"";
  append(x);
  key += "\",y=\"";
  append(y);
  return key + "\"}";
}

std::string page_of(const Sink& sink, PageFormat format) {
  const Sink* const sinks[] = {&sink};
  std::string whole;
  PageBuilder builder;
  builder.build(sinks, format, whole);
  std::string parts;
  std::string out;
  builder.build(sinks, format, out, [&](std::string& part) {
    parts += part;
    part.clear();
  });
  if (parts + out != whole) std::abort();
  return whole;
}

/// How many fields of this number a protobuf message has. Aborts where it is not well-formed.
std::size_t fields(std::string_view message, unsigned counted) {
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (message.empty() || shift > 63) std::abort();
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
  };
  std::size_t count = 0;
  while (!message.empty()) {
    const auto key = varint();
    std::size_t size = 8;
    if (key % 8 == 0) {
      varint();
      size = 0;
    } else if (key % 8 == 2) {
      size = varint();
    } else if (key % 8 != 1) {
      std::abort();
    }
    if (size > message.size()) std::abort();
    message.remove_prefix(size);
    if (key >> 3 == counted) ++count;
  }
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  Sink sink;
  std::set<std::string> expected;
  while (input.size() >= 2) {
    const auto pick = static_cast<unsigned char>(input[0]);
    const auto sizes = static_cast<unsigned char>(input[1]);
    input.remove_prefix(2);
    const auto& family = kFamilies[pick % std::size(kFamilies)];
    const auto x = take(input, sizes % 16);
    const auto y = take(input, sizes / 16);
    const auto bits = std::hash<std::string_view>{}(x) ^ pick;
    sink(family, {x, y}, pick % 8 < 4 ? Value(std::bit_cast<double>(bits)) : Value(bits));
    expected.insert(key_of(family.name, x, y));
  }
  const auto text = page_of(sink, PageFormat::kText);
  const auto parsed = testing::parse_exposition(text);
  if (!parsed.problems.empty() || parsed.samples.size() != expected.size()) std::abort();
  for (const auto& [key, value] : parsed.samples) {
    if (!expected.contains(key)) std::abort();
  }
  const auto open_metrics = page_of(sink, PageFormat::kOpenMetrics);
  if (!open_metrics.ends_with("# EOF\n")) std::abort();
  if (testing::parse_exposition(open_metrics).samples.size() != expected.size()) std::abort();
  // Each message stands behind its length.
  std::string_view rest;
  const auto protobuf = page_of(sink, PageFormat::kProtobuf);
  std::size_t metrics = 0;
  for (rest = protobuf; !rest.empty();) {
    std::size_t length = 0;
    for (unsigned shift = 0;; shift += 7) {
      if (rest.empty() || shift > 63) std::abort();
      const auto byte = static_cast<unsigned char>(take(rest, 1).front());
      length |= std::size_t{byte & 0x7fU} << shift;
      if (byte < 0x80) break;
    }
    if (length > rest.size()) std::abort();
    metrics += fields(take(rest, length), 4);
  }
  if (metrics != expected.size()) std::abort();
  return 0;
}
