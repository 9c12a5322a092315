// SPDX-License-Identifier: Apache-2.0

// Flags: what is declared, how values are taken, and what is said about bad ones.

#include <exporter/flags.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <exporter/text.hpp>

#include "flags_table.hpp"

namespace exporter {

namespace {

using detail::Action;
using detail::FlagSpec;
using detail::FlagTable;
using Strings = std::vector<std::string>;

Status take(bool& value, std::string_view text) {
  for (const std::string_view yes : {"true", "1", "t", "T", "TRUE", "True"}) {
    if (text == yes) return value = true, Status{};
  }
  for (const std::string_view no : {"false", "0", "f", "F", "FALSE", "False"}) {
    if (text == no) return value = false, Status{};
  }
  return fail(Code::kInvalid, "not a boolean");
}

Status take(std::string& value, std::string_view text) {
  value = text;
  return {};
}

Status take(long& value, std::string_view text) {
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  const auto number = hexadecimal ? parse<long>(text.substr(2), 16) : parse<long>(text);
  if (!number) return fail(Code::kInvalid, "not a whole number");
  value = *number;
  return {};
}

Status take(double& value, std::string_view text) {
  const auto number = parse<double>(text);
  if (!number) return fail(Code::kInvalid, "not a number");
  value = *number;
  return {};
}

Status take(std::chrono::nanoseconds& value, std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration) return fail(duration);
  value = *duration;
  return {};
}

Status take(Strings& value, std::string_view text) {
  value.emplace_back(text);
  return {};
}

std::string joined(const Strings& values, std::string_view separator) {
  std::string text;
  for (const auto& value : values) {
    if (!text.empty()) text += separator;
    text += value;
  }
  return text;
}

std::string number_text(double value) {
  char room[32];
  return {room, append_number(room, value)};
}

std::size_t terminal_width() {
  constexpr std::size_t kUsual = 80;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 40) return kUsual;
  return size.ws_col;
}

void print(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
}

/// A bad value, in the words of the style. `variable` names the environment variable it came from, if it did.
Error bad_value(const FlagTable& table, const FlagSpec& spec, std::string_view value,
                std::string_view variable, std::string_view reason) {
  const std::string shown = spec.secret ? std::string("(not shown)") : std::string(value);
  const std::string why = spec.secret ? std::string("malformed") : std::string(reason);
  if (!variable.empty()) {
    return {Code::kInvalid,
            "invalid value '" + shown + "' in environment variable " + std::string(variable) + ": " + why};
  }
  const auto flag = table.spelled(spec);
  switch (table.style) {
    case Flags::Style::kKingpin:
      break;
    case Flags::Style::kGo:
      if (spec.is_switch()) {
        return {Code::kInvalid, "invalid boolean value \"" + shown + "\" for " + flag + ": parse error"};
      }
      return {Code::kInvalid, "invalid value \"" + shown + "\" for flag " + flag + ": " + why};
    case Flags::Style::kPflag:
      return {Code::kInvalid, "invalid argument \"" + shown + "\" for \"" + flag + "\" flag: " + why};
  }
  return {Code::kInvalid, "invalid value '" + shown + "' for flag '" + flag + "': " + why};
}

Status apply_uses(const FlagTable& table, const std::vector<detail::Use>& uses) {
  for (const auto& use : uses) {
    auto& spec = *use.spec;
    if (table.style == Flags::Style::kKingpin && !spec.is_list() && spec.given()) {
      return fail(Code::kInvalid, "flag '" + spec.name + "' cannot be repeated");
    }
    if (const auto taken = spec.assign(use.value); !taken) {
      return std::unexpected(bad_value(table, spec, use.value, {}, taken.error().message));
    }
  }
  return {};
}

/// Kubernetes sets <SERVICE>_PORT=tcp://10.0.0.1:8080 for every service, and a service is often named like
/// the program.
bool is_service_link(std::string_view variable, std::string_view text) {
  return variable.ends_with("_PORT") && (text.starts_with("tcp://") || text.starts_with("udp://"));
}

bool same_variable(std::string_view one, std::string_view other) {
  const auto plain = [](char c) { return c == '.' ? '-' : c; };
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [&](char a, char b) { return plain(a) == plain(b); });
}

Status apply_environment(const FlagTable& table) {
  for (const auto& spec : table.specs) {
    if (spec->given() || spec->built_in) continue;
    auto names = spec->environment;
    if (spec->has_variable) names.push_back(table.environment_name(spec->name));
    for (const auto& name : names) {
      const char* found = std::getenv(name.c_str());
      const std::string_view text = found == nullptr ? "" : found;
      // "unset" is written as an empty value in many deployment files.
      if (text.empty() || is_service_link(name, text)) continue;
      if (!spec->is_list()) {
        const auto taken = spec->assign(text);
        if (!taken) return std::unexpected(bad_value(table, *spec, text, name, taken.error().message));
      } else {
        for (const auto line : Lines(text)) {
          if (line.empty()) continue;
          const auto taken = spec->assign(line);
          if (!taken) return std::unexpected(bad_value(table, *spec, line, name, taken.error().message));
        }
      }
      break;
    }
  }
  return {};
}

}  // namespace

namespace detail {

bool FlagSpec::given() const {
  return std::visit([](const auto& held) { return held->given_; }, flag);
}

Status FlagSpec::assign(std::string_view text) {
  bool known = choices.empty();
  for (const auto& choice : choices) known = known || choice == text;
  if (!known) return fail(Code::kInvalid, "must be one of " + joined(choices, ", "));
  return std::visit(
      [&](auto& held) {
        if constexpr (std::is_same_v<decltype(held->value_), Strings>) {
          if (!held->given_) held->value_.clear();  // what is given replaces the default
        }
        auto taken = take(held->value_, text);
        if (taken) held->given_ = true;
        return taken;
      },
      flag);
}

FlagSpec* FlagTable::find(std::string_view name) const {
  for (const auto& spec : specs) {
    if (spec->name == name) return spec.get();
    for (const auto& alias : spec->aliases) {
      if (alias == name) return spec.get();
    }
  }
  return nullptr;
}

FlagSpec* FlagTable::find_short(char letter) const {
  for (const auto& spec : specs) {
    if (spec->short_name == letter && letter != 0) return spec.get();
  }
  return nullptr;
}

std::string FlagTable::environment_name(std::string_view flag) const {
  std::string name = program + '_' + std::string(flag);
  for (char& c : name) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (c == '.' || c == '-') c = '_';
  }
  return name;
}

std::string FlagTable::spelled(const FlagSpec& spec) const {
  return (style == Flags::Style::kGo ? "-" : "--") + spec.name;
}

}  // namespace detail

template <class T>
Flag<T>& Flag<T>::env(std::string_view name) {
  spec_->environment.emplace_back(name);
  return *this;
}
template <class T>
Flag<T>& Flag<T>::hidden() {
  spec_->hidden = true;
  return *this;
}
template <class T>
Flag<T>& Flag<T>::alias(std::string_view name) {
  spec_->aliases.emplace_back(name);
  return *this;
}
template <class T>
Flag<T>& Flag<T>::short_name(char letter) {
  spec_->short_name = letter;
  return *this;
}
template <class T>
Flag<T>& Flag<T>::choices(std::vector<std::string> values) {
  spec_->choices = std::move(values);
  return *this;
}
template <class T>
Flag<T>& Flag<T>::placeholder(std::string_view text) {
  spec_->placeholder = text;
  return *this;
}
template <class T>
Flag<T>& Flag<T>::secret() {
  spec_->secret = true;
  return *this;
}

template class Flag<bool>;
template class Flag<std::string>;
template class Flag<long>;
template class Flag<double>;
template class Flag<std::chrono::nanoseconds>;
template class Flag<Strings>;

struct Flags::Impl : FlagTable {};

Flags::Flags(std::string_view program, std::string_view description, Style style)
    : impl_(std::make_unique<Impl>()) {
  impl_->program = program;
  impl_->description = description;
  impl_->style = style;
  if (style == Style::kGo) return;  // -h and -help work there without being listed
  auto& help = toggle(
      "help", false,
      style == Style::kKingpin
          ? "Show this help and exit; --help-long adds what is rarely needed, --help-man is a manual page."
          : "Show this help and exit.");
  help.short_name('h');
  help.spec_->built_in = true;
}

Flags::~Flags() = default;

template <class T>
Flag<T>& Flags::add(std::string_view name, T value, std::string default_text, std::string_view help) {
  assert(impl_->find(name) == nullptr && "a flag is declared twice");
  auto spec = std::make_unique<FlagSpec>();
  auto flag = std::make_unique<Flag<T>>();
  auto& result = *flag;
  spec->name = name;
  spec->help = help;
  // log.level and log-level have one variable, which is the exporter's own: it is declared after the frame's.
  for (auto& other : impl_->specs)
    other->has_variable = other->has_variable && !same_variable(other->name, name);
  spec->default_text = std::move(default_text);
  result.value_ = std::move(value);
  result.spec_ = spec.get();
  spec->flag = std::move(flag);
  impl_->specs.push_back(std::move(spec));
  return result;
}

Flag<bool>& Flags::toggle(std::string_view name, bool value, std::string_view help) {
  return add<bool>(name, value, value ? "true" : "false", help);
}
Flag<std::string>& Flags::text(std::string_view name, std::string_view value, std::string_view help) {
  return add<std::string>(name, std::string(value), std::string(value), help);
}
Flag<long>& Flags::integer(std::string_view name, long value, std::string_view help) {
  return add<long>(name, value, std::to_string(value), help);
}
Flag<double>& Flags::number(std::string_view name, double value, std::string_view help) {
  return add<double>(name, value, number_text(value), help);
}
Flag<std::chrono::nanoseconds>& Flags::duration(std::string_view name, std::string_view value,
                                                std::string_view help) {
  const auto parsed = value.empty() ? Result<std::chrono::nanoseconds>(0) : parse_duration(value);
  assert(parsed && "the default of a duration flag is malformed");
  return add<std::chrono::nanoseconds>(name, parsed.value_or(std::chrono::nanoseconds(0)), std::string(value),
                                       help);
}
Flag<Strings>& Flags::list(std::string_view name, Strings value, std::string_view help) {
  auto text = joined(value, ",");
  return add<Strings>(name, std::move(value), std::move(text), help);
}

Result<Flags::Outcome> Flags::parse(int argc, const char* const* argv) {
  Strings arguments;
  for (int i = 1; i < argc; ++i) arguments.emplace_back(argv[i]);
  const auto line = parse_command_line(*impl_, std::move(arguments));
  if (!line) return fail(line);
  std::string answer;
  switch (line->action) {
    case Action::kRun:
      if (const auto applied = apply_uses(*impl_, line->uses); !applied) return fail(applied);
      if (const auto applied = apply_environment(*impl_); !applied) return fail(applied);
      return Outcome::kRun;
    case Action::kHelp:
      answer = help(false);
      break;
    case Action::kHelpLong:
      answer = help(true);
      break;
    case Action::kHelpMan:
      answer = man_page(*impl_);
      break;
    case Action::kVersion:
      answer = impl_->version;
      if (!answer.ends_with('\n')) answer += '\n';
      break;
    case Action::kCompletion:
      answer = completions(*impl_, line->words);
      break;
    case Action::kBashScript:
      answer = bash_script(*impl_);
      break;
    case Action::kZshScript:
      answer = zsh_script(*impl_);
      break;
  }
  print(stdout, answer);
  return Outcome::kExit;
}

void Flags::report(const Error& error) const {
  // What was typed comes back on a terminal: no control characters.
  auto message = error.message;
  for (char& c : message) {
    if ((c >= 0 && c < 0x20) || c == 0x7F) c = '?';
  }
  switch (impl_->style) {
    case Style::kKingpin:
      message = impl_->program + ": error: " + message + ", try --help\n";
      break;
    case Style::kGo:
      message += '\n' + help(false);
      break;
    case Style::kPflag:
      message = "Error: " + message + '\n';
      break;
  }
  print(stderr, message);
}

void Flags::extend(std::string_view flag, std::string_view alias, std::string_view variable) {
  auto* const spec = impl_->find(flag);
  if (!spec) return;
  if (!alias.empty()) spec->aliases.emplace_back(alias);
  if (!variable.empty()) spec->environment.emplace_back(variable);
}

void Flags::version_text(std::string text) {
  impl_->version = std::move(text);
  if (impl_->find("version") != nullptr) return;
  toggle("version", false, "Show the version and exit.").spec_->built_in = true;
}

std::string Flags::environment_name(std::string_view flag) const { return impl_->environment_name(flag); }

std::string Flags::help(bool all) const { return help_text(*impl_, all, terminal_width()); }

std::string Flags::markdown() const { return markdown_table(*impl_); }

}  // namespace exporter
