// SPDX-License-Identifier: Apache-2.0
// The main() of a fuzz target without libFuzzer: runs the files of the given folders as they are, and these
// and the target's own seeds in a few broken forms, so that any compiler's build replays what fuzzing has
// found.
//
//     <target> [--forms=N] [FILE or FOLDER]...
//     <target> --write-seeds=FOLDER

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <exporter/text.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace {

using Bytes = std::vector<std::uint8_t>;

// What numbers and separators in kernel files do not expect.
constexpr std::string_view kOdd[] = {"",     "-1", "18446744073709551616", "\n", ":", " ", "\t", "=", "0x",
                                     "\xff", "NaN"};

/// Cuts, doubles or replaces a piece. The same input and round always give the same form.
Bytes broken(const Bytes& input, std::mt19937& random) {
  if (input.empty()) return {'\n'};
  Bytes out = input;
  const auto at = static_cast<std::ptrdiff_t>(random() % input.size());
  const auto length = static_cast<std::ptrdiff_t>(
      std::min<std::size_t>(1 + random() % 8, input.size() - static_cast<std::size_t>(at)));
  switch (random() % 4) {
    case 0:
      out.resize(static_cast<std::size_t>(at));
      break;
    case 1:
      out.erase(out.begin() + at, out.begin() + at + length);
      break;
    case 2:
      out.insert(out.begin() + at, input.begin() + at, input.begin() + at + length);
      break;
    default: {
      const auto odd = kOdd[random() % std::size(kOdd)];
      out.erase(out.begin() + at, out.begin() + at + length);
      out.insert(out.begin() + at, odd.begin(), odd.end());
    }
  }
  return out;
}

void run(const Bytes& input) {
  // A copy of exactly this size lets the address sanitizer see a read behind its end.
  const auto copy = std::make_unique<std::uint8_t[]>(input.size());
  std::copy(input.begin(), input.end(), copy.get());
  LLVMFuzzerTestOneInput(copy.get(), input.size());
}

Bytes content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  LLVMFuzzerInitialize(&argc, &argv);
  unsigned forms = 8;
  std::vector<Bytes> inputs;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument.starts_with("--forms=")) {
      forms = exporter::parse<unsigned>(argument.substr(8)).value_or(forms);
    } else if (fs::is_directory(argument)) {
      for (const auto& entry : fs::recursive_directory_iterator(argument)) {
        if (entry.is_regular_file()) inputs.push_back(content(entry.path()));
      }
    } else {
      inputs.push_back(content(argument));
    }
  }
  const std::size_t given = inputs.size();
  if (exporter::fuzz::seeds) {
    exporter::fuzz::seeds([&](exporter::fuzz::Input seed) { inputs.emplace_back(seed.begin(), seed.end()); });
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::mt19937 random(static_cast<std::uint32_t>(i));
    if (i < given || forms == 0)
      run(inputs[i]);  // what a target makes itself is good input, tested elsewhere
    Bytes form = inputs[i];
    for (unsigned round = 0; round < forms; ++round) {
      form = broken(round % 4 == 0 ? inputs[i] : form, random);
      run(form);
    }
  }
  run({});
  std::printf("%zu inputs\n", inputs.size());
  return 0;
}
