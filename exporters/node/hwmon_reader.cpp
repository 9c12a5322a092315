// SPDX-License-Identifier: Apache-2.0

#include "hwmon_reader.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <tuple>

#include <exporter/log.hpp>
#include <exporter/text.hpp>

namespace exporter::node {
namespace {

constexpr std::string_view kTypes[] = {
    "vrm",  "beep_enable", "update_interval", "in",     "cpu",      "fan",       "pwm",
    "temp", "curr",        "power",           "energy", "humidity", "intrusion", "freq"};

}  // namespace

void ChipReader::read() {
  count_ = 0;
  for (const char* below : {"/", "/device/"}) {
    path_.assign(folder_).append(below);
    const auto prefix = path_.size();
    auto names = files_.list(path_);
    if (!names) continue;
    for (const auto& name : *names) {
      path_.resize(prefix);
      read_sensor(name, path_.append(name));
    }
  }
  const auto key = [](const SensorReading& r) { return std::tie(r.sensor, r.property); };
  std::stable_sort(readings_.begin(), readings_.begin() + static_cast<std::ptrdiff_t>(count_),
                   [&](const SensorReading& a, const SensorReading& b) { return key(a) < key(b); });
  // Of two files for one property the later one counts.
  std::size_t kept = 0;
  for (std::size_t i = 0; i < count_; ++i) {
    if (kept > 0 && key(readings_[kept - 1]) == key(readings_[i])) --kept;
    if (kept != i) std::swap(readings_[kept], readings_[i]);
    ++kept;
  }
  count_ = kept;
}

void ChipReader::read_sensor(std::string_view file, const std::string& path) {
  const auto digits = std::min(file.find_first_of("0123456789"), file.size());
  const auto* type = std::ranges::find(kTypes, file.substr(0, digits));
  if (type == std::end(kTypes)) return;
  auto rest = file.substr(digits);
  const auto length = std::min(rest.find_first_not_of("0123456789"), rest.size());
  long index = 0;
  if (length > 0) {
    auto parsed = parse<long>(rest.substr(0, length));
    if (!parsed) return;
    index = *parsed;
    rest.remove_prefix(length);
  }
  if (!rest.empty() && (rest.front() != '_' || rest.size() == 1)) return;
  auto text = files_.read(path);
  if (!text) return;
  while (text->starts_with('\n')) text->remove_prefix(1);
  while (text->ends_with('\n')) text->remove_suffix(1);
  if (count_ == readings_.size()) readings_.emplace_back();
  auto& reading = readings_[count_++];
  reading.type = *type;
  reading.sensor.assign(*type).append(Digits(index));
  reading.property.assign(rest.empty() ? rest : rest.substr(1));
  reading.text.assign(*text);
}

struct ChipReaders::Chip {
  Chip(const std::string& sysfs, const std::string& folder) : reader(sysfs, folder) {}
  ChipReader reader;
  std::atomic<bool> busy{false};  // a thread reads it, maybe for long
  bool seen = false;
};

struct ChipReaders::Batch {
  std::vector<std::shared_ptr<Chip>> chips;
  std::mutex mutex;
  std::condition_variable progress;
  std::size_t done = 0;
  Clock::time_point began = Clock::now();  // when the chip at `done` was begun
  bool abandoned = false;

  void work() {
    for (const auto& chip : chips) {
      chip->reader.read();
      const std::lock_guard lock(mutex);
      if (abandoned) log::info("A hwmon chip answers again", {{"chip", chip->reader.folder()}});
      chip->busy = false;
      ++done;
      began = Clock::now();
      progress.notify_all();
      if (abandoned) return;
    }
  }
};

Result<std::size_t> ChipReaders::read_until_late(std::vector<std::shared_ptr<Chip>> chips,
                                                 Clock::duration patience, Clock::time_point deadline) {
  const auto batch = std::make_shared<Batch>();
  batch->chips = std::move(chips);
  for (const auto& chip : batch->chips) chip->busy = true;
  try {
    std::thread([batch] { batch->work(); }).detach();
  } catch (const std::system_error& error) {
    for (const auto& chip : batch->chips) chip->busy = false;
    return fail(Code::kUnavailable, std::string("cannot start a thread: ") + error.what());
  }
  std::unique_lock lock(batch->mutex);
  while (batch->done < batch->chips.size()) {
    const auto limit = std::min(deadline, batch->began + patience);
    if (Clock::now() >= limit) break;
    batch->progress.wait_until(lock, limit);
  }
  if (batch->done < batch->chips.size()) {
    batch->abandoned = true;
    // Only the one at `done` is being read; those behind it are free again.
    for (std::size_t i = batch->done + 1; i < batch->chips.size(); ++i) batch->chips[i]->busy = false;
  }
  return batch->done;
}

Result<std::vector<std::shared_ptr<const ChipReader>>> ChipReaders::read(const std::string& sysfs,
                                                                         std::span<const std::string> folders,
                                                                         Clock::duration patience,
                                                                         Clock::time_point deadline) {
  std::vector<std::shared_ptr<const ChipReader>> result(folders.size());
  std::vector<std::shared_ptr<Chip>> free;
  std::vector<std::size_t> places;
  for (auto& [folder, chip] : chips_) chip->seen = false;
  for (std::size_t i = 0; i < folders.size(); ++i) {
    auto& chip = chips_[folders[i]];
    if (!chip) chip = std::make_shared<Chip>(sysfs, folders[i]);
    chip->seen = true;
    if (chip->busy) continue;
    free.push_back(chip);
    places.push_back(i);
  }
  std::erase_if(chips_, [](const auto& entry) { return !entry.second->seen; });
  for (std::size_t begin = 0; begin < free.size() && Clock::now() < deadline;) {
    const std::vector<std::shared_ptr<Chip>> rest(free.begin() + static_cast<std::ptrdiff_t>(begin),
                                                  free.end());
    const auto read = read_until_late(rest, patience, deadline);
    if (!read) return fail(read);
    for (std::size_t i = begin; i < begin + *read; ++i) {
      result[places[i]] = std::shared_ptr<const ChipReader>(free[i], &free[i]->reader);
    }
    begin += *read;
    if (begin == free.size()) break;
    log::warn("A hwmon chip does not answer and is left out until it does",
              {{"chip", free[begin]->reader.folder()}});
    ++begin;
  }
  return result;
}

}  // namespace exporter::node
