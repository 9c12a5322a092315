// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the sensor files of hwmon chips on a thread of their own: a file may take as long as the chip's bus
// does, or never answer. A chip that is late is left out with its thread until the read returns; the others
// are read by a new one.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <exporter/files.hpp>

namespace exporter::node {

/// One file of a chip, <type><number>_<property>.
struct SensorReading {
  std::string_view type;
  std::string sensor;    ///< temp1
  std::string property;  ///< input; empty where the file has none
  std::string text;
};

class ChipReader {
 public:
  ChipReader(const std::string& sysfs, std::string folder)
      : files_(std::string_view(sysfs)), folder_(std::move(folder)) {}

  const std::string& folder() const { return folder_; }
  /// Reads the chip's own files, then those of its device, where old drivers put them.
  void read();
  /// Sorted by sensor and property.
  std::span<const SensorReading> readings() const { return {readings_.data(), count_}; }

 private:
  void read_sensor(std::string_view file, const std::string& path);

  Files files_;
  std::string folder_;
  std::vector<SensorReading> readings_;  // kept for their strings' memory; count_ of them are in use
  std::size_t count_ = 0;
  std::string path_;
};

class ChipReaders {
 public:
  using Clock = std::chrono::steady_clock;

  /// Reads the chips in these folders of `sysfs`, in order. The result has a null for each chip that did not
  /// answer within `patience` (or before `deadline`), or that is still being read since an earlier call.
  Result<std::vector<std::shared_ptr<const ChipReader>>> read(const std::string& sysfs,
                                                              std::span<const std::string> folders,
                                                              Clock::duration patience,
                                                              Clock::time_point deadline);

 private:
  struct Chip;
  struct Batch;
  /// Starts reading; where it ended: the number of chips that were read, all of them or those before a late
  /// one.
  static Result<std::size_t> read_until_late(std::vector<std::shared_ptr<Chip>> chips,
                                             Clock::duration patience, Clock::time_point deadline);

  std::unordered_map<std::string, std::shared_ptr<Chip>> chips_;
};

}  // namespace exporter::node
