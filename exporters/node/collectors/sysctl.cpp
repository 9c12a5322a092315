// SPDX-License-Identifier: Apache-2.0
// node_sysctl_*: kernel settings that are named by flags, from /proc/sys.

#include <algorithm>
#include <vector>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kHelp = "Kernel setting.";
constexpr auto kSetting = untyped("node_sysctl_*", kHelp);
constexpr auto kInfo =
    gauge("node_sysctl_info", "Words of a kernel setting; always 1.", "index", "name", "value");
constexpr MetricInfo kMetrics[] = {kSetting, kInfo};

struct Setting {
  std::string name;                   // as the flag gives it
  std::string path;                   // below /proc
  std::string family;                 // where there is one value
  std::vector<std::string> families;  // one a value, where the flag names them
};

/// As sysctl(8): the first separator says whether dots or slashes separate; dots may be part of a device's
/// name.
std::string path_of(std::string_view name) {
  std::string path = "sys/";
  const auto first = name.find_first_of("./");
  const bool dots = first != name.npos && name[first] == '.';
  for (char c : name) path += dots && c == '.' ? '/' : c;
  return path;
}

class Sysctl final : public Collector {
 public:
  Sysctl(Host& host, Flags& flags)
      : proc_(host.procfs()),
        include_(flags.list("collector.sysctl.include", {},
                            "Settings to expose: name, or name:key1,key2 for one family a value.")),
        include_info_(flags.list("collector.sysctl.include-info", {}, "Settings to expose as labels.")) {}

  Status start() override {
    for (const auto& flag : *include_) {
      std::string_view keys = flag;
      const auto name = take_until(keys, ':');
      if (name.empty() || keys.find(':') != keys.npos) {
        return fail(Code::kInvalid, "--collector.sysctl.include: write name or name:key1,key2, not " + flag);
      }
      Setting setting{std::string(name), path_of(name), "node_sysctl_" + sanitize_name(name), {}};
      while (!keys.empty())
        setting.families.push_back(setting.family + "_" + sanitize_name(take_until(keys, ',')));
      const bool known = std::ranges::any_of(settings_, [&](const Setting& other) {
        return other.family == setting.family && other.families == setting.families;
      });
      if (!known) settings_.push_back(std::move(setting));
    }
    for (const auto& name : *include_info_) infos_.push_back({name, path_of(name), {}, {}});
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    for (const auto& setting : settings_) {
      if (auto status = collect_numbers(sink, setting); !status) return status;
    }
    const auto info = sink.family(kInfo);
    for (const auto& setting : infos_) {
      auto text = proc_.read(setting.path);
      if (!text) return fail(text);
      unsigned index = 0;
      for (Fields fields(*text); !fields.empty();) info({Digits(index++), setting.name, fields.next()}, 1);
    }
    return {};
  }

 private:
  Status collect_numbers(Sink& sink, const Setting& setting) {
    auto text = proc_.read(setting.path);
    if (!text) return fail(text);
    values_.clear();
    for (Fields fields(*text); !fields.empty();) {
      auto value = parse<std::int64_t>(fields.next());
      if (!value) return std::unexpected(proc_.malformed(setting.path, value.error().message));
      values_.push_back(*value);
    }
    if (values_.empty()) return fail(Code::kInvalid, "sysctl " + setting.name + " has no values");
    const auto& families = setting.families;
    if (!families.empty() && values_.size() == 1) {
      return fail(Code::kInvalid,
                  "sysctl " + setting.name + " has only one value: its flag must name no keys");
    }
    if (!families.empty() && families.size() != values_.size()) {
      return fail(Code::kInvalid, "sysctl " + setting.name + " has " + std::to_string(values_.size()) +
                                      " values, but its flag names " + std::to_string(families.size()));
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!families.empty()) {
        sink(untyped(families[i], kHelp), values_[i]);
      } else if (values_.size() == 1) {
        sink(untyped(setting.family, kHelp), values_[i]);
      } else {
        sink(untyped(setting.family, kHelp, "index"), {Digits(i)}, values_[i]);
      }
    }
    return {};
  }

  Files proc_;
  const Flag<std::vector<std::string>>& include_;
  const Flag<std::vector<std::string>>& include_info_;
  std::vector<Setting> settings_;
  std::vector<Setting> infos_;
  std::vector<std::int64_t> values_;
};

}  // namespace

extern const CollectorSpec sysctl{"Kernel settings named by flags, from /proc/sys.", kMetrics, make<Sysctl>,
                                  true};

}  // namespace exporter::node
