// SPDX-License-Identifier: Apache-2.0
#pragma once

// What Flags knows of each flag, shared by the parsers, the help texts and the documentation.

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <exporter/flags.hpp>

namespace exporter::detail {

template <class T>
using FlagPtr = std::unique_ptr<Flag<T>>;

struct FlagSpec {
  std::string name;
  std::string help;
  std::string default_text;  ///< as it would be typed; a list's values joined by ','
  std::string placeholder;
  std::vector<std::string> environment;
  bool has_variable = true;  ///< the automatic one is its own
  std::vector<std::string> aliases;
  std::vector<std::string> choices;
  char short_name = 0;
  bool hidden = false;
  bool secret = false;
  bool built_in = false;  ///< --help and --version, which the environment does not set

  std::variant<FlagPtr<bool>, FlagPtr<std::string>, FlagPtr<long>, FlagPtr<double>,
               FlagPtr<std::chrono::nanoseconds>, FlagPtr<std::vector<std::string>>>
      flag;

  template <class T>
  bool holds() const {
    return std::holds_alternative<FlagPtr<T>>(flag);
  }
  bool is_switch() const { return holds<bool>(); }
  bool is_list() const { return holds<std::vector<std::string>>(); }
  bool given() const;

  /// Takes a value as it was typed; the error says only what is wrong with it.
  Status assign(std::string_view text);
};

struct FlagTable {
  std::string program;
  std::string description;
  std::string version;
  Flags::Style style = Flags::Style::kKingpin;
  std::vector<std::unique_ptr<FlagSpec>> specs;

  FlagSpec* find(std::string_view name) const;
  FlagSpec* find_short(char letter) const;
  std::string environment_name(std::string_view flag) const;
  /// "--x", or "-x" with Style::kGo.
  std::string spelled(const FlagSpec& spec) const;
};

// flags_parse.cpp

/// One use of a flag on the command line, before its value is looked at.
struct Use {
  FlagSpec* spec = nullptr;
  std::string value;
};

/// What the command line asks for.
enum class Action : unsigned char {
  kRun,
  kHelp,
  kHelpLong,
  kHelpMan,
  kVersion,
  kCompletion,
  kBashScript,
  kZshScript,
};

struct CommandLine {
  Action action = Action::kRun;
  std::vector<Use> uses;
  std::vector<std::string> words;  ///< for kCompletion: the words typed so far
};

Result<CommandLine> parse_command_line(const FlagTable& table, std::vector<std::string> arguments);

// flags_help.cpp

std::string help_text(const FlagTable& table, bool all, std::size_t width);

// flags_docs.cpp

std::string man_page(const FlagTable& table);
std::string markdown_table(const FlagTable& table);
std::string completions(const FlagTable& table, const std::vector<std::string>& words);
std::string bash_script(const FlagTable& table);
std::string zsh_script(const FlagTable& table);

/// The default as the documentation may show it: nothing for a secret.
std::string_view shown_default(const FlagSpec& spec);
/// The description with "One of: [...]" behind it where the flag has choices and does not say so itself.
std::string full_help(const FlagSpec& spec);

}  // namespace exporter::detail
