// SPDX-License-Identifier: Apache-2.0
// node_os_*: the distribution, from os-release below --path.rootfs.

#include <array>
#include <chrono>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

constexpr auto kInfo = gauge("node_os_info", "The distribution, as os-release names it; always 1.",
                             "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name",
                             "variant", "variant_id", "version", "version_codename", "version_id");
constexpr auto kVersion =
    gauge("node_os_version", "Version of the distribution, as a number.", "id", "id_like", "name");
constexpr auto kSupportEnd =
    gauge("node_os_support_end_timestamp_seconds", "When support ends, as Unix time in seconds.");
constexpr MetricInfo kMetrics[] = {kInfo, kVersion, kSupportEnd};

constexpr std::string_view kKeys[] = {"BUILD_ID",      "ID",      "ID_LIKE",          "IMAGE_ID",
                                      "IMAGE_VERSION", "NAME",    "PRETTY_NAME",      "VARIANT",
                                      "VARIANT_ID",    "VERSION", "VERSION_CODENAME", "VERSION_ID"};
static_assert(std::size(kKeys) == kInfo.labels.size());
enum Key { kId = 1, kIdLike = 2, kName = 5, kVersionId = 11 };

/// A value as the shell would read it: quotes go, a backslash in double quotes escapes, and what follows a
/// bare '#' is a comment. False where a quote is not closed.
bool unquote(std::string_view text, std::string& value) {
  value.clear();
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    } else if (c == '#' && quote == 0) {
      break;
    } else if (c == '\\' && quote == '"' && i + 1 < text.size()) {
      const char next = text[++i];
      value += next == 'n' ? '\n' : next == 't' ? '\t' : next;
    } else {
      value += c;
    }
  }
  if (quote == 0) value.resize(value.find_last_not_of(" \t") + 1);
  return quote == 0;
}

/// The digits at the start, with at most one dot: "12.04.1" is 12.04. 0 where there are none.
double leading_number(std::string_view text) {
  std::size_t length = 0;
  bool dot = false;
  for (; length < text.size(); ++length) {
    const bool is_dot = text[length] == '.';
    if (is_dot ? dot : text[length] < '0' || text[length] > '9') break;
    dot = dot || is_dot;
  }
  return parse<double>(text.substr(0, length)).value_or(0);
}

Result<std::int64_t> midnight(std::string_view date) {
  auto rest = date;
  auto year = parse<int>(take_until(rest, '-'));
  auto month = parse<unsigned>(take_until(rest, '-'));
  auto day = parse<unsigned>(rest);
  const std::chrono::year_month_day ymd(std::chrono::year(year.value_or(0)),
                                        std::chrono::month(month.value_or(0)),
                                        std::chrono::day(day.value_or(0)));
  if (!year || !month || !day || date.size() != 10 || !ymd.ok())
    return fail(Code::kInvalid, "SUPPORT_END is no date");
  return std::chrono::seconds(std::chrono::sys_days(ymd).time_since_epoch()).count();
}

class Os final : public Collector {
 public:
  Os(Host& host, Flags&) : root_(&host.rootfs_path()) {}

  Status collect(Sink& sink, const Scrape&) override {
    std::string_view path = "etc/os-release";
    auto text = root_.read(path);
    if (!text && text.error().code == Code::kNoData) text = root_.read(path = "usr/lib/os-release");
    if (!text) return fail(text);
    for (auto& value : values_) value.clear();
    support_end_.clear();
    for (std::string_view line : Lines(*text)) {
      line = trim(line);
      if (line.empty() || line.front() == '#') continue;
      if (line.starts_with("export ")) line = trim(line.substr(7));
      const auto pair = split_pair(line, '=');
      if (!pair) return std::unexpected(root_.malformed(path, "no '=' in a line"));
      auto* value = pair->key == "SUPPORT_END" ? &support_end_ : nullptr;
      for (std::size_t i = 0; i < std::size(kKeys); ++i) {
        if (pair->key == kKeys[i]) value = &values_[i];
      }
      if (value && !unquote(pair->value, *value)) {
        return std::unexpected(root_.malformed(path, "a quote is not closed"));
      }
    }

    std::array<Label, std::size(kKeys)> labels;
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = {kInfo.labels[i], values_[i]};
    sink.sample(kInfo.name, kInfo.help, kInfo.type, labels, 1);
    if (const auto version = leading_number(values_[kVersionId]); version > 0) {
      sink(kVersion, {values_[kId], values_[kIdLike], values_[kName]}, version);
    }
    if (!support_end_.empty()) {
      auto seconds = midnight(support_end_);
      if (!seconds) return std::unexpected(root_.malformed(path, seconds.error().message));
      sink(kSupportEnd, *seconds);
    }
    return {};
  }

 private:
  Files root_;
  std::array<std::string, std::size(kKeys)> values_;
  std::string support_end_;
};

}  // namespace

extern const CollectorSpec os{"The distribution, from os-release.", kMetrics, make<Os>};

}  // namespace exporter::node
