// SPDX-License-Identifier: Apache-2.0

// Any bytes as a command line, in each style. The first byte picks the style, a zero byte ends an argument.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <exporter/flags.hpp>

#include "fuzz.hpp"

void exporter::fuzz::seeds(const std::function<void(Input)>& use) {
  using namespace std::string_view_literals;
  for (const auto text : {"\0--no-switch\0--text=a\0-t\0b\0--level\0warn"sv,
                          "\1-integer=-5\0--number\0001e3\0-list=a\0-list\0b"sv,
                          "\2--duration=1h30m\0-sta\0--\0rest"sv, "\0--words=x\0--nosuch"sv}) {
    use({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using exporter::Flags;
  exporter::Flags flags("fuzz", "A description.", static_cast<Flags::Style>(data[0] % 3));
  flags.toggle("switch", false, "A switch.").short_name('s');
  flags.text("text", "default", "A text.").short_name('t').alias("words");
  flags.text("level", "info", "A choice.").choices({"info", "warn"});
  flags.integer("integer", 1, "An integer.");
  flags.number("number", 0.5, "A number.");
  flags.duration("duration", "5s", "A duration.");
  flags.list("list", {"a"}, "A list.");
  std::vector<std::string> arguments{"fuzz"};
  std::string argument;
  for (std::size_t i = 1; i <= size; ++i) {
    if (i < size && data[i] != 0) {
      argument += static_cast<char>(data[i]);
      continue;
    }
    // Files and what prints on standard output are left to the unit tests.
    const bool prints = argument.find("help") != std::string::npos ||
                        argument.find("completion") != std::string::npos ||
                        (argument.starts_with('-') && argument.find('h') != std::string::npos);
    if (!prints && !argument.starts_with('@')) arguments.push_back(argument);
    argument.clear();
  }
  std::vector<const char*> argv;
  for (const auto& each : arguments) argv.push_back(each.c_str());
  (void)flags.parse(static_cast<int>(argv.size()), argv.data());
  (void)flags.help(true);
  return 0;
}
