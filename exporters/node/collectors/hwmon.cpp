// SPDX-License-Identifier: Apache-2.0
// node_hwmon_*: temperatures, fans, voltages and the like, from /sys/class/hwmon. A file of a chip is named
// <type><number>_<property>, and its metric node_hwmon_<type>_<property>_<unit>.

#include <algorithm>
#include <array>
#include <map>
#include <span>

#include <exporter/regex.hpp>

#include "collector_spec.hpp"
#include "hwmon_reader.hpp"

namespace exporter::node {
namespace {

constexpr std::string_view kVolts = "Voltage of a sensor or its limit, in volts.";
constexpr std::string_view kCelsius = "Temperature of a sensor or its limit, in degrees Celsius.";
constexpr std::string_view kAmps = "Current of a sensor or its limit, in amperes.";
constexpr std::string_view kJoule = "Energy used since the chip was reset, in joules.";
constexpr std::string_view kWatt = "Power of a sensor or its limit, in watts.";
constexpr std::string_view kRatio = "What a sensor says, as a ratio.";
constexpr std::string_view kRpm = "Speed of a fan or its limit, in revolutions per minute.";
constexpr std::string_view kInterval = "Over what time power is averaged, in seconds.";
constexpr std::string_view kMegahertz = "Frequency of a clock, in megahertz.";
constexpr std::string_view kAlarm = "Whether a sensor's alarm is on.";
constexpr std::string_view kFault = "Whether a sensor is faulty.";
constexpr std::string_view kBeep = "Whether an alarm of the sensor beeps.";
constexpr std::string_view kAsIs = "Attribute of a sensor, as the kernel says it.";

constexpr auto kChipNames =
    gauge("node_hwmon_chip_names", "The name a chip gives itself, constant 1.", "chip", "chip_name");
constexpr auto kSensorLabel =
    gauge("node_hwmon_sensor_label", "What a sensor measures, constant 1.", "chip", "sensor", "label");
constexpr auto kBeepEnabled =
    gauge("node_hwmon_beep_enabled", "Whether the chip may beep.", "chip", "sensor");
constexpr auto kRegulatorVersion =
    gauge("node_hwmon_voltage_regulator_version", "Version of the voltage regulator.", "chip", "sensor");
constexpr auto kUpdateInterval =
    gauge("node_hwmon_update_interval_seconds", "How often the chip measures, in seconds.", "chip", "sensor");

constexpr Metric<2> sensor(std::string_view name, std::string_view help,
                           MetricType type = MetricType::kGauge) {
  return {name, help, type, {"chip", "sensor"}};
}

// The families of common chips. Others are made up in the same way from their files' names.
constexpr Metric<2> kSensors[] = {
    sensor("node_hwmon_cpu_vid_volts", kVolts),
    sensor("node_hwmon_curr_amps", kAmps),
    sensor("node_hwmon_curr_max_amps", kAmps),
    sensor("node_hwmon_energy_joule_total", kJoule, MetricType::kCounter),
    sensor("node_hwmon_fan_alarm", kAlarm),
    sensor("node_hwmon_fan_beep_enabled", kBeep),
    sensor("node_hwmon_fan_div", kAsIs),
    sensor("node_hwmon_fan_fault", kFault),
    sensor("node_hwmon_fan_manual", kAsIs),
    sensor("node_hwmon_fan_max_rpm", kRpm),
    sensor("node_hwmon_fan_min_rpm", kRpm),
    sensor("node_hwmon_fan_output", kAsIs),
    sensor("node_hwmon_fan_pulses", kAsIs),
    sensor("node_hwmon_fan_rpm", kRpm),
    sensor("node_hwmon_fan_target_rpm", kRpm),
    sensor("node_hwmon_fan_tolerance", kAsIs),
    sensor("node_hwmon_freq_freq_mhz", kMegahertz),
    sensor("node_hwmon_humidity", kRatio),
    sensor("node_hwmon_in_alarm", kAlarm),
    sensor("node_hwmon_in_beep_enabled", kBeep),
    sensor("node_hwmon_in_max_volts", kVolts),
    sensor("node_hwmon_in_min_volts", kVolts),
    sensor("node_hwmon_in_volts", kVolts),
    sensor("node_hwmon_intrusion_alarm", kAlarm),
    sensor("node_hwmon_intrusion_beep_enabled", kBeep),
    sensor("node_hwmon_power_accuracy", kRatio),
    sensor("node_hwmon_power_average_interval_max_seconds", kInterval),
    sensor("node_hwmon_power_average_interval_min_seconds", kInterval),
    sensor("node_hwmon_power_average_interval_seconds", kInterval),
    sensor("node_hwmon_power_average_watt", kWatt),
    sensor("node_hwmon_power_cap_watt", kWatt),
    sensor("node_hwmon_power_watt", kWatt),
    sensor("node_hwmon_pwm", kAsIs),
    sensor("node_hwmon_pwm_auto_point1_pwm", kAsIs),
    sensor("node_hwmon_pwm_auto_point1_temp", kAsIs),
    sensor("node_hwmon_pwm_auto_point2_pwm", kAsIs),
    sensor("node_hwmon_pwm_auto_point2_temp", kAsIs),
    sensor("node_hwmon_pwm_auto_point3_pwm", kAsIs),
    sensor("node_hwmon_pwm_auto_point3_temp", kAsIs),
    sensor("node_hwmon_pwm_auto_point4_pwm", kAsIs),
    sensor("node_hwmon_pwm_auto_point4_temp", kAsIs),
    sensor("node_hwmon_pwm_auto_point5_pwm", kAsIs),
    sensor("node_hwmon_pwm_auto_point5_temp", kAsIs),
    sensor("node_hwmon_pwm_crit_temp_tolerance", kAsIs),
    sensor("node_hwmon_pwm_enable", kAsIs),
    sensor("node_hwmon_pwm_floor", kAsIs),
    sensor("node_hwmon_pwm_mode", kAsIs),
    sensor("node_hwmon_pwm_start", kAsIs),
    sensor("node_hwmon_pwm_step_down_time", kAsIs),
    sensor("node_hwmon_pwm_step_up_time", kAsIs),
    sensor("node_hwmon_pwm_stop_time", kAsIs),
    sensor("node_hwmon_pwm_target_temp", kAsIs),
    sensor("node_hwmon_pwm_temp_sel", kAsIs),
    sensor("node_hwmon_pwm_temp_tolerance", kAsIs),
    sensor("node_hwmon_pwm_weight_duty_base", kAsIs),
    sensor("node_hwmon_pwm_weight_duty_step", kAsIs),
    sensor("node_hwmon_pwm_weight_temp_sel", kAsIs),
    sensor("node_hwmon_pwm_weight_temp_step", kAsIs),
    sensor("node_hwmon_pwm_weight_temp_step_base", kAsIs),
    sensor("node_hwmon_pwm_weight_temp_step_tol", kAsIs),
    sensor("node_hwmon_temp_alarm", kAlarm),
    sensor("node_hwmon_temp_celsius", kCelsius),
    sensor("node_hwmon_temp_crit_alarm_celsius", kCelsius),
    sensor("node_hwmon_temp_crit_celsius", kCelsius),
    sensor("node_hwmon_temp_fault", kFault),
    sensor("node_hwmon_temp_input_celsius", kCelsius),
    sensor("node_hwmon_temp_max_celsius", kCelsius),
    sensor("node_hwmon_temp_max_hyst_celsius", kCelsius),
    sensor("node_hwmon_temp_offset_celsius", kCelsius),
    sensor("node_hwmon_temp_type", kAsIs),
    sensor("node_hwmon_*", kAsIs),
};

constexpr auto kMetrics = [] {
  std::array<MetricInfo, std::size(kSensors) + 5> all{kChipNames, kSensorLabel, kBeepEnabled,
                                                      kRegulatorVersion, kUpdateInterval};
  std::ranges::transform(
      kSensors, all.begin() + 5, [](const auto& metric) -> const auto& { return metric; });
  return all;
}();

// The kernel counts in thousandths or millionths; which of the two operations is done shows in the last
// digit.
enum class Scale : std::uint8_t { kNone, kThousandth, kPerMillion };

struct Rule {
  std::string_view type;      // empty: all
  std::string_view property;  // empty: all
  std::string_view suffix;
  std::string_view help;
  Scale scale = Scale::kNone;
};

// The first that fits.
constexpr Rule kRules[] = {
    {"", "fault", "", kFault},
    {"", "alarm", "", kAlarm},
    {"", "beep", "_enabled", kBeep},
    {"in", "", "_volts", kVolts, Scale::kThousandth},
    {"cpu", "", "_volts", kVolts, Scale::kThousandth},
    {"temp", "type", "", kAsIs},
    {"temp", "", "_celsius", kCelsius, Scale::kThousandth},
    {"curr", "", "_amps", kAmps, Scale::kThousandth},
    {"energy", "", "_joule_total", kJoule, Scale::kPerMillion},
    {"power", "accuracy", "", kRatio, Scale::kPerMillion},
    {"power", "average_interval", "_seconds", kInterval, Scale::kThousandth},
    {"power", "average_interval_min", "_seconds", kInterval, Scale::kThousandth},
    {"power", "average_interval_max", "_seconds", kInterval, Scale::kThousandth},
    {"power", "", "_watt", kWatt, Scale::kPerMillion},
    {"humidity", "", "", kRatio, Scale::kPerMillion},
    {"fan", "input", "_rpm", kRpm},
    {"fan", "min", "_rpm", kRpm},
    {"fan", "max", "_rpm", kRpm},
    {"fan", "target", "_rpm", kRpm},
    {"freq", "input", "_freq_mhz", kMegahertz, Scale::kPerMillion},
    {"", "", "", kAsIs},
};

/// Lower case, with '_' for what cannot stand in a metric's name, and none at the ends.
std::string clean(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c & 0xc0) == 0x80) continue;  // the rest of a character in UTF-8
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : text[i];
    const bool good =
        (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower == ':' || lower == '_';
    out += good ? lower : '_';
  }
  const auto begin = out.find_first_not_of('_');
  if (begin == std::string::npos) return {};
  return out.substr(begin, out.find_last_not_of('_') - begin + 1);
}

/// A number and nothing else, not even white space.
std::optional<double> number(std::string_view text) {
  if (text.empty() || is_blank(text.front()) || is_blank(text.back())) return std::nullopt;
  auto value = parse<double>(text);
  return value ? std::optional(*value) : std::nullopt;
}

class Hwmon final : public Collector {
 public:
  Hwmon(Host& host, Flags& flags)
      : sys_(host.sysfs()),
        chip_include_(flags.text(kChipInclude, "", "Chips to expose, as a regular expression.")),
        chip_exclude_(flags.text(kChipExclude, "", "Chips to leave out, as a regular expression.")),
        sensor_include_(
            flags.text(kSensorInclude, "", "Sensors to expose: a regular expression on 'chip;sensor'.")),
        sensor_exclude_(
            flags.text(kSensorExclude, "", "Sensors to leave out: a regular expression on 'chip;sensor'.")) {}

  Status start() override {
    auto chips = NameFilter::make(kChipInclude, *chip_include_, kChipExclude, *chip_exclude_);
    if (!chips) return fail(chips);
    auto sensors = NameFilter::make(kSensorInclude, *sensor_include_, kSensorExclude, *sensor_exclude_);
    if (!sensors) return fail(sensors);
    chip_filter_ = std::move(*chips);
    sensor_filter_ = std::move(*sensors);
    return {};
  }

  Status collect(Sink& sink, const Scrape& scrape) override {
    auto nodes = sys_.list("class/hwmon");
    if (!nodes) return fail(nodes);
    find_chips(*nodes);
    std::erase_if(chips_, [&](const Chip& chip) { return !chip_filter_.passes(chip.label); });
    std::vector<std::string> folders;
    for (const auto& chip : chips_) folders.push_back(chip.folder);
    const auto patience = std::max<Scrape::Clock::duration>(kLeastPatience, scrape.remaining() / 4);
    auto readers = readers_.read(sys_.root(), folders, patience, scrape.deadline() - kMargin);
    if (!readers) return fail(readers);
    std::string late;
    for (std::size_t i = 0; i < chips_.size(); ++i) {
      const auto& chip = chips_[i];
      if (!chip.name.empty()) sink(kChipNames, {chip.label, chip.name}, 1);
      if (const auto& reader = (*readers)[i]) {
        write_sensors(sink, chip.label, reader->readings());
      } else {
        late += (late.empty() ? "" : ", ") + chip.label;
      }
    }
    if (!late.empty()) return fail(Code::kTimeout, "chips that don't answer are left out: " + late);
    return {};
  }

 private:
  /// A chip may take that long at least, however short the scrape's time is.
  static constexpr std::chrono::milliseconds kLeastPatience{250};
  /// For writing what the chips said, before the scrape's own deadline.
  static constexpr std::chrono::milliseconds kMargin{100};
  static constexpr std::string_view kChipInclude = "collector.hwmon.chip-include";
  static constexpr std::string_view kChipExclude = "collector.hwmon.chip-exclude";
  static constexpr std::string_view kSensorInclude = "collector.hwmon.sensor-include";
  static constexpr std::string_view kSensorExclude = "collector.hwmon.sensor-exclude";

  struct Chip {
    std::string folder;
    std::string node;   // hwmon3
    std::string name;   // what the chip says of itself; may be empty
    std::string label;  // where it sits, if that is known: stable, and different for all chips
  };
  void find_chips(std::span<const std::string> nodes) {
    chips_.clear();
    std::map<std::string, unsigned> labels;
    std::map<std::pair<std::string, std::string>, unsigned> names;
    for (const auto& node : nodes) {
      Chip chip{"class/hwmon/" + node, node, {}, {}};
      if (!sys_.is_directory(chip.folder)) continue;
      if (auto name = sys_.read(chip.folder + "/name", text_)) chip.name = clean(trim(*name));
      chip.label = label(chip);
      ++labels[chip.label];
      ++names[{chip.label, chip.name}];
      chips_.push_back(std::move(chip));
    }
    for (auto& chip : chips_) {
      if (labels[chip.label] < 2) continue;
      const bool told_apart = !chip.name.empty() && names[{chip.label, chip.name}] == 1;
      chip.label += '_' + (told_apart ? chip.name : clean(chip.node));
    }
  }

  std::string label(const Chip& chip) const {
    if (auto device = sys_.resolve(chip.folder + "/device")) {
      const auto last = device->rfind('/');
      const auto before =
          last == 0 || last == std::string::npos ? std::string::npos : device->rfind('/', last - 1);
      const auto name = clean(std::string_view(*device).substr(last + 1));
      const auto bus =
          before == std::string::npos ? std::string{} : clean(device->substr(before + 1, last - before - 1));
      if (!name.empty()) return bus.empty() ? name : bus + '_' + name;
    }
    return chip.name.empty() ? clean(chip.node) : chip.name;
  }

  void write_sensors(Sink& sink, const std::string& chip, std::span<const SensorReading> all) {
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      while (end < all.size() && all[end].sensor == all[begin].sensor) ++end;
      const auto readings = all.subspan(begin, end - begin);
      if (sensor_filter_.passes(name_.assign(chip).append(";").append(readings[0].sensor))) {
        write_sensor(sink, chip, readings);
      }
    }
  }

  void write_sensor(Sink& sink, std::string_view chip, std::span<const SensorReading> readings) {
    const auto& [type, sensor, first, first_text] = readings[0];
    const bool bare = first.empty();  // a file without a property: it sorts first
    const SensorReading* label = nullptr;
    for (const auto& reading : readings) {
      if (reading.property == "label") label = &reading;
    }
    if (label) sink(kSensorLabel, {chip, sensor, valid_utf8(label->text, text_)}, 1);
    if (type == "beep_enable") return sink(kBeepEnabled, {chip, sensor}, bare && first_text == "1" ? 1 : 0);
    if (type == "vrm" || type == "update_interval") {
      const auto value = number(bare ? first_text : "");
      if (value && type == "vrm") sink(kRegulatorVersion, {chip, sensor}, *value);
      if (value && type != "vrm") sink(kUpdateInterval, {chip, sensor}, *value * 0.001);
      return;
    }
    for (const auto& reading : readings) {
      if (&reading == label) continue;
      const auto value = number(reading.text);
      if (!value) continue;
      const std::string_view property = reading.property;
      const auto& rule = *std::ranges::find_if(kRules, [&](const Rule& r) {
        return (r.type.empty() || r.type == type) && (r.property.empty() || r.property == property);
      });
      name_.assign("node_hwmon_").append(type);
      // The input is the value itself, unless a file without a property is.
      if (property == "input") {
        if (bare) name_ += "_input";
      } else if (!property.empty()) {
        name_.append("_").append(clean(property));
      }
      name_ += rule.suffix;
      const bool clock = rule.suffix == "_freq_mhz";
      if (clock && !label) continue;  // which one it is would not be known
      const auto metric = node::sensor(name_, rule.help,
                                       type == "energy" && !rule.suffix.empty() && rule.suffix != "_enabled"
                                           ? MetricType::kCounter
                                           : MetricType::kGauge);
      const double scaled = rule.scale == Scale::kThousandth   ? *value * 0.001
                            : rule.scale == Scale::kPerMillion ? *value / 1000000.0
                                                               : *value;
      sink(metric, {chip, clock ? std::string_view(text_ = clean(label->text)) : std::string_view(sensor)},
           scaled);
    }
  }

  Files sys_;
  const Flag<std::string>& chip_include_;
  const Flag<std::string>& chip_exclude_;
  const Flag<std::string>& sensor_include_;
  const Flag<std::string>& sensor_exclude_;
  NameFilter chip_filter_;
  NameFilter sensor_filter_;
  std::vector<Chip> chips_;
  ChipReaders readers_;
  std::string name_, text_;
};

}  // namespace

extern const CollectorSpec hwmon{"Temperatures, fans, voltages and other sensors, from /sys/class/hwmon.",
                                 kMetrics, make<Hwmon>, true};

}  // namespace exporter::node
