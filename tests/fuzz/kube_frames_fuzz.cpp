// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary answers of an API server to what takes lists and watches apart, whole and in pieces: both
// have to find the same.

#include "api/frames.hpp"

#include <cstdlib>
#include <string>
#include <vector>

#include "fuzz.hpp"

using namespace exporter::kube;  // NOLINT(google-build-using-namespace)

namespace {

struct Found {
  std::vector<std::string> parts{};
  bool good = true;
  bool operator==(const Found&) const = default;
};

template <class Feed>
Found pieces(std::string_view text, std::size_t size, Feed feed) {
  Found found;
  while (!text.empty()) {
    const auto part = text.substr(0, size);
    text.remove_prefix(part.size());
    if (feed(part, found)) continue;
    found.good = false;
    break;
  }
  return found;
}

Found list(std::string_view text, std::size_t size) {
  ListFeeder feeder(4096);
  auto found = pieces(text, size, [&](std::string_view part, Found& into) {
    return feeder.feed(part, [&](std::string_view item) {
      into.parts.emplace_back(item);
      (void)read_meta(item, true);
      return true;
    });
  });
  found.good = found.good && feeder.finish();
  return found;
}

Found json_list(std::string_view text, std::size_t size) {
  JsonListFeeder feeder(4096);
  auto found = pieces(text, size, [&](std::string_view part, Found& into) {
    return feeder.feed(part, [&](std::string_view item) {
      into.parts.emplace_back(item);
      (void)read_meta_json(item, true);
      return true;
    });
  });
  found.good = found.good && feeder.finish();
  return found;
}

Found watch(std::string_view text, std::size_t size, bool json) {
  WatchFeeder feeder(json, 4096);
  return pieces(text, size, [&](std::string_view part, Found& into) {
    return feeder.feed(part, [&](const WatchEvent& event) {
      into.parts.push_back(std::string(event.object) + event.kind);
      return true;
    });
  });
}

void same(const Found& a, const Found& b) {
  if (!(a.good == b.good && (!a.good || a.parts == b.parts))) std::abort();
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  using namespace std::string_view_literals;
  for (const std::string_view text :
       {"\0k8s\0\x0a\x06\x0a\x02v1\x12\x00\x12\x0c\x0a\x05\x12\x01"
        "7\x1a\x00\x12\x03\x0a\x01x\x1a\x00\x22\x00"sv,
        "\x01\x00\x00\x00\x17\x0a\x05"
        "ADDED\x12\x0e\x0a\x0ck8s\x00\x0a\x00\x12\x02\x0a\x00\x1a\x00"sv,
        "\2{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[{},{\"a\":\"\\\"]\"}]}"sv,
        "\3{\"type\":\"ADDED\",\"object\":{\"kind\":\"X\"}}\n"sv,
        "\4{\"kind\":\"Status\",\"code\":410,\"details\":{\"retryAfterSeconds\":3}}"sv}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece = data[0] / 5 + 1;
  switch (data[0] % 5) {
    case 0:
      same(list(text, text.size() + 1), list(text, piece));
      break;
    case 1:
      same(watch(text, text.size() + 1, false), watch(text, piece, false));
      break;
    case 2:
      same(json_list(text, text.size() + 1), json_list(text, piece));
      break;
    case 3:
      same(watch(text, text.size() + 1, true), watch(text, piece, true));
      break;
    default:
      (void)read_status_body(text);
      break;
  }
  return 0;
}
