// SPDX-License-Identifier: Apache-2.0
// node_service_*: the services that runit supervises, from <service>/supervise/status.

#include <exporter/log.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kDesired =
    gauge("node_service_desired_state", "1 where the service is to run, else 0.", "service", "supervisor");
constexpr auto kNormal = gauge("node_service_normal_state",
                               "1 where the service is started by itself, else 0.", "service", "supervisor");
constexpr auto kState =
    gauge("node_service_state", "0 where the service is down, 1 where it runs, 2 where it finishes.",
          "service", "supervisor");
constexpr auto kChanged =
    gauge("node_service_state_last_change_timestamp_seconds",
          "When the state last changed, Unix time in seconds.", "service", "supervisor");
constexpr MetricInfo kMetrics[] = {kDesired, kNormal, kState, kChanged};

constexpr std::string_view kSupervisor = "runit";
constexpr std::size_t kStatusSize = 20;
constexpr std::uint64_t kTai64Epoch =
    4611686018427387914;  // TAI64's label of 1970 with the ten seconds of that time

class Runit final : public Collector {
 public:
  Runit(Host&, Flags& flags)
      : directory_(
            flags.text("collector.runit.servicedir", "/etc/service", "Path to runit service directory.")) {}

  Status start() override {
    log::warn("This collector is deprecated and will be removed in the next major version",
              {{"collector", "runit"}});
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto services = files_.list("");
    if (!services) return fail(services);
    std::string buffer;
    for (const auto& service : *services) {
      auto text = files_.read_once(service + "/supervise/status", buffer);
      if (!text) continue;  // no service, or one that is not supervised
      std::string status(text->substr(0, kStatusSize));
      status.resize(kStatusSize, '\0');
      std::uint64_t since = 0;
      for (std::size_t i = 0; i < 8; ++i) since = since << 8 | static_cast<unsigned char>(status[i]);
      sink(kDesired, {service, kSupervisor}, status[17] == 'u' ? 1 : 0);
      sink(kNormal, {service, kSupervisor}, files_.exists(service + "/supervise/down") ? 0 : 1);
      sink(kState, {service, kSupervisor}, static_cast<unsigned char>(status[19]));
      sink(kChanged, {service, kSupervisor}, static_cast<std::int64_t>(since - kTai64Epoch));
    }
    return {};
  }

 private:
  const Flag<std::string>& directory_;
  Files files_{&*directory_};
};

}  // namespace

extern const CollectorSpec runit{"Services under runit, from /etc/service.", kMetrics, make<Runit>};

}  // namespace exporter::node
