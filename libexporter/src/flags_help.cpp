// SPDX-License-Identifier: Apache-2.0

// --help, in the layout of each style.

#include <algorithm>

#include "flags_table.hpp"

namespace exporter::detail {

namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return result;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '\n') {
      result += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

/// Lines of at most `width` bytes, broken at blanks; a longer word stands alone.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto paragraph = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), paragraph.size() + 1));
    std::string line;
    do {
      const auto word = paragraph.substr(0, paragraph.find(' '));
      paragraph.remove_prefix(std::min(paragraph.size(), word.size() + 1));
      if (!line.empty() && line.size() + 1 + word.size() > width) {
        lines.push_back(std::move(line));
        line.clear();
      }
      if (!line.empty()) line += ' ';
      line += word;
    } while (!paragraph.empty());
    lines.push_back(std::move(line));
  }
  return lines;
}

/// What stands behind "--name=" where kingpin shows a flag.
std::string kingpin_value(const FlagSpec& spec) {
  if (!spec.placeholder.empty()) return spec.placeholder;
  const auto value = shown_default(spec);
  if (spec.is_list()) return (value.empty() ? upper(spec.name) : std::string(value)) + " ...";
  if (value.empty()) return upper(spec.name);
  return spec.holds<std::string>() && spec.choices.empty() ? quoted(value) : std::string(value);
}

struct Row {
  std::string left;
  std::string right;
};

/// Two columns. Rows whose left side is too long for its column have their text below.
std::string two_columns(const std::vector<Row>& rows, std::size_t width) {
  constexpr std::size_t kWidest = 30;
  std::size_t left = 0;
  for (const auto& row : rows) {
    if (row.left.size() < kWidest) left = std::max(left, row.left.size());
  }
  const auto column = 2 + left + 2;
  std::string out;
  for (const auto& row : rows) {
    const auto lines = wrapped(row.right, width > column + 20 ? width - column : 20);
    out += "  " + row.left;
    bool beside = row.left.size() <= left;
    for (const auto& line : lines) {
      if (beside) {
        out.append(column - 2 - row.left.size(), ' ');
      } else {
        out += '\n';
        out.append(line.empty() ? 0 : column, ' ');
      }
      // Only the first line can stand beside the flag.
      out += line;
      beside = false;
    }
    out += '\n';
  }
  return out;
}

std::string kingpin_help(const FlagTable& table, bool all, std::size_t width) {
  std::string out = "usage: " + table.program + " [<flags>]\n\n";
  for (const auto& line : wrapped(table.description, width)) out += line + '\n';
  out += "\nFlags:\n";
  std::vector<Row> rows;
  const FlagSpec* example = nullptr;
  for (const auto& spec : table.specs) {
    if (spec->hidden && !all) continue;
    std::string left =
        spec->short_name != 0 ? std::string("-") + spec->short_name + ", " : std::string(4, ' ');
    left += (spec->is_switch() ? "--[no-]" : "--") + spec->name;
    if (!spec->is_switch()) left += '=' + kingpin_value(*spec);
    auto right = full_help(*spec);
    if (!spec->environment.empty()) right += " ($" + spec->environment.front() + ')';
    rows.push_back({std::move(left), std::move(right)});
    if (example == nullptr && !spec->built_in) example = spec.get();
  }
  out += two_columns(rows, width);
  if (example != nullptr) {
    out += '\n';
    const auto note = "Each flag can also be set in the environment: --" + example->name + " is " +
                      table.environment_name(example->name) + ".";
    for (const auto& line : wrapped(note, width)) out += line + '\n';
  }
  return out;
}

/// The type as Go's flag packages call it, or the word in back quotes in the help text, which is taken out of
/// them.
std::string go_type(const FlagSpec& spec, std::string& help) {
  const auto open = help.find('`');
  const auto close = open == std::string::npos ? open : help.find('`', open + 1);
  std::string type = spec.placeholder;
  if (close != std::string::npos) {
    if (type.empty()) type = help.substr(open + 1, close - open - 1);
    help.erase(close, 1).erase(open, 1);
  }
  if (!type.empty() || spec.is_switch()) return type;
  if (spec.holds<long>()) return "int";
  if (spec.holds<double>()) return "float";
  if (spec.holds<std::chrono::nanoseconds>()) return "duration";
  if (spec.is_list() && spec.default_text.empty()) return "value";
  return "string";
}

std::string go_default(const FlagSpec& spec) {
  const auto value = shown_default(spec);
  if (value.empty() || value == "false" || value == "0" || value == "0s") return "";
  return " (default " + (spec.holds<std::string>() ? quoted(value) : std::string(value)) + ')';
}

std::vector<const FlagSpec*> sorted(const FlagTable& table, bool all) {
  std::vector<const FlagSpec*> specs;
  for (const auto& spec : table.specs) {
    if (all || !spec->hidden) specs.push_back(spec.get());
  }
  std::sort(specs.begin(), specs.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
  return specs;
}

std::string go_help(const FlagTable& table, bool all) {
  std::string out = "Usage of " + table.program + ":\n";
  for (const auto* spec : sorted(table, all)) {
    auto help = full_help(*spec);
    const auto type = go_type(*spec, help);
    out += "  -" + spec->name;
    if (!type.empty()) out += ' ' + type;
    out += spec->name.size() == 1 && type.empty() ? "\t" : "\n    \t";
    for (const char c : help) {
      out += c;
      if (c == '\n') out += "    \t";
    }
    out += go_default(*spec) + '\n';
  }
  return out;
}

std::string pflag_help(const FlagTable& table, bool all) {
  std::string out;
  if (!table.description.empty()) out += table.description + "\n\n";
  out += "Usage:\n  " + table.program + " [flags]\n\nFlags:\n";
  std::vector<Row> rows;
  std::size_t left = 0;
  for (const auto* spec : sorted(table, all)) {
    auto help = full_help(*spec);
    const auto type = go_type(*spec, help);
    Row row;
    row.left = spec->short_name != 0 ? std::string("  -") + spec->short_name + ", " : std::string(6, ' ');
    row.left += "--" + spec->name;
    if (!type.empty()) row.left += ' ' + type;
    row.right = help + go_default(*spec);
    left = std::max(left, row.left.size());
    rows.push_back(std::move(row));
  }
  for (const auto& row : rows) {
    out += row.left;
    out.append(left + 3 - row.left.size(), ' ');
    for (const char c : row.right) {
      out += c;
      if (c == '\n') out.append(left + 3, ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace

std::string_view shown_default(const FlagSpec& spec) {
  return spec.secret ? std::string_view{} : spec.default_text;
}

std::string full_help(const FlagSpec& spec) {
  auto text = spec.help;
  if (spec.choices.empty() || text.find("ne of") != std::string::npos) return text;
  text += text.empty() || text.ends_with('.') ? " One of: [" : ". One of: [";
  for (const auto& choice : spec.choices) {
    if (!text.ends_with('[')) text += ", ";
    text += choice;
  }
  return text + ']';
}

std::string help_text(const FlagTable& table, bool all, std::size_t width) {
  switch (table.style) {
    case Flags::Style::kKingpin:
      return kingpin_help(table, all, width);
    case Flags::Style::kGo:
      return go_help(table, all);
    case Flags::Style::kPflag:
      return pflag_help(table, all);
  }
  return {};
}

}  // namespace exporter::detail
