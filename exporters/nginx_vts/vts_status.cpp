// SPDX-License-Identifier: Apache-2.0
// The walk over the VTS module's JSON page.

#include "vts_status.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <exporter/json.hpp>

#include "module_names.hpp"

namespace exporter::nginx_vts {
namespace {

class Walk {
 public:
  Walk(Sink& sink, const Names& names, NameSets sets, std::string_view page) : json_(page) {
    if (sets.exporter) exporter_.emplace(sink, names);
    if (sets.module) module_.emplace(sink);
  }

  Status run() {
    json_.object([&](std::string_view key) { section(key); });
    if (auto status = json_.finish(); !status) return status;
    each([&](auto& writer) { writer.main(main_); });
    return {};
  }

 private:
  /// Both writers take the same calls.
  template <class F>
  void each(F write) {
    if (exporter_) write(*exporter_);
    if (module_) write(*module_);
  }

  void section(std::string_view key) {
    if (same_key(key, "hostName")) {
      main_.host = json_.string();
    } else if (same_key(key, "nginxVersion")) {
      main_.nginx_version = json_.string();
    } else if (same_key(key, "moduleVersion")) {
      main_.module_version = json_.string();
    } else if (same_key(key, "loadMsec")) {
      main_.load_msec = json_.integer();
    } else if (same_key(key, "nowMsec")) {
      main_.now_msec = json_.integer();
    } else if (same_key(key, "connections")) {
      json_.object(
          [&](std::string_view state) { take_named(json_, state, kConnectionStates, main_.connections); });
    } else if (same_key(key, "sharedZones")) {
      json_.object([&](std::string_view name) {
        if (same_key(name, "name")) {
          main_.shared_zone = json_.string();
        } else {
          take_named(json_, name, kSharedKeys, main_.shared);
        }
      });
    } else if (same_key(key, "serverZones")) {
      json_.object([&](std::string_view host) {
        const auto& zone = next_zone();
        each([&](auto& writer) { writer.server(host, zone); });
      });
    } else if (same_key(key, "filterZones")) {
      json_.object([&](std::string_view filter) {
        json_.object([&](std::string_view name) {
          const auto& zone = next_zone();
          each([&](auto& writer) { writer.filter(filter, name, zone); });
        });
      });
    } else if (same_key(key, "upstreamZones")) {
      json_.object([&](std::string_view upstream) { this->upstream(upstream); });
    } else if (same_key(key, "cacheZones")) {
      json_.object([&](std::string_view name) {
        const auto& zone = next_zone();
        each([&](auto& writer) { writer.cache(name, zone); });
      });
    }
  }

  const Zone& next_zone() {
    zone_.clear();
    read_zone(json_, zone_);
    return zone_;
  }

  void upstream(std::string_view name) {
    backends_.clear();
    json_.array([&] {
      const auto& zone = next_zone();
      const auto known = std::find_if(backends_.begin(), backends_.end(),
                                      [&](const Zone& other) { return other.server == zone.server; });
      if (known == backends_.end()) {
        backends_.push_back(zone);
      } else {
        known->merge_same_backend(zone);
      }
    });
    for (const auto& zone : backends_) each([&](auto& writer) { writer.backend(name, zone); });
  }

  JsonReader json_;
  std::optional<ExporterNames> exporter_;
  std::optional<ModuleNames> module_;
  Main main_;
  Zone zone_;
  std::vector<Zone> backends_;
};

}  // namespace

Status write_vts_status(Sink& sink, const Names& names, NameSets sets, std::string_view page) {
  return Walk(sink, names, sets, page).run();
}

}  // namespace exporter::nginx_vts
