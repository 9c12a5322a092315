// SPDX-License-Identifier: Apache-2.0
// Any bytes as a server's answers to all that a scrape asks, keys, streams and Sentinel included: replies,
// each of which ends at the bytes fe ff. The first byte's bits switch parts on.

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include <exporter/log.hpp>
#include <exporter/page.hpp>

#include "exposition.hpp"
#include "fuzz.hpp"
#include "instance.hpp"
#include "service.hpp"

namespace {

using namespace exporter;
using fuzz::Service;

constexpr std::string_view kBetween = "\xfe\xff";

/// Commands in what a client sent: each begins with an array's count behind the end of a line.
std::size_t commands_in(std::string_view request) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < request.size(); ++at) {
    if (request[at] == '*' && (at == 0 || request[at - 1] == '\n')) ++count;
  }
  return count;
}

Service::Answering replies(std::string_view input) {
  return [rest = std::string(input)](std::string_view request) mutable {
    Service::Answer answer;
    for (auto count = commands_in(request); count > 0 && !rest.empty(); --count) {
      const auto end = rest.find(kBetween);
      answer.bytes += rest.substr(0, end);
      rest.erase(0, end == std::string::npos ? end : end + kBetween.size());
    }
    answer.last = rest.empty();
    return answer;
  };
}

redis::Options options(unsigned bits) {
  redis::Options options;
  options.prefix = "redis";
  options.timeout = std::chrono::milliseconds(500);
  options.config_command = (bits & 1) != 0 ? "" : "CONFIG";
  options.client_name = options.ping = (bits & 2) != 0;
  options.client_list = options.client_port = (bits & 4) != 0;
  options.config_metrics = (bits & 8) != 0;
  options.modules = options.search_indexes = options.tile38 = (bits & 16) != 0;
  options.sentinel_peers = options.system_metrics = options.rdb_size = (bits & 32) != 0;
  options.batch_size = 3;
  if ((bits & 64) != 0) {
    options.scripts = {{"a.lua", "return 1"}};
    options.key_groups = {"^(a)_", "b"};
  }
  return options;
}

redis::KeyChoice keys(unsigned bits) {
  if ((bits & 128) == 0) return {};
  return {.check_keys = {{"0", "a*"}},
          .check_single_keys = {{"0", "a"}, {"1", "b"}},
          .check_streams = {{"0", "s*"}},
          .check_single_streams = {{"0", "s"}},
          .count_keys = {{"0", "c*"}}};
}

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

template <class... Items>
std::string array(const Items&... items) {
  return "*" + std::to_string(sizeof...(items)) + "\r\n" + (items + ... + std::string());
}

std::string joined(char bits, std::initializer_list<std::string> answers) {
  std::string all(1, bits);
  for (const auto& answer : answers) (all += answer) += kBetween;
  return all;
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  const auto info =
      bulk("# Server\r\nredis_version:7.0.0\r\n# Keyspace\r\ndb0:keys=5,expires=0,avg_ttl=0\r\n");
  const auto sentinel = bulk(
      "# Server\r\nredis_version:7.0.0\r\n# Sentinel\r\nmaster0:name=m,status=ok,address=a:1,"
      "slaves=1,sentinels=2\r\n");
  const std::string settings = array(bulk("databases"), bulk("16"), bulk("maxclients"), bulk("10"));
  const std::string latest = "*1\r\n*4\r\n$3\r\nfor\r\n:1700000000\r\n:5\r\n:9\r\n";
  const std::string histogram = array(bulk("get"), array(bulk("calls"), ":3\r\n", bulk("histogram_usec"),
                                                         array(":1\r\n", ":2\r\n", ":2\r\n", ":3\r\n")));
  const std::string slow = "*1\r\n*4\r\n:7\r\n:1700000000\r\n:15\r\n*1\r\n$3\r\nget\r\n";
  const std::string found = array(bulk("0"), array(bulk("a"), bulk("a_b")));
  const std::string pair = array(bulk("name"), bulk("g"));
  const std::string peer =
      array(array(bulk("name"), bulk("x"), bulk("ip"), bulk("1.2.3.4"), bulk("port"), bulk("1")));
  for (const auto& input :
       {joined('\0', {info, settings, latest, histogram, ":1\r\n", slow}),
        joined('\4',
               {info, settings, latest, histogram, ":1\r\n", slow, bulk("id=1 addr=[::1]:5 name=n age=1\n")}),
        joined('\x80', {info, settings, latest, histogram, ":1\r\n", slow, "+OK\r\n", found, "+string\r\n",
                        ":4\r\n", ":5\r\n", bulk("1.5"), found,
                        array(bulk("length"), ":5\r\n", bulk("groups"), ":1\r\n"), array(pair), array(pair)}),
        joined('\x60', {sentinel, settings, latest, histogram, ":1\r\n", slow, peer, peer, peer,
                        array(bulk("m"), ":1\r\n"), "*0\r\n"}),
        joined('\x10',
               {info, settings, latest, histogram, ":1\r\n", slow, bulk("module:name=search,ver=1\r\n"),
                array(bulk("idx")), array(bulk("num_docs"), bulk("5"))})}) {
    use({reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::configure(static_cast<log::Level>(255), log::Format::kLogfmt);
  auto& service = Service::instance();
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto chosen = options(data[0]);
  redis::Address address;
  address.path = service.path();
  redis::Instance instance(chosen, std::move(address), nullptr);
  Sink sink;
  for (int run = 0; run < 2; ++run) {  // the second one on whatever connection the first one left
    service.set(replies(input));
    sink.clear();
    (void)instance.scrape(keys(data[0]), sink,
                          std::chrono::steady_clock::now() + std::chrono::milliseconds(500));
    const Sink* const sinks[] = {&sink};
    std::string page;
    PageBuilder().build(sinks, PageFormat::kText, page);
    if (!testing::parse_exposition(page).problems.empty()) std::abort();
  }
  return 0;
}
