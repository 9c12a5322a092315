// SPDX-License-Identifier: Apache-2.0
// Any fuzz target, with libFuzzer or without: --write-seeds=FOLDER, alone, writes what the target can make
// itself to begin with, each into a file.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr std::string_view kFlag = "--write-seeds=";
  if (*argc != 2 || !std::string_view((*argv)[1]).starts_with(kFlag)) return 0;
  const std::filesystem::path folder((*argv)[1] + kFlag.size());
  std::filesystem::create_directories(folder);
  std::size_t count = 0;
  const auto write = [&](exporter::fuzz::Input seed) {
    std::ofstream(folder / ("seed-" + std::to_string(count++)), std::ios::binary)
        .write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
  };
  if (exporter::fuzz::seeds) exporter::fuzz::seeds(write);
  std::printf("%zu seeds written\n", count);
  std::exit(0);
}
