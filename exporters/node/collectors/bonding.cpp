// SPDX-License-Identifier: Apache-2.0
// node_bonding_*: how many slaves bonding interfaces have, and how many of them are up, from /sys/class/net.

#include <string>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kSlaves = gauge("node_bonding_slaves", "Slaves of a bonding interface.", "master");
constexpr auto kActive = gauge("node_bonding_active", "Slaves of a bonding interface that are up.", "master");
constexpr MetricInfo kMetrics[] = {kSlaves, kActive};

class Bonding final : public Collector {
 public:
  Bonding(Host& host, Flags&) : sys_(host.sysfs()) {}

  Status collect(Sink& sink, const Scrape&) override {
    auto masters = sys_.read("class/net/bonding_masters", masters_);
    if (!masters) return fail(masters);
    Fields names(*masters);
    for (auto master = names.next(); !master.empty(); master = names.next()) {
      const std::string folder = "class/net/" + std::string(master) + "/";
      auto slaves = sys_.read(folder + "bonding/slaves", slaves_);
      if (!slaves) {
        if (slaves.error().code == Code::kNoData) continue;  // removed since the list was read
        return fail(slaves);
      }
      int count = 0;
      int active = 0;
      Fields fields(*slaves);
      for (auto slave = fields.next(); !slave.empty(); slave = fields.next()) {
        auto status = sys_.value(folder + "lower_" + std::string(slave) + "/bonding_slave/mii_status");
        if (!status && status.error().code == Code::kNoData) {  // the link's name before Linux 3.16
          status = sys_.value(folder + "slave_" + std::string(slave) + "/bonding_slave/mii_status");
        }
        if (!status) return fail(status);
        ++count;
        if (*status == "up") ++active;
      }
      sink(kSlaves, {master}, count);
      sink(kActive, {master}, active);
    }
    return {};
  }

 private:
  Files sys_;
  std::string masters_;
  std::string slaves_;
};

}  // namespace

extern const CollectorSpec bonding{"Slaves of bonding interfaces, from /sys/class/net.", kMetrics,
                                   make<Bonding>};

}  // namespace exporter::node
