// SPDX-License-Identifier: Apache-2.0
// Any bytes as the answers of the services that node's collectors ask over a socket: supervisord's XML-RPC
// over HTTP, and systemd's and logind's D-Bus. The first byte picks the collector, and how much of the answer
// is well-formed whatever the rest is: nothing, or what comes in front of it.

#include <stdlib.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/log.hpp>
#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"
#include "fuzz.hpp"
#include "service.hpp"

namespace {

using namespace exporter;

/// Values as D-Bus has them in a message's body, in little-endian order.
class Body {
 public:
  Body& u32(std::size_t value) {
    align(4);
    for (unsigned shift = 0; shift < 32; shift += 8) out_ += static_cast<char>(value >> shift);
    return *this;
  }
  Body& text(std::string_view value) {
    u32(value.size());
    out_.append(value).append(1, '\0');
    return *this;
  }
  Body& align(std::size_t to) {
    while (out_.size() % to != 0) out_ += '\0';
    return *this;
  }
  Body& raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  const std::string& plain() const { return out_; }

 private:
  std::string out_;
};

/// An array of structures as the only value of a body.
std::string array(std::initializer_list<std::string> elements) {
  Body all;
  for (const auto& element : elements) all.align(8).raw(element);
  return Body().u32(all.plain().size()).align(8).raw(all.plain()).plain();
}

std::string variant(std::string_view text) {
  using namespace std::string_view_literals;
  return Body().raw("\1s\0"sv).text(text).plain();
}

/// The answer to the call of this number.
std::string reply(std::size_t serial, std::string_view body) {
  using namespace std::string_view_literals;
  return Body()
      .raw("l\2\0\1"sv)
      .u32(body.size())
      .u32(serial)
      .u32(8)
      .raw("\5\1u\0"sv)
      .u32(serial)
      .raw(body)
      .plain();
}

constexpr std::string_view kBetween = "\xfe\xff";  // bodies

std::string bytes(std::string_view input) { return std::string(input); }

std::string http(std::string_view input) { return "HTTP/1.0 200 OK\r\n\r\n" + std::string(input); }

/// One body after the other, as the answers to calls 1, 2, 3...
std::string dbus_replies(std::string_view input) {
  std::string replies;
  for (std::size_t serial = 1; !input.empty(); ++serial) {
    const auto end = input.find(kBetween);
    replies += reply(serial, input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + kBetween.size());
  }
  return replies;
}

struct Choice {
  const char* collector;
  std::vector<std::string> flags;  // "{socket}" stands for the service's path
  std::string (*answer)(std::string_view input);
};
const Choice kChoices[] = {
    {"supervisord", {"--collector.supervisord.url=unix://{socket}"}, bytes},
    {"supervisord", {"--collector.supervisord.url=unix://{socket}"}, http},
    {"systemd", {}, bytes},
    {"logind", {}, bytes},
    {"systemd",
     {"--collector.systemd.enable-task-metrics", "--collector.systemd.enable-restarts-metrics",
      "--collector.systemd.enable-start-time-metrics", "--collector.systemd.unit-exclude="},
     dbus_replies},
    {"logind", {}, dbus_replies},
};

std::string unit(std::string_view name) {
  return Body()
      .text(name)
      .text("a unit")
      .text("loaded")
      .text("active")
      .text("running")
      .text("")
      .text("/u")
      .u32(0)
      .text("")
      .text("/")
      .plain();
}

std::string joined(std::initializer_list<std::string> bodies) {
  std::string all;
  for (const auto& body : bodies) (all += body) += kBetween;
  return all;
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  using namespace std::string_literals;
  const auto count = "\1u\0\0\3\0\0\0"s;
  const auto time = "\1t\0\0\0\0\0\0\0\0\1\0\0\0\0\0"s;
  const std::string seeds[] = {
      "\0HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n<?xml version='1.0'?>"s,
      "\1<methodResponse><params><param><value><array><data><value><struct>"
      "<member><name>name</name><value><string>a&amp;b</string></value></member>"
      "<member><name>group</name><value>g</value></member>"
      "<member><name>start</name><value><int>1700000000</int></value></member>"
      "<member><name>state</name><value><int>20</int></value></member>"
      "<member><name>exitstatus</name><value><i4>-1</i4></value></member>"
      "</struct></value></data></array></value></param></params></methodResponse>"s,
      "\1<?xml version='1.0'?><!-- x --><methodResponse><fault><value/></fault></methodResponse>"s,
      "\2" + reply(1, Body().text(":1.2").plain()),
      "\3" + reply(1, Body().text(":1.2").plain()) + reply(2, "\0\0\0\0\0\0\0\0"s),
      "\4" + joined({Body().text(":1.2").plain(),
                     array({unit("a.service"), unit("a.timer"), unit("a.socket"), unit("a.mount")}),
                     variant("252.1-1"), variant("kvm"), variant("running"), variant("notify"), count, count,
                     time, time, time, time, count, count, count, time, variant("ext4"), time}),
      "\5" + joined({Body().text(":1.2").plain(), array({Body().text("seat0").text("/s").plain()}),
                     array({Body().text("1").u32(1000).text("u").text("seat0").text("/1").plain()}),
                     "\1b\0\0\1\0\0\0"s, variant("tty"), variant("user")})};
  for (const auto& seed : seeds) {
    use({reinterpret_cast<const std::uint8_t*>(seed.data()), seed.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::configure(static_cast<log::Level>(255), log::Format::kLogfmt);
  const auto& choice = kChoices[data[0] % std::size(kChoices)];
  auto& service = fuzz::Service::instance();
  const auto answer = choice.answer({reinterpret_cast<const char*>(data + 1), size - 1});
  service.set([answer](std::string_view request) -> fuzz::Service::Answer {
    // D-Bus begins with an exchange of lines.
    if (request.starts_with('\0')) return {"OK 0123456789abcdef0123456789abcdef\r\n", false};
    return {answer, true};
  });
  ::setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + service.path()).c_str(), 1);

  Flags flags("node_exporter", "");
  node::Host host(flags);
  std::unique_ptr<Collector> collector;
  for (const auto& entry : node::collectors()) {
    if (entry.name == choice.collector) collector = entry.spec->make(host, flags);
  }
  auto arguments = choice.flags;
  std::vector<const char*> argv{"node_exporter"};
  for (auto& argument : arguments) {
    if (const auto at = argument.find("{socket}"); at != std::string::npos)
      argument.replace(at, 8, service.path());
    argv.push_back(argument.c_str());
  }
  if (!flags.parse(static_cast<int>(argv.size()), argv.data()) || !collector->start()) std::abort();
  Sink sink;
  for (std::uint64_t run = 1; run <= 2; ++run) {  // the second one after whatever the first one left
    sink.clear();
    (void)collector->collect(sink, Scrape(Scrape::Clock::now() + std::chrono::milliseconds(500), run));
    const Sink* const sinks[] = {&sink};
    std::string page;
    PageBuilder().build(sinks, PageFormat::kText, page);
    if (!exporter::testing::parse_exposition(page).problems.empty()) std::abort();
  }
  return 0;
}
