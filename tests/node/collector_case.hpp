// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs a collector on a case's folder, tests/fixtures/node/<collector>/<case>/: a tree of proc/ and sys/
// (root/ and udev/ where needed) and `flags` (one a line, {dir} is the case's folder).

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <exporter/page.hpp>

#include "collectors.hpp"
#include "exposition.hpp"

namespace exporter::node::testing {

/// "<collector>/<case>" of all cases, sorted.
inline std::vector<std::string> cases() {
  namespace fs = std::filesystem;
  const fs::path root = fs::path(TEST_SOURCE_DIR) / "fixtures/node";
  std::vector<std::string> found;
  for (const auto& collector : fs::directory_iterator(root)) {
    for (const auto& entry : fs::directory_iterator(collector.path())) {
      if (entry.is_directory()) found.push_back(fs::relative(entry.path(), root));
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

class CollectorRun {
 public:
  /// `dir` need not be below the fixtures. Without a collector of this name, spec() is null and status() an
  /// error.
  CollectorRun(const std::string& name, const std::filesystem::path& dir) : flags_("node_exporter", "") {
    for (const auto& entry : collectors()) {
      if (entry.name == name) spec_ = entry.spec;
    }
    if (!spec_) return;
    std::vector<std::string> arguments{"node_exporter"};
    for (const char* path : {"procfs:proc", "sysfs:sys", "rootfs:root", "udev.data:udev"}) {
      std::string_view flag = path;
      const auto which = take_until(flag, ':');
      const auto folder = dir / flag;
      if (std::filesystem::exists(folder)) {
        arguments.push_back("--path." + std::string(which) + "=" + folder.string());
      }
    }
    const auto flag_lines = exporter::testing::read_text(dir / "flags");
    for (const auto line : Lines(flag_lines)) {
      std::string flag(line);
      if (const auto at = flag.find("{dir}"); at != std::string::npos) flag.replace(at, 5, dir.string());
      if (!flag.empty()) arguments.push_back(flag);
    }
    std::vector<const char*> argv;
    for (const auto& argument : arguments) argv.push_back(argument.c_str());
    host_ = std::make_unique<Host>(flags_);
    collector_ = spec_->make(*host_, flags_);
    auto parsed = flags_.parse(static_cast<int>(argv.size()), argv.data());
    status_ = parsed ? collector_->start() : Status(fail(parsed));
  }

  const CollectorSpec* spec() const { return spec_; }
  const Status& status() const { return status_; }

  /// Collects once more, where all went well so far.
  void collect() {
    if (!status_) return;
    sink_.clear();
    status_ = collector_->collect(sink_, Scrape(Scrape::Clock::now() + std::chrono::seconds(10), ++runs_));
  }

  /// What the last collect() wrote.
  std::string page() const {
    std::string page;
    const Sink* const sinks[] = {&sink_};
    PageBuilder().build(sinks, PageFormat::kText, page);
    return page;
  }

 private:
  const CollectorSpec* spec_ = nullptr;
  Flags flags_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Collector> collector_;
  Status status_ = fail(Code::kInternal, "no such collector");
  Sink sink_;
  std::uint64_t runs_ = 0;
};

}  // namespace exporter::node::testing
