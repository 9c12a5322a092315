// SPDX-License-Identifier: Apache-2.0
// node_power_supply_*: batteries and mains adapters, from /sys/class/power_supply.

#include <algorithm>
#include <array>
#include <vector>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"

namespace exporter::node {
namespace {

enum class Unit : std::uint8_t { kOne, kTenth, kMillionth };

struct Attribute {
  std::string_view file;
  Unit unit;
  Metric<1> metric;
};

constexpr Attribute attribute(std::string_view file, Unit unit, std::string_view name,
                              std::string_view help) {
  return {file, unit, gauge(name, help, "power_supply")};
}

// Sorted by file.
constexpr Attribute kAttributes[] = {
    attribute("authentic", Unit::kOne, "node_power_supply_authentic", "Whether the battery is genuine."),
    attribute("calibrate", Unit::kOne, "node_power_supply_calibrate",
              "Whether the battery is being calibrated."),
    attribute("capacity", Unit::kOne, "node_power_supply_capacity", "Charge, in percent."),
    attribute("capacity_alert_max", Unit::kOne, "node_power_supply_capacity_alert_max",
              "Charge above which there is an alarm, in percent."),
    attribute("capacity_alert_min", Unit::kOne, "node_power_supply_capacity_alert_min",
              "Charge below which there is an alarm, in percent."),
    attribute("charge_control_limit", Unit::kMillionth, "node_power_supply_charge_control_limit",
              "Attribute charge_control_limit, divided by a million."),
    attribute("charge_control_limit_max", Unit::kMillionth, "node_power_supply_charge_control_limit_max",
              "Attribute charge_control_limit_max, divided by a million."),
    attribute("charge_counter", Unit::kMillionth, "node_power_supply_charge_counter",
              "Attribute charge_counter, in ampere-hours."),
    attribute("charge_empty", Unit::kMillionth, "node_power_supply_charge_empty",
              "Attribute charge_empty, in ampere-hours."),
    attribute("charge_empty_design", Unit::kMillionth, "node_power_supply_charge_empty_design",
              "Attribute charge_empty_design, in ampere-hours."),
    attribute("charge_full", Unit::kMillionth, "node_power_supply_charge_full",
              "Attribute charge_full, in ampere-hours."),
    attribute("charge_full_design", Unit::kMillionth, "node_power_supply_charge_full_design",
              "Attribute charge_full_design, in ampere-hours."),
    attribute("charge_now", Unit::kMillionth, "node_power_supply_charge_ampere",
              "Attribute charge_now, in ampere-hours."),
    attribute("charge_term_current", Unit::kMillionth, "node_power_supply_charge_term_current",
              "Attribute charge_term_current, in amperes."),
    attribute("constant_charge_current", Unit::kMillionth, "node_power_supply_constant_charge_current",
              "Attribute constant_charge_current, in amperes."),
    attribute("constant_charge_current_max", Unit::kMillionth,
              "node_power_supply_constant_charge_current_max",
              "Attribute constant_charge_current_max, in amperes."),
    attribute("constant_charge_voltage", Unit::kMillionth, "node_power_supply_constant_charge_voltage",
              "Attribute constant_charge_voltage, in volts."),
    attribute("constant_charge_voltage_max", Unit::kMillionth,
              "node_power_supply_constant_charge_voltage_max",
              "Attribute constant_charge_voltage_max, in volts."),
    attribute("current_boot", Unit::kMillionth, "node_power_supply_current_boot",
              "Attribute current_boot, in amperes."),
    attribute("current_max", Unit::kMillionth, "node_power_supply_current_max",
              "Attribute current_max, in amperes."),
    attribute("current_now", Unit::kMillionth, "node_power_supply_current_ampere",
              "Attribute current_now, in amperes."),
    attribute("cycle_count", Unit::kOne, "node_power_supply_cyclecount", "Charge cycles of the battery."),
    attribute("energy_empty", Unit::kMillionth, "node_power_supply_energy_empty",
              "Attribute energy_empty, in watt-hours."),
    attribute("energy_empty_design", Unit::kMillionth, "node_power_supply_energy_empty_design",
              "Attribute energy_empty_design, in watt-hours."),
    attribute("energy_full", Unit::kMillionth, "node_power_supply_energy_full",
              "Attribute energy_full, in watt-hours."),
    attribute("energy_full_design", Unit::kMillionth, "node_power_supply_energy_full_design",
              "Attribute energy_full_design, in watt-hours."),
    attribute("energy_now", Unit::kMillionth, "node_power_supply_energy_watthour",
              "Attribute energy_now, in watt-hours."),
    attribute("input_current_limit", Unit::kMillionth, "node_power_supply_input_current_limit",
              "Attribute input_current_limit, in amperes."),
    attribute("online", Unit::kOne, "node_power_supply_online",
              "Whether it supplies power: 0 no, 1 fixed, 2 programmable."),
    attribute("power_now", Unit::kMillionth, "node_power_supply_power_watt",
              "Attribute power_now, in watts."),
    attribute("precharge_current", Unit::kMillionth, "node_power_supply_precharge_current",
              "Attribute precharge_current, in amperes."),
    attribute("present", Unit::kOne, "node_power_supply_present", "Whether a battery is there."),
    attribute("temp", Unit::kTenth, "node_power_supply_temp_celsius", "Attribute temp, in degrees Celsius."),
    attribute("temp_alert_max", Unit::kTenth, "node_power_supply_temp_alert_max_celsius",
              "Attribute temp_alert_max, in degrees Celsius."),
    attribute("temp_alert_min", Unit::kTenth, "node_power_supply_temp_alert_min_celsius",
              "Attribute temp_alert_min, in degrees Celsius."),
    attribute("temp_ambient", Unit::kTenth, "node_power_supply_temp_ambient_celsius",
              "Attribute temp_ambient, in degrees Celsius."),
    attribute("temp_ambient_max", Unit::kTenth, "node_power_supply_temp_ambient_max_celsius",
              "Attribute temp_ambient_max, in degrees Celsius."),
    attribute("temp_ambient_min", Unit::kTenth, "node_power_supply_temp_ambient_min_celsius",
              "Attribute temp_ambient_min, in degrees Celsius."),
    attribute("temp_max", Unit::kTenth, "node_power_supply_temp_max_celsius",
              "Attribute temp_max, in degrees Celsius."),
    attribute("temp_min", Unit::kTenth, "node_power_supply_temp_min_celsius",
              "Attribute temp_min, in degrees Celsius."),
    attribute("time_to_empty_now", Unit::kOne, "node_power_supply_time_to_empty_seconds",
              "Time until empty, in seconds."),
    attribute("time_to_full_now", Unit::kOne, "node_power_supply_time_to_full_seconds",
              "Time until full, in seconds."),
    attribute("voltage_boot", Unit::kMillionth, "node_power_supply_voltage_boot",
              "Attribute voltage_boot, in volts."),
    attribute("voltage_max", Unit::kMillionth, "node_power_supply_voltage_max",
              "Attribute voltage_max, in volts."),
    attribute("voltage_max_design", Unit::kMillionth, "node_power_supply_voltage_max_design",
              "Attribute voltage_max_design, in volts."),
    attribute("voltage_min", Unit::kMillionth, "node_power_supply_voltage_min",
              "Attribute voltage_min, in volts."),
    attribute("voltage_min_design", Unit::kMillionth, "node_power_supply_voltage_min_design",
              "Attribute voltage_min_design, in volts."),
    attribute("voltage_now", Unit::kMillionth, "node_power_supply_voltage_volt",
              "Attribute voltage_now, in volts."),
    attribute("voltage_ocv", Unit::kMillionth, "node_power_supply_voltage_ocv",
              "Attribute voltage_ocv, in volts."),
};
static_assert(std::ranges::is_sorted(kAttributes, {}, &Attribute::file));

constexpr auto kInfo =
    gauge("node_power_supply_info", "What the supply says of itself, as far as it does; always 1.",
          "capacity_level", "charge_type", "health", "manufacturer", "model_name", "power_supply", "scope",
          "serial_number", "status", "technology", "type", "usb_type");

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kAttributes) + 1> metrics;
  for (std::size_t i = 0; i < std::size(kAttributes); ++i) metrics[i] = kAttributes[i].metric;
  metrics.back() = kInfo;
  return metrics;
}();

class PowerSupply final : public Collector {
 public:
  PowerSupply(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        ignored_pattern_(flags.text("collector.powersupply.ignored-supplies", "^$",
                                    "Power supplies to leave out (regexp).")) {}

  Status start() override {
    auto matcher = Matcher::make("--collector.powersupply.ignored-supplies", *ignored_pattern_);
    if (!matcher) return fail(matcher);
    ignored_ = std::move(*matcher);
    return {};
  }

  Status collect(Sink& sink, const Scrape&) override {
    auto listed = sys_.list("class/power_supply");
    if (!listed) return fail(listed);
    const auto supplies = std::move(*listed);
    for (const auto& supply : supplies) {
      if (ignored_.matches(supply)) continue;
      auto status = collect_supply(sink, supply);
      if (!status && status.error().code == Code::kInvalid) return status;
    }
    return {};
  }

 private:
  Status collect_supply(Sink& sink, const std::string& supply) {
    const auto directory = "class/power_supply/" + supply;
    auto files = sys_.list(directory);
    if (!files) return fail(files);
    std::array<std::string, kInfo.labels.size()> texts;
    for (const auto& file : *files) {
      const auto path = directory + "/" + file;
      const auto label = std::ranges::find(kInfo.labels, file);
      if (label != kInfo.labels.end() && file != "power_supply") {
        std::string scratch;
        auto text = sys_.value(path);
        if (text) texts[static_cast<std::size_t>(label - kInfo.labels.begin())] = valid_utf8(*text, scratch);
        continue;
      }
      const auto* known = std::ranges::lower_bound(kAttributes, std::string_view(file), {}, &Attribute::file);
      if (known == std::end(kAttributes) || known->file != file) continue;
      auto value = sys_.number<std::int64_t>(path);
      // What a battery does not measure just now is ENODATA or the like.
      if (!value && value.error().code != Code::kInvalid) continue;
      if (!value) return fail(value);
      switch (known->unit) {
        case Unit::kOne:
          sink(known->metric, {supply}, *value);
          break;
        case Unit::kTenth:
          sink(known->metric, {supply}, static_cast<double>(*value) / 10.0);
          break;
        case Unit::kMillionth:
          sink(known->metric, {supply}, static_cast<double>(*value) / 1e6);
          break;
      }
    }
    std::array<Label, kInfo.labels.size()> labels;
    std::size_t count = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const auto name = kInfo.labels[i];
      const std::string_view text = name == "power_supply" ? std::string_view(supply) : texts[i];
      if (!text.empty()) labels[count++] = {name, text};
    }
    sink.sample(kInfo.name, kInfo.help, kInfo.type, std::span(labels).first(count), 1);
    return {};
  }

  Files sys_;
  const Flag<std::string>& ignored_pattern_;
  Matcher ignored_;
};

}  // namespace

extern const CollectorSpec powersupplyclass{"Batteries and mains adapters, from /sys/class/power_supply.",
                                            kMetrics, make<PowerSupply>};

}  // namespace exporter::node
