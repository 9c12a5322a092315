// SPDX-License-Identifier: Apache-2.0
// node_uname_info: the names that uname(2) gives.

#include <sys/utsname.h>

#include <cerrno>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_uname_info", "Names of the system, as uname gives them; always 1.",
                             "domainname", "machine", "nodename", "release", "sysname", "version");
constexpr MetricInfo kMetrics[] = {kInfo};

class Uname final : public Collector {
 public:
  Uname(Host&, Flags&) {}

  Status collect(Sink& sink, const Scrape&) override {
    ::utsname names{};
    if (::uname(&names) != 0) return std::unexpected(errno_error("uname", "", errno));
    sink(kInfo,
         {names.domainname, names.machine, names.nodename, names.release, names.sysname, names.version}, 1);
    return {};
  }
};

}  // namespace

extern const CollectorSpec uname{"Names of the system, from uname(2).", kMetrics, make<Uname>};

}  // namespace exporter::node
