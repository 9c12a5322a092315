// SPDX-License-Identifier: Apache-2.0
// node_netstat_<Protocol>_<Field>: the counters of the network protocols, from /proc/net/netstat, snmp and
// snmp6.

#include <string>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Counter of a network protocol, see the kernel's SNMP counters.";
constexpr MetricInfo kMetrics[] = {untyped("node_netstat_*", kHelp)};

constexpr std::string_view kDefaultFields =
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|TcpExt_("
    "Listen.*|"
    "Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|"
    "PassiveOpens|RetransSegs|CurrEstab)|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))"
    "$";

class Netstat final : public Collector {
 public:
  Netstat(Host& host, Flags& flags)
      : proc_(host.procfs()),
        fields_(flags.text("collector.netstat.fields", kDefaultFields, "Regexp of the fields to expose.")) {}

  Status start() override {
    auto matcher = Matcher::make("--collector.netstat.fields", *fields_);
    if (!matcher) return fail(matcher);
    matcher_ = std::move(*matcher);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    if (auto done = read_pairs(sink, "net/netstat", netstat_); !done) return done;
    if (auto done = read_pairs(sink, "net/snmp", snmp_); !done) return done;
    return read_snmp6(sink);
  }

 private:
  // The families of one heading line: an empty name is a field that is not exposed. Kept from scrape to
  // scrape, so that names are made and matched once.
  struct Heading {
    std::string line;
    std::vector<std::string> names;
  };
  struct Field {
    std::string key;
    std::string name;
  };

  // "Tcp: Name Name ..." and, in the next line, "Tcp: value value ...".
  Status read_pairs(Sink& sink, std::string_view path, std::vector<Heading>& headings) {
    auto text = proc_.read(path);
    if (!text) return fail(text);
    std::size_t section = 0;
    auto rest = *text;
    while (!rest.empty()) {
      const auto names = take_until(rest, '\n');
      auto values = take_until(rest, '\n');
      if (section == headings.size()) headings.emplace_back();
      auto& heading = headings[section++];
      if (heading.line != names || names.empty()) {
        if (!learn(heading, names)) return std::unexpected(proc_.malformed(path, "a line has no protocol"));
      }
      take_until(values, ' ');
      for (const auto& name : heading.names) {
        const auto value = take_until(values, ' ');
        if (value.empty()) return std::unexpected(proc_.malformed(path, "fewer values than names"));
        if (name.empty()) continue;
        if (!write(sink, name, value))
          return std::unexpected(proc_.malformed(path, "invalid value " + std::string(value)));
      }
      if (!values.empty()) return std::unexpected(proc_.malformed(path, "more values than names"));
    }
    return {};
  }

  bool learn(Heading& heading, std::string_view line) {
    heading.line.clear();
    heading.names.clear();
    auto rest = line;
    auto protocol = take_until(rest, ' ');
    if (protocol.empty()) return false;
    protocol.remove_suffix(1);
    while (!rest.empty()) heading.names.push_back(family_name(protocol, take_until(rest, ' ')));
    heading.line = line;
    return true;
  }

  // "Ip6InReceives 123". Missing where the kernel has no IPv6.
  Status read_snmp6(Sink& sink) {
    auto text = proc_.read("net/snmp6");
    if (!text) return text.error().code == Code::kNoData ? Status{} : fail(text);
    std::size_t number = 0;
    for (const auto line : Lines(*text)) {
      Fields fields(line);
      const auto key = fields.next();
      const auto value = fields.next();
      const auto six = key.find('6');
      if (value.empty() || six == std::string_view::npos) continue;
      if (number == snmp6_.size()) snmp6_.emplace_back();
      auto& field = snmp6_[number++];
      if (field.key != key) {
        field.key = key;
        field.name = family_name(key.substr(0, six + 1), key.substr(six + 1));
      }
      if (field.name.empty()) continue;
      if (!write(sink, field.name, value)) {
        return std::unexpected(proc_.malformed("net/snmp6", "invalid value " + std::string(value)));
      }
    }
    return {};
  }

  std::string family_name(std::string_view protocol, std::string_view field) const {
    std::string key(protocol);
    key += '_';
    key += field;
    return matcher_.matches(key) ? "node_netstat_" + sanitize_name(key) : std::string();
  }

  static bool write(Sink& sink, std::string_view name, std::string_view text) {
    const auto metric = untyped(name, kHelp);
    if (auto number = parse<std::int64_t>(text)) {
      sink(metric, *number);
    } else if (auto real = parse<double>(text)) {
      sink(metric, *real);
    } else {
      return false;
    }
    return true;
  }

  Files proc_;
  const Flag<std::string>& fields_;
  Matcher matcher_;
  std::vector<Heading> netstat_;
  std::vector<Heading> snmp_;
  std::vector<Field> snmp6_;
};

}  // namespace

extern const CollectorSpec netstat{"Counters of network protocols, from /proc/net/netstat, snmp and snmp6.",
                                   kMetrics, make<Netstat>};

}  // namespace exporter::node
