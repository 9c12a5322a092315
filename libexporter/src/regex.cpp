// SPDX-License-Identifier: Apache-2.0

// Matcher and NameFilter over RE2.

#include <exporter/regex.hpp>

#include <re2/re2.h>

#include <functional>
#include <unordered_map>
#include <utility>

namespace exporter {

namespace {

constexpr std::size_t kMostNames = 4096;
constexpr std::size_t kLongestName = 512;  // longer ones are matched each time: they would fill the memory

/// A look-up by string_view makes no string.
struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// What went wrong, in the words of Go's regexp package where RE2 has others.
std::string_view reason(const RE2& pattern) {
  switch (pattern.error_code()) {
    case RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case RE2::ErrorBadCharClass:
      return "invalid character class";
    case RE2::ErrorBadCharRange:
      return "invalid character class range";
    case RE2::ErrorMissingBracket:
      return "missing closing ]";
    case RE2::ErrorMissingParen:
      return "missing closing )";
    case RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    case RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return pattern.error();
  }
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options options() {
  RE2::Options chosen;
  chosen.set_log_errors(false);
  chosen.set_never_capture(true);
  // The default of 8 MiB a pattern is more than an exporter uses in all.
  chosen.set_max_mem(1 << 20);
  return chosen;
}

}  // namespace

struct Matcher::Impl {
  Impl(std::string_view pattern, RE2::Anchor where) : regex(piece(pattern), options()), anchor(where) {}

  RE2 regex;
  RE2::Anchor anchor;
  std::unordered_map<std::string, bool, Hash, std::equal_to<>> known;

  static Result<Matcher> make(std::string_view setting, std::string_view pattern, RE2::Anchor anchor);
};

Result<Matcher> Matcher::Impl::make(std::string_view setting, std::string_view pattern, RE2::Anchor anchor) {
  Matcher matcher;
  matcher.impl_ = std::make_unique<Impl>(pattern, anchor);
  const auto& regex = matcher.impl_->regex;
  if (regex.ok()) return matcher;
  std::string message(setting);
  message += ": error parsing regexp: ";
  message += reason(regex);
  message += ": `";
  message += regex.error_arg().empty() ? std::string(pattern) : regex.error_arg();
  message += '`';
  return fail(Code::kInvalid, std::move(message));
}

Matcher::Matcher() = default;
Matcher::~Matcher() = default;
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher& Matcher::operator=(Matcher&&) noexcept = default;

Result<Matcher> Matcher::make(std::string_view setting, std::string_view pattern) {
  return Impl::make(setting, pattern, RE2::UNANCHORED);
}

Result<Matcher> Matcher::make_anchored(std::string_view setting, std::string_view pattern) {
  return Impl::make(setting, pattern, RE2::ANCHOR_BOTH);
}

bool Matcher::matches(std::string_view name) const {
  if (impl_ == nullptr) return false;
  auto& known = impl_->known;
  if (const auto found = known.find(name); found != known.end()) return found->second;
  const bool answer = impl_->regex.Match(piece(name), 0, name.size(), impl_->anchor, nullptr, 0);
  if (name.size() <= kLongestName) {
    if (known.size() >= kMostNames) known.clear();
    known.emplace(name, answer);
  }
  return answer;
}

bool Matcher::pattern_empty() const { return impl_ == nullptr || impl_->regex.pattern().empty(); }

Result<NameFilter> NameFilter::make(std::string_view include_setting, std::string_view include,
                                    std::string_view exclude_setting, std::string_view exclude) {
  NameFilter filter;
  if (!include.empty()) {
    auto made = Matcher::make(include_setting, include);
    if (!made) return fail(made);
    filter.include_ = std::move(*made);
  }
  if (!exclude.empty()) {
    auto made = Matcher::make(exclude_setting, exclude);
    if (!made) return fail(made);
    filter.exclude_ = std::move(*made);
  }
  return filter;
}

}  // namespace exporter
