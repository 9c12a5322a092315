// SPDX-License-Identifier: Apache-2.0
#pragma once

// Command line flags in the form and wording that users of Prometheus exporters know (Go's kingpin), every
// one also settable by an environment variable.
//
//     Flags flags("node_exporter", "Exposes this machine's metrics.");
//     const auto& path = flags.text("path.procfs", "/proc", "Where procfs is mounted.");
//     const auto& guest = flags.toggle("collector.cpu.guest", true, "Expose guest time.");
//     auto parsed = flags.parse(argc, argv);
//     use(*path, *guest);
//
// `--x=v` and `--x v`; a switch is `--x` or `--no-x`; a flag that is not a list may be given once; `@file`
// reads arguments from a file, one a line; `--` ends them.

#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <exporter/export.hpp>
#include <exporter/result.hpp>

namespace exporter {

namespace detail {
struct FlagSpec;
struct FlagTable;
}  // namespace detail

/// A flag's value after Flags::parse. Refers to storage inside Flags.
template <class T>
class EXPORTER_API Flag {
 public:
  const T& operator*() const { return value_; }
  const T* operator->() const { return &value_; }
  /// True where the command line or the environment gave it.
  bool given() const { return given_; }

  /// Also read from this environment variable, beside the automatic one (see Flags::environment_name).
  Flag& env(std::string_view name);
  Flag& hidden();
  /// Also takes this name, without showing it in --help (a deprecated spelling).
  Flag& alias(std::string_view name);
  /// A one-letter form: -h.
  Flag& short_name(char letter);
  /// Only these values; anything else is an error that lists them.
  Flag& choices(std::vector<std::string> values);
  /// The placeholder in --help where the default does not show what is meant.
  Flag& placeholder(std::string_view text);
  /// The value stays out of help, documentation and error messages (a password).
  Flag& secret();

 private:
  friend class Flags;
  friend struct detail::FlagSpec;
  detail::FlagSpec* spec_ = nullptr;
  T value_{};
  bool given_ = false;
};

class EXPORTER_API Flags {
 public:
  /// Whose rules and wording apply. The exporters we stand in for differ, and people's unit files with them.
  enum class Style : unsigned char {
    kKingpin,  ///< --x=v, --x v, --[no-]switch, @file; a flag may be given once
    kGo,     ///< -x and --x alike, -switch=false; the last one wins; the first argument that is no flag ends
             ///< them
    kPflag,  ///< --x=v, --x v, --switch=false, -x shorthands; the last one wins
  };

  Flags(std::string_view program, std::string_view description, Style style = Style::kKingpin);
  ~Flags();
  Flags(const Flags&) = delete;
  Flags& operator=(const Flags&) = delete;

  Flag<bool>& toggle(std::string_view name, bool value, std::string_view help);
  Flag<std::string>& text(std::string_view name, std::string_view value, std::string_view help);
  Flag<long>& integer(std::string_view name, long value, std::string_view help);
  Flag<double>& number(std::string_view name, double value, std::string_view help);
  /// Go's duration form ("1m30s", "500ms", "3.46608s").
  Flag<std::chrono::nanoseconds>& duration(std::string_view name, std::string_view value,
                                           std::string_view help);
  /// May be given more than once; the environment's value is split at line ends.
  Flag<std::vector<std::string>>& list(std::string_view name, std::vector<std::string> value,
                                       std::string_view help);

  /// Gives a flag that is declared elsewhere another name or environment variable; either may be empty.
  void extend(std::string_view flag, std::string_view alias, std::string_view variable);

  /// What happened in parse() where nothing went wrong.
  enum class Outcome { kRun, kExit };

  /// Parses the command line, then the environment for what it left open. kExit: --help or --version was
  /// printed on standard output. The error of a bad flag is what kingpin says: "unknown long flag '--x'";
  /// report() prints it.
  Result<Outcome> parse(int argc, const char* const* argv);

  /// Prints "<program>: error: <message>, try --help" on standard error; with Style::kGo the message and the
  /// usage, with Style::kPflag "Error: <message>".
  void report(const Error& error) const;

  /// What --version prints on standard output.
  void version_text(std::string text);

  /// `"<PREFIX>_" + name` in upper case with '_' for '.' and '-': "NODE_EXPORTER_WEB_LISTEN_ADDRESS". The
  /// prefix is the program's name.
  std::string environment_name(std::string_view flag) const;

  /// The --help text; `all` adds hidden flags (--help-long).
  std::string help(bool all = false) const;

  /// All flags as a Markdown table, for docs.
  std::string markdown() const;

 private:
  template <class T>
  Flag<T>& add(std::string_view name, T value, std::string default_text, std::string_view help);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "1h", "1m30s", "250ms", "1.5s", "0", with a sign where it makes sense; an error names what is wrong.
EXPORTER_API Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// As Go prints it: "1m30s", "1.5s", "250ms", "0s".
EXPORTER_API std::string format_duration(std::chrono::nanoseconds duration);

}  // namespace exporter
