// SPDX-License-Identifier: Apache-2.0

// The flags as a manual page, as Markdown and as shell completion.

#include "flags_table.hpp"

namespace exporter::detail {

namespace {

/// For troff: no escapes, and nothing at the start of a line that it would take for a request.
std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

/// For a cell of a Markdown table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(std::string_view text) { return text.empty() ? std::string() : '`' + cell(text) + '`'; }

/// A shell function's name out of a program's.
std::string function_name(std::string_view program) {
  std::string name = "_complete_";
  for (const char c : program) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    name += plain ? c : '_';
  }
  return name;
}

}  // namespace

std::string man_page(const FlagTable& table) {
  std::string out = ".TH " + troff(table.program) + " 1\n.SH NAME\n" + troff(table.program);
  if (!table.description.empty()) out += " \\- " + troff(table.description);
  out += "\n.SH SYNOPSIS\n.B " + troff(table.program) + "\n[flags]\n.SH OPTIONS\n";
  for (const auto& spec : table.specs) {
    if (spec->hidden) continue;
    out += ".TP\n\\fB";
    if (spec->short_name != 0) out += std::string("\\-") + spec->short_name + ", ";
    out += spec->is_switch() ? "\\-\\-[no\\-]" : "\\-\\-";
    out += troff(spec->name) + "\\fR";
    if (!spec->is_switch())
      out += "=\\fI" + troff(spec->placeholder.empty() ? "value" : spec->placeholder) + "\\fR";
    out += '\n' + troff(full_help(*spec)) + '\n';
    const auto value = shown_default(*spec);
    if (!spec->built_in && !value.empty()) out += ".br\nDefault: " + troff(value) + '\n';
  }
  return out;
}

std::string markdown_table(const FlagTable& table) {
  std::string out = "| Flag | Default | Environment | Description |\n| --- | --- | --- | --- |\n";
  for (const auto& spec : table.specs) {
    if (spec->hidden) continue;
    std::string variables;
    if (!spec->built_in) {
      if (spec->has_variable) variables = code(table.environment_name(spec->name));
      for (const auto& name : spec->environment) variables += (variables.empty() ? "" : ", ") + code(name);
    }
    const bool kingpin_switch = spec->is_switch() && table.style == Flags::Style::kKingpin;
    const auto flag = kingpin_switch ? "--[no-]" + spec->name : table.spelled(*spec);
    const auto value = spec->built_in ? std::string_view{} : shown_default(*spec);
    out +=
        "| " + code(flag) + " | " + code(value) + " | " + variables + " | " + cell(full_help(*spec)) + " |\n";
  }
  return out;
}

std::string completions(const FlagTable& table, const std::vector<std::string>& words) {
  std::string out;
  std::string_view current = words.empty() ? std::string_view("--") : std::string_view(words.back());
  // "--flag value" being typed: the flag's choices. Bash gives '=' as a word of its own.
  auto before = words.size() < 2 ? std::string_view{} : std::string_view(words[words.size() - 2]);
  if (before == "=" && words.size() > 2) before = words[words.size() - 3];
  if (current == "=" && words.size() > 1) before = words[words.size() - 2];
  if (before.starts_with("--")) {
    const auto* spec = table.find(before.substr(2));
    if (spec != nullptr && !spec->is_switch()) {
      for (const auto& choice : spec->choices) out += choice + '\n';
      return out;
    }
  }
  if (!current.empty() && !current.starts_with('-')) return out;
  for (const auto& spec : table.specs) {
    if (spec->hidden) continue;
    for (const std::string_view prefix : {"--", "--no-"}) {
      if (prefix == "--no-" && (!spec->is_switch() || spec->built_in)) continue;
      const auto flag = std::string(prefix) + spec->name;
      if (current.empty() || flag.starts_with(current)) out += flag + '\n';
    }
  }
  return out;
}

std::string bash_script(const FlagTable& table) {
  const auto name = function_name(table.program);
  return name +
         "() {\n"
         "  local IFS=$'\\n'\n"
         "  COMPREPLY=($(\"$1\" --completion-bash -- \"${COMP_WORDS[@]:1:COMP_CWORD}\"))\n"
         "  COMPREPLY=($(compgen -W \"${COMPREPLY[*]}\" -- \"$2\"))\n"
         "}\n"
         "complete -o default -F " +
         name + ' ' + table.program + '\n';
}

std::string zsh_script(const FlagTable& table) {
  const auto name = function_name(table.program);
  return "#compdef " + table.program + '\n' + name +
         "() {\n"
         "  local -a found\n"
         "  found=(${(f)\"$(${words[1]} --completion-bash -- \"${(@)words[2,$CURRENT]}\")\"})\n"
         "  if (( ${#found} )); then compadd -a found; else _files; fi\n"
         "}\n"
         "compdef " +
         name + ' ' + table.program + '\n';
}

}  // namespace exporter::detail
