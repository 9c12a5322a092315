// SPDX-License-Identifier: Apache-2.0
// The web config file as it is now: looked at whenever it is asked for, read when it has changed. Or settings
// from elsewhere, which never change.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <exporter/result.hpp>

#include "detail/web_config.hpp"

namespace exporter::detail {

/// Tells whether a file has changed. Taken before the file is read, it never misses a change.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = -1;  // as long as there is no file
  std::int64_t modified = 0;
  std::int64_t changed = 0;

  static FileStamp of(const std::string& path);
  bool operator==(const FileStamp&) const = default;
};

/// Configurations and certificates are small; what is not is the wrong file.
Result<std::string> read_small_file(const std::string& path);

class WebConfigFile {
 public:
  explicit WebConfigFile(std::string path);
  explicit WebConfigFile(WebConfig fixed);

  /// Any thread. The same object as long as the file is unchanged.
  Result<std::shared_ptr<const WebConfig>> current();

 private:
  const std::string path_;
  const std::string directory_;
  std::mutex mutex_;
  FileStamp stamp_;
  Result<std::shared_ptr<const WebConfig>> config_;
  bool read_ = false;
};

}  // namespace exporter::detail
