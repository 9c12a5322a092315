// SPDX-License-Identifier: Apache-2.0
// Metric filters. RE2, which never takes exponential time, has no lookaround; it is done here, piece by
// piece, for the names of families are short and only looked at once.

#include "policy/metric_filter.hpp"

#include <re2/re2.h>

namespace exporter::kube {
namespace {

/// Stands at a special character of a regular expression and steps over escapes and classes.
class PatternWalk {
 public:
  explicit PatternWalk(std::string_view pattern) : pattern_(pattern) {}
  bool done() const { return at_ >= pattern_.size(); }
  std::size_t at() const { return at_; }
  char here() const { return pattern_[at_]; }
  bool looks_at(std::string_view text) const { return pattern_.substr(at_).starts_with(text); }
  void step() {
    if (here() == '\\') {
      at_ += 2;
    } else if (here() == '[') {
      ++at_;
      if (!done() && here() == '^') ++at_;
      if (!done() && here() == ']') ++at_;
      while (!done() && here() != ']') at_ += here() == '\\' ? 2 : 1;
      ++at_;
    } else {
      ++at_;
    }
  }
  /// From an opening bracket to behind its closing one; false where there is none.
  bool step_over_group() {
    std::size_t depth = 0;
    while (!done()) {
      const char c = here();
      step();
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) return true;
    }
    return false;
  }

 private:
  std::string_view pattern_;
  std::size_t at_ = 0;
};

struct Lookaround {
  std::string_view opening;
  bool behind, negative;
};
constexpr Lookaround kLookarounds[] = {
    {"(?=", false, false}, {"(?!", false, true}, {"(?<=", true, false}, {"(?<!", true, true}};

const Lookaround* lookaround_at(const PatternWalk& walk) {
  for (const auto& kind : kLookarounds) {
    if (walk.looks_at(kind.opening)) return &kind;
  }
  return nullptr;
}

bool has_lookaround(std::string_view pattern) {
  for (PatternWalk walk(pattern); !walk.done(); walk.step()) {
    if (lookaround_at(walk) != nullptr) return true;
  }
  return false;
}

std::vector<std::string_view> alternatives(std::string_view pattern) {
  std::vector<std::string_view> found;
  std::size_t begin = 0;
  std::size_t depth = 0;
  for (PatternWalk walk(pattern); !walk.done(); walk.step()) {
    if (walk.here() == '(') ++depth;
    if (walk.here() == ')' && depth > 0) --depth;
    if (walk.here() == '|' && depth == 0) {
      found.push_back(pattern.substr(begin, walk.at() - begin));
      begin = walk.at() + 1;
    }
  }
  found.push_back(pattern.substr(begin));
  return found;
}

/// One alternative: expressions and assertions in a row.
class Sequence {
 public:
  static Result<Sequence> make(std::string_view pattern) {
    Sequence sequence;
    std::size_t begin = 0;
    PatternWalk walk(pattern);
    const auto flush = [&](std::size_t end) -> Status {
      return end > begin ? sequence.add(pattern.substr(begin, end - begin), nullptr) : Status();
    };
    while (!walk.done()) {
      if (walk.here() != '(') {
        walk.step();
        continue;
      }
      const auto* kind = lookaround_at(walk);
      const auto open = walk.at();
      if (!walk.step_over_group())
        return fail(Code::kInvalid, "missing closing ): `" + std::string(pattern) + "`");
      const auto group = pattern.substr(open, walk.at() - open);
      const auto inner = group.substr(kind != nullptr ? kind->opening.size() : 1);
      if (has_lookaround(inner)) {
        return fail(Code::kInvalid,
                    "lookaround inside of a group is not supported: `" + std::string(group) + "`");
      }
      if (kind == nullptr) continue;
      if (auto status = flush(open); !status) return fail(status);
      if (auto status = sequence.add(inner.substr(0, inner.size() - 1), kind); !status) return fail(status);
      begin = walk.at();
    }
    if (auto status = flush(pattern.size()); !status) return fail(status);
    return sequence;
  }

  bool matches(std::string_view name) const {
    // Simple ones, which nearly all are, need no positions.
    if (pieces_.empty()) return true;
    if (pieces_.size() == 1 && pieces_.front().kind == nullptr)
      return RE2::PartialMatch(text(name), *pieces_.front().regex);
    std::vector<bool> reached(name.size() + 1, true);  // where the pieces so far may have ended
    for (const auto& piece : pieces_) reached = step(piece, name, reached);
    for (const bool end : reached) {
      if (end) return true;
    }
    return false;
  }

 private:
  struct Piece {
    std::unique_ptr<RE2> regex;
    const Lookaround* kind;
  };

  static re2::StringPiece text(std::string_view s) { return {s.data(), s.size()}; }

  Status add(std::string_view pattern, const Lookaround* kind) {
    auto regex = std::make_unique<RE2>(text(pattern), RE2::Quiet);
    if (!regex->ok()) return fail(Code::kInvalid, regex->error() + " in `" + std::string(pattern) + "`");
    pieces_.push_back({std::move(regex), kind});
    return {};
  }

  static std::vector<bool> step(const Piece& piece, std::string_view name, const std::vector<bool>& from) {
    const auto matches = [&](std::size_t begin, std::size_t end, RE2::Anchor anchor) {
      return piece.regex->Match(text(name), begin, end, anchor, nullptr, 0);
    };
    std::vector<bool> to(from.size(), false);
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (!from[i]) continue;
      if (piece.kind == nullptr) {
        for (std::size_t j = i; j < to.size(); ++j) {
          if (!to[j] && matches(i, j, RE2::ANCHOR_BOTH)) to[j] = true;
        }
      } else if (!piece.kind->behind) {
        to[i] = matches(i, name.size(), RE2::ANCHOR_START) != piece.kind->negative;
      } else {
        bool found = false;
        for (std::size_t j = 0; j <= i && !found; ++j) found = matches(j, i, RE2::ANCHOR_BOTH);
        to[i] = found != piece.kind->negative;
      }
    }
    return to;
  }

  std::vector<Piece> pieces_;
};

using Sequences = std::vector<Sequence>;

Result<Sequences> compile(std::string_view setting, const std::vector<std::string>& patterns) {
  Sequences all;
  for (const auto& pattern : patterns) {
    for (const auto part : alternatives(pattern)) {
      auto sequence = Sequence::make(part);
      if (!sequence) return fail(Code::kInvalid, std::string(setting) + ": " + sequence.error().message);
      all.push_back(std::move(*sequence));
    }
  }
  return all;
}

bool any(const Sequences& sequences, std::string_view name) {
  for (const auto& sequence : sequences) {
    if (sequence.matches(name)) return true;
  }
  return false;
}

}  // namespace

struct MetricFilter::Impl {
  Sequences allow, deny, opt_in;
};

MetricFilter::MetricFilter() : impl_(std::make_unique<Impl>()) {}
MetricFilter::~MetricFilter() = default;
MetricFilter::MetricFilter(MetricFilter&&) noexcept = default;
MetricFilter& MetricFilter::operator=(MetricFilter&&) noexcept = default;

Result<MetricFilter> MetricFilter::make(const std::vector<std::string>& allow,
                                        const std::vector<std::string>& deny,
                                        const std::vector<std::string>& opt_in) {
  if (!allow.empty() && !deny.empty()) {
    return fail(Code::kInvalid,
                "--metric-allowlist and --metric-denylist exclude each other: give one of them");
  }
  MetricFilter filter;
  const struct {
    const char* setting;
    const std::vector<std::string>& patterns;
    Sequences& to;
  } lists[] = {{"--metric-allowlist", allow, filter.impl_->allow},
               {"--metric-denylist", deny, filter.impl_->deny},
               {"--metric-opt-in-list", opt_in, filter.impl_->opt_in}};
  for (const auto& list : lists) {
    auto sequences = compile(list.setting, list.patterns);
    if (!sequences) return fail(sequences);
    list.to = std::move(*sequences);
  }
  return filter;
}

bool MetricFilter::passes(std::string_view family, bool opt_in) const {
  if (opt_in && !any(impl_->opt_in, family)) return false;
  if (!impl_->allow.empty()) return any(impl_->allow, family);
  return !any(impl_->deny, family);
}

}  // namespace exporter::kube
