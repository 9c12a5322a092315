// SPDX-License-Identifier: Apache-2.0
// Any bytes as the content of a file in /proc or /sys. The first four bytes pick a file of a case below
// tests/fixtures/node, the rest takes its place; the case's collector then has to give a page that can be
// parsed, or an error. As the choice goes by a hash of the file's name, an input keeps its meaning when cases
// are added.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include <exporter/log.hpp>

#include "fuzz.hpp"
#include "node/collector_case.hpp"

namespace {

namespace fs = std::filesystem;
using exporter::fuzz::Input;
using exporter::node::testing::CollectorRun;

struct Target {
  std::uint32_t key;
  std::string collector;
  fs::path dir;   // the case, in the copy
  fs::path file;  // the file to be replaced
  std::string content;
};

std::uint32_t hash(std::string_view text) {  // FNV-1a
  std::uint32_t value = 2166136261;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 16777619;
  return value;
}

void write(const fs::path& file, std::string_view content) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(content.data(), static_cast<std::streamsize>(content.size()));
}

fs::path copy_root() {
  const fs::path memory = fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
  return memory / ("collector_fuzz." + std::to_string(::getpid()));
}

/// A copy of all cases in memory, and their files sorted by key. COLLECTOR_FUZZ limits it to one collector.
const std::vector<Target>& targets() {
  static const std::vector<Target> all = [] {
    const fs::path fixtures = fs::path(TEST_SOURCE_DIR) / "fixtures/node";
    const char* only = std::getenv("COLLECTOR_FUZZ");
    const auto root = copy_root();
    std::vector<Target> found;
    for (const auto& name : exporter::node::testing::cases()) {
      const auto collector = name.substr(0, name.find('/'));
      if (only && collector != only) continue;
      fs::create_directories(root / collector);
      fs::copy(fixtures / name, root / name, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      for (const auto& entry : fs::recursive_directory_iterator(root / name)) {
        const auto inside = entry.path().lexically_relative(root / name).string();
        if (!entry.is_regular_file() || entry.is_symlink() || inside == "flags" ||
            inside.starts_with("expected.") || entry.path().filename() == ".keep") {
          continue;
        }
        found.push_back({hash(name + '/' + inside), collector, root / name, entry.path(),
                         exporter::testing::read_text(entry.path())});
      }
    }
    std::ranges::sort(found, {}, &Target::key);
    std::atexit([] { fs::remove_all(copy_root()); });
    // What a collector says of bad content is not of interest here.
    exporter::log::configure(static_cast<exporter::log::Level>(255), exporter::log::Format::kLogfmt);
    return found;
  }();
  return all;
}

void check(const std::string& page, const Target& target) {
  std::string scratch;
  auto parsed = exporter::testing::parse_exposition(page);
  if (exporter::valid_utf8(page, scratch) != page) parsed.problems.emplace_back("not UTF-8");
  for (const auto& [name, type] : parsed.types) {
    const bool digit = !name.empty() && name[0] >= '0' && name[0] <= '9';
    if (name.empty() || digit ||
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:") !=
            std::string::npos) {
      parsed.problems.push_back("bad name: " + name);
    }
  }
  if (parsed.problems.empty()) return;
  std::fprintf(stderr, "%s with %s: %s\n%s\n", target.collector.c_str(), target.file.c_str(),
               parsed.problems.front().c_str(), page.c_str());
  std::abort();
}

}  // namespace

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  for (const auto& target : targets()) {
    std::vector<std::uint8_t> seed(4 + target.content.size());
    std::memcpy(seed.data(), &target.key, 4);
    std::copy(target.content.begin(), target.content.end(), seed.begin() + 4);
    use(seed);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::uint32_t key = 0;
  if (size < sizeof key || targets().empty()) return 0;
  std::memcpy(&key, data, sizeof key);
  auto target = std::ranges::lower_bound(targets(), key, {}, &Target::key);
  if (target == targets().end()) target = targets().begin();

  // The second run reads other content through the descriptors that the first one left open.
  CollectorRun run(target->collector, target->dir);
  for (const auto content :
       {std::string_view(target->content),
        std::string_view(reinterpret_cast<const char*>(data), size).substr(sizeof key)}) {
    write(target->file, content);
    run.collect();
    if (run.status()) check(run.page(), *target);
  }
  write(target->file, target->content);
  // And once more as the first content that it sees.
  CollectorRun fresh(target->collector, target->dir);
  write(target->file, std::string_view(reinterpret_cast<const char*>(data), size).substr(sizeof key));
  fresh.collect();
  if (fresh.status()) check(fresh.page(), *target);
  write(target->file, target->content);
  return 0;
}
