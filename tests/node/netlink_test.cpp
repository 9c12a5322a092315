// SPDX-License-Identifier: Apache-2.0
// Netlink and the table of links, against the kernel: in a network namespace of its own where that is
// allowed.

#include <gtest/gtest.h>

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>

#include <cstdlib>
#include <thread>

#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"
#include "ip_text.hpp"
#include "links.hpp"

namespace exporter::node {
namespace {

Scrape scrape(std::uint64_t serial = 1) {
  return Scrape(Scrape::Clock::now() + std::chrono::seconds(10), serial);
}

Bytes bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

using namespace std::string_view_literals;

TEST(Attributes, StopsAtALengthThatCannotBe) {
  const auto count = [](std::string_view text) {
    int attributes = 0;
    for (const auto& attribute : Attributes(bytes(text))) {
      (void)attribute;
      ++attributes;
    }
    return attributes;
  };
  EXPECT_EQ(count(""sv), 0);
  EXPECT_EQ(count("\x08"sv), 0);                              // less than a header
  EXPECT_EQ(count("\x00\x00\x01\x00"sv), 0);                  // shorter than its header
  EXPECT_EQ(count("\x09\x00\x01\x00\x01\x02\x03\x04"sv), 0);  // longer than what is there
  EXPECT_EQ(count("\xff\xff\x01\x00"sv), 0);
  EXPECT_EQ(count("\x04\x00\x01\x00"sv), 1);
  EXPECT_EQ(count("\x05\x00\x01\x00\x01"sv), 1);  // the last one needs no padding
  EXPECT_EQ(count("\x05\x00\x01\x00\x01\x00\x00\x00\x06\x00\x02\x00zz"sv), 2);
}

TEST(Attributes, ReadsNoMoreThanThereIs) {
  const Attribute attribute{1, bytes("\x01\x02\x03"sv)};
  EXPECT_FALSE(attribute.as<std::uint32_t>());
  EXPECT_EQ(attribute.as<std::uint16_t>(), 0x0201);
  EXPECT_EQ(attribute.partly<std::uint32_t>(), 0x030201u);
  EXPECT_EQ((Attribute{1, bytes("name\0junk"sv)}.text()), "name");
  EXPECT_EQ((Attribute{1, bytes("name"sv)}.text()), "name");
  EXPECT_EQ((Attribute{1, Bytes{}}.text()), "");
  EXPECT_FALSE((Netlink::Message{1, bytes("ab"sv)}.header<ifinfomsg>()));
}

TEST(HardwareAddress, HasTheKernelsForm) {
  HardwareAddress address;
  EXPECT_EQ(std::string_view(address.text()), "");
  address.assign(bytes("\x02\xab\x00\xff"sv));
  EXPECT_EQ(std::string_view(address.text()), "02:ab:00:ff");
  address.assign(bytes(std::string(64, '\x11')));
  EXPECT_EQ(std::string_view(address.text()).size(), 32 * 3 - 1u);
}

TEST(IpText, IsShort) {
  const auto text = [](std::string_view raw) { return std::string(IpText(bytes(raw))); };
  EXPECT_EQ(text("\x0a\x00\x02\xff"sv), "10.0.2.255");
  EXPECT_EQ(text("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"sv), "::");
  EXPECT_EQ(text("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"sv), "::1");
  EXPECT_EQ(text("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0"sv), "2001:db8::");
  EXPECT_EQ(text("\x20\x01\x0d\xb8\0\0\0\x01\0\0\0\0\0\x01\0\0"sv), "2001:db8:0:1::1:0");
  EXPECT_EQ(text("\x20\x01\x0d\xb8\0\0\0\x01\0\x01\0\x01\0\x01\0\x01"sv), "2001:db8:0:1:1:1:1:1");
  EXPECT_EQ(text("\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x01"sv), "192.0.2.1");
  EXPECT_EQ(text("\0\0\0\0\0\0\0\0\0\0\0\0\xc0\0\x02\x01"sv), "::c000:201");
  EXPECT_EQ(text(""sv), "");
  EXPECT_EQ(text("\x01\x02\x03"sv), "");
}

// Runs `test` in a thread that has a network namespace of its own: nothing there but lo. False where that is
// denied.
bool in_namespace(const std::function<void()>& test) {
  bool entered = false;
  std::thread([&] {
    entered = unshare(CLONE_NEWNET) == 0 || (unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0);
    if (entered) test();
  }).join();
  return entered;
}

// Two links that lead to each other, the first one with an alias and a second name.
bool add_pair() {
  return std::system(
             "exec 2>/dev/null; ip link set lo up && ip link add left type veth peer name right && "
             "ip link set left up && ip link set left alias 'to \"right\"' && ip addr add 192.0.2.1/24 dev "
             "left && "
             "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev left") == 0;
}

TEST(LinkTable, HasTheLinksOfTheNamespace) {
  const bool entered = in_namespace([] {
    if (!add_pair()) GTEST_SKIP() << "cannot make links here";
    LinkTable table;
    auto found = table.links(scrape(1));
    ASSERT_TRUE(found) << found.error().message;
    const auto links = *found;
    ASSERT_EQ(links->size(), 3u);
    EXPECT_EQ(links->begin()->name, "lo");
    EXPECT_EQ(links->begin()->iflink, links->begin()->index);
    const auto left =
        std::find_if(links->begin(), links->end(), [](const Link& link) { return link.name == "left"; });
    ASSERT_NE(left, links->end());
    EXPECT_EQ(left->kind, "veth");
    EXPECT_EQ(left->alias, "to \"right\"");
    EXPECT_TRUE(left->up());
    EXPECT_TRUE(left->has_stats);
    EXPECT_EQ(left->mtu, 1500u);
    EXPECT_EQ(std::string_view(left->address.text()).size(), 17u);
    EXPECT_EQ(links->name(left->index), "left");
    EXPECT_EQ(links->name(left->iflink), "right");
    EXPECT_EQ(links->name(12345), "");

    // One dump a scrape.
    ASSERT_EQ(std::system("ip link del left 2>/dev/null"), 0);
    EXPECT_EQ((*table.links(scrape(1)))->size(), 3u);
    EXPECT_EQ((*table.links(scrape(2)))->size(), 1u);
    EXPECT_EQ(left->name, "left");  // what is held stays
  });
  if (!entered) GTEST_SKIP() << "no network namespace";
}

std::string collect(std::string_view name, std::vector<const char*> arguments = {}) {
  arguments.insert(arguments.begin(), "node_exporter");
  Flags flags("node_exporter", "");
  Host host(flags);
  const auto all = collectors();
  const auto entry = std::find_if(all.begin(), all.end(), [&](const auto& e) { return e.name == name; });
  auto collector = entry->spec->make(host, flags);
  EXPECT_TRUE(flags.parse(static_cast<int>(arguments.size()), arguments.data()));
  EXPECT_TRUE(collector->start());
  Sink sink;
  auto done = collector->collect(sink, scrape());
  EXPECT_TRUE(done) << done.error().message;
  std::string page;
  const Sink* const sinks[] = {&sink};
  PageBuilder().build(sinks, PageFormat::kText, page);
  return page;
}

TEST(NetlinkCollectors, ExposeWhatTheNamespaceHas) {
  const bool entered = in_namespace([] {
    if (!add_pair()) GTEST_SKIP() << "cannot make links here";
    const auto has = [](const std::string& page, std::string_view line) {
      EXPECT_NE(page.find(line), std::string::npos) << line << " is not in\n" << page;
    };
    has(collect("netdev"), "node_network_receive_bytes_total{device=\"left\"} 0\n");
    has(collect("netdev", {"--collector.netdev.enable-detailed-metrics"}),
        "node_network_receive_crc_errors_total{device=\"right\"} 0\n");
    has(collect("netdev", {"--collector.netdev.address-info"}),
        "node_network_address_info{device=\"left\",address=\"192.0.2.1\",netmask=\"24\",scope=\"global\"} "
        "1\n");
    has(collect("arp"), "node_arp_entries{device=\"left\"} 1\n");
    EXPECT_EQ(collect("arp", {"--collector.arp.device-exclude=left"}), "");
    const auto netclass = collect("netclass", {"--collector.netclass.netlink"});
    has(netclass, "node_network_up{device=\"right\"} 0\n");
    has(netclass, "operstate=\"lowerlayerdown\",ifalias=\"to \\\"right\\\"\"} 1\n");
    has(netclass, "node_network_mtu_bytes{device=\"left\"} 1500\n");
    // sysfs is not this namespace's here: it is what netclass goes by all the same.
    const auto from_files = collect("netclass");
    EXPECT_EQ(from_files.find("device=\"left\""), std::string::npos);
    has(from_files, "node_network_up{device=\"lo\"} 0\n");
    has(collect("qdisc"), "node_qdisc_packets_total{device=\"lo\",kind=\"noqueue\"} ");
    has(collect("network_route"), "node_network_routes{device=\"left\"} 1\n");
    EXPECT_EQ(collect("tcpstat"), "");
  });
  if (!entered) GTEST_SKIP() << "no network namespace";
}

}  // namespace
}  // namespace exporter::node
