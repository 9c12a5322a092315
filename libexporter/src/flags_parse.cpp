// SPDX-License-Identifier: Apache-2.0

// From arguments to uses of flags, by the rules of each style. Values are looked at later: --help must work
// on a line whose values are wrong.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <optional>

#include <exporter/text.hpp>

#include "flags_table.hpp"

namespace exporter::detail {

namespace {

std::unexpected<Error> invalid(std::string message) { return fail(Code::kInvalid, std::move(message)); }

std::string in_quotes(std::string_view before, std::string_view text, std::string_view after = "'") {
  std::string message(before);
  message += text;
  message += after;
  return message;
}

/// What is left of the command line, with `@file` opened where it comes up.
class Arguments {
 public:
  Arguments(std::vector<std::string> arguments, bool files)
      : rest_(std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end())),
        files_(files) {}

  /// The next argument, still in its place; null at the end.
  Result<const std::string*> peek() {
    while (files_ && !flags_ended_ && !rest_.empty() && rest_.front().starts_with('@')) {
      const auto path = rest_.front().substr(1);
      rest_.pop_front();
      if (const auto inserted = insert(path); !inserted) return fail(inserted);
    }
    return rest_.empty() ? nullptr : &rest_.front();
  }
  std::string take() {
    auto argument = std::move(rest_.front());
    rest_.pop_front();
    return argument;
  }
  /// Behind "--" everything is an argument.
  void end_flags() { flags_ended_ = true; }
  bool flags_ended() const { return flags_ended_; }

 private:
  static constexpr int kMostFiles = 32;  // a file that names itself would never end
  static constexpr std::size_t kMostBytes = 1 << 20;

  Status insert(const std::string& path) {
    if (++opened_ > kMostFiles) return invalid("too many arguments files, at \"" + path + '"');
    std::string text;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    while (error == 0 && text.size() <= kMostBytes) {
      char room[4096];
      const auto length = read(fd, room, sizeof room);
      if (length < 0 && errno == EINTR) continue;
      if (length < 0) error = errno;
      if (length <= 0) break;
      text.append(room, static_cast<std::size_t>(length));
    }
    if (fd >= 0) close(fd);
    const auto failure = "failed to open arguments file \"" + path + "\": ";
    if (error != 0) return invalid(failure + errno_error(fd < 0 ? "open" : "read", path, error).message);
    if (text.size() > kMostBytes) return invalid(failure + "larger than 1 MiB");
    std::vector<std::string> lines;
    for (auto line : Lines(text)) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty() && !line.starts_with('#')) lines.emplace_back(line);
    }
    rest_.insert(rest_.begin(), lines.begin(), lines.end());
    return {};
  }

  std::deque<std::string> rest_;
  bool files_;
  bool flags_ended_ = false;
  int opened_ = 0;
};

struct NameValue {
  std::string name;
  std::optional<std::string> value;
};

NameValue split_value(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), std::nullopt};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

/// Flags of kingpin that no help shows and no program declares.
std::optional<Action> hidden_action(std::string_view name) {
  if (name == "help-long") return Action::kHelpLong;
  if (name == "help-man") return Action::kHelpMan;
  if (name == "completion-bash") return Action::kCompletion;
  if (name == "completion-script-bash") return Action::kBashScript;
  if (name == "completion-script-zsh") return Action::kZshScript;
  return std::nullopt;
}

class Parser {
 public:
  Parser(const FlagTable& table, std::vector<std::string> arguments)
      : table_(table), arguments_(std::move(arguments), table.style == Flags::Style::kKingpin) {}

  Result<CommandLine> run() {
    while (!done_) {
      const auto next = arguments_.peek();
      if (!next) return fail(next);
      if (*next == nullptr) break;
      auto argument = arguments_.take();
      if (argument == "--" && !arguments_.flags_ended()) {
        if (table_.style == Flags::Style::kGo) break;
        arguments_.end_flags();
        continue;
      }
      if (const auto taken = step(std::move(argument)); !taken) return fail(taken);
    }
    if (line_.action == Action::kRun && help_) line_.action = Action::kHelp;
    return std::move(line_);
  }

 private:
  Status step(std::string argument) {
    const bool flag = !arguments_.flags_ended() && argument.size() > 1 && argument.front() == '-';
    const bool is_long = flag && argument[1] == '-';
    switch (table_.style) {
      case Flags::Style::kKingpin:
        if (!flag) return invalid("unexpected " + argument);
        return is_long ? kingpin_long(argument) : kingpin_short(argument);
      case Flags::Style::kGo:
        if (!flag) return done_ = true, Status{};
        return go_flag(argument);
      case Flags::Style::kPflag:
        if (!flag)
          return invalid(in_quotes("unknown command \"", argument, "\" for \"") + table_.program + '"');
        return is_long ? pflag_long(argument) : pflag_short(argument);
    }
    return {};
  }

  /// --help waits for the end, because a line that is not understood is an error all the same; --version does
  /// not.
  void use(FlagSpec& spec, std::string value) {
    if (spec.built_in && spec.name == "version" && value == "true") return finish(Action::kVersion);
    if (spec.built_in && spec.name == "help" && value == "true") {
      help_ = true;
      if (table_.style != Flags::Style::kKingpin) done_ = true;
    }
    line_.uses.push_back({&spec, std::move(value)});
  }
  void finish(Action action) {
    line_.action = action;
    done_ = true;
  }

  /// Kingpin takes no value that begins with '-', unless "--" stands before it.
  Result<std::optional<std::string>> kingpin_value() {
    auto next = arguments_.peek();
    if (next && *next != nullptr && **next == "--" && !arguments_.flags_ended()) {
      arguments_.take();
      arguments_.end_flags();
      next = arguments_.peek();
    }
    if (!next) return fail(next);
    if (*next == nullptr) return std::nullopt;
    if (!arguments_.flags_ended() && (*next)->size() > 1 && (*next)->front() == '-') return std::nullopt;
    return arguments_.take();
  }

  Status kingpin_long(std::string_view argument) {
    auto [name, value] = split_value(argument.substr(2));
    auto* spec = table_.find(name);
    bool on = true;
    if (spec == nullptr && name.starts_with("no-")) {
      spec = table_.find(std::string_view(name).substr(3));
      if (spec != nullptr && !spec->is_switch()) spec = nullptr;
      on = false;
    }
    if (spec == nullptr) {
      const auto action = hidden_action(name);
      if (!action) return invalid(in_quotes("unknown long flag '--", name));
      finish(*action);
      return *action == Action::kCompletion ? take_words() : Status{};
    }
    if (spec->is_switch()) {
      if (value) return invalid("unexpected " + *value);
      use(*spec, on ? "true" : "false");
      return {};
    }
    if (!value) {
      auto taken = kingpin_value();
      if (!taken) return fail(taken);
      if (!*taken) return invalid(in_quotes("expected argument for flag '--", name));
      value = std::move(*taken);
    }
    use(*spec, std::move(*value));
    return {};
  }

  /// The shell puts "--" before the words, so that none of them is opened as a file.
  Status take_words() {
    if (const auto first = arguments_.peek(); first && *first != nullptr && **first == "--")
      arguments_.take();
    arguments_.end_flags();
    for (auto next = arguments_.peek(); next && *next != nullptr; next = arguments_.peek()) {
      line_.words.push_back(arguments_.take());
    }
    return {};
  }

  Status kingpin_short(std::string_view argument) {
    for (std::size_t i = 1; i < argument.size() && !done_; ++i) {
      auto* spec = table_.find_short(argument[i]);
      const auto shown = std::string("-") + argument[i];
      if (spec == nullptr) return invalid(in_quotes("unknown short flag '", shown));
      if (spec->is_switch()) {
        use(*spec, "true");
        continue;
      }
      if (i + 1 < argument.size()) {
        use(*spec, std::string(argument.substr(i + 1)));
        return {};
      }
      auto taken = kingpin_value();
      if (!taken) return fail(taken);
      if (!*taken) return invalid(in_quotes("expected argument for flag '", shown));
      use(*spec, std::move(**taken));
    }
    return {};
  }

  Status go_flag(std::string_view argument) {
    const auto text = argument.substr(argument[1] == '-' ? 2 : 1);
    if (text.empty() || text.front() == '-' || text.front() == '=') {
      return invalid("bad flag syntax: " + std::string(argument));
    }
    auto [name, value] = split_value(text);
    auto* spec = table_.find(name);
    if (spec == nullptr) {
      if (name == "h" || name == "help") return finish(Action::kHelp), Status{};
      return invalid("flag provided but not defined: -" + name);
    }
    if (!value && !spec->is_switch()) {
      const auto next = arguments_.peek();
      if (!next || *next == nullptr) return invalid("flag needs an argument: -" + name);
      value = arguments_.take();
    }
    use(*spec, value.value_or("true"));
    return {};
  }

  Status pflag_long(std::string_view argument) {
    const auto text = argument.substr(2);
    if (text.front() == '-' || text.front() == '=')
      return invalid("bad flag syntax: " + std::string(argument));
    auto [name, value] = split_value(text);
    auto* spec = table_.find(name);
    if (spec == nullptr) return invalid("unknown flag: --" + name);
    if (!value && !spec->is_switch()) {
      const auto next = arguments_.peek();
      if (!next || *next == nullptr) return invalid("flag needs an argument: --" + name);
      value = arguments_.take();
    }
    use(*spec, value.value_or("true"));
    return {};
  }

  Status pflag_short(std::string_view argument) {
    for (std::size_t i = 1; i < argument.size() && !done_; ++i) {
      auto* spec = table_.find_short(argument[i]);
      const auto where = std::string(1, argument[i]) + "' in " + std::string(argument);
      if (spec == nullptr) return invalid("unknown shorthand flag: '" + where);
      const auto rest = argument.substr(i + 1);
      if (rest.starts_with('=')) return use(*spec, std::string(rest.substr(1))), Status{};
      if (spec->is_switch()) {
        use(*spec, "true");
        continue;
      }
      if (!rest.empty()) return use(*spec, std::string(rest)), Status{};
      const auto next = arguments_.peek();
      if (!next || *next == nullptr) return invalid("flag needs an argument: '" + where);
      return use(*spec, arguments_.take()), Status{};
    }
    return {};
  }

  const FlagTable& table_;
  Arguments arguments_;
  CommandLine line_;
  bool help_ = false;
  bool done_ = false;
};

}  // namespace

Result<CommandLine> parse_command_line(const FlagTable& table, std::vector<std::string> arguments) {
  return Parser(table, std::move(arguments)).run();
}

}  // namespace exporter::detail
