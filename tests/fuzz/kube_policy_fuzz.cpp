// SPDX-License-Identifier: Apache-2.0
// Feeds arbitrary bytes to what reads texts in Kubernetes objects (schedules, quantities, keys of labels) and
// to the reader of time zone files.

#include <cstdlib>
#include <set>
#include <string_view>
#include <vector>

#include <exporter/text.hpp>

#include "fuzz.hpp"
#include "policy/cron.hpp"
#include "policy/label_names.hpp"
#include "policy/quantity.hpp"
#include "policy/time_zone.hpp"

using namespace exporter;

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const std::string_view text :
       {"*/15 8-18 * jan-mar MON-FRI", "TZ=Europe/Prague 0 3 29 2 *", "@every 1h30m", "1.5Gi", "-12e-3",
        "a-b\na.b\na_b_conflict1", "TZif2"}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::int64_t kNow = 1767225600;

  if (const auto cron = kube::Cron::parse(text, std::nullopt)) {
    const auto next = cron->next(kNow);
    if (next && *next <= kNow) std::abort();
  }
  if (const auto quantity = kube::Quantity::parse(text)) {
    // Rounded up to thousandths it is at most rounded up to a whole, but for the last bits of a double.
    const auto whole = std::abs(static_cast<double>(quantity->whole()));
    if (std::abs(quantity->thousandths()) > whole * (1 + 1e-12)) std::abort();
  }
  if (const auto zone = kube::TimeZone::parse(text)) {
    for (const auto time : {kNow, kNow + 86400 * 200, std::int64_t{0}}) zone->time(zone->civil(time));
  }

  std::vector<Label> keys;
  for (const auto line : Lines(text)) keys.push_back({line, ""});
  kube::LabelNames names;
  std::set<std::string_view> seen;
  for (const auto name : names.make("label", keys)) {
    if (!seen.insert(name).second) std::abort();
  }
  return 0;
}
