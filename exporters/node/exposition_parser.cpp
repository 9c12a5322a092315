// SPDX-License-Identifier: Apache-2.0
#include "exposition_parser.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <unordered_map>

#include <exporter/text.hpp>

namespace exporter::node {
namespace {

constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Go's ParseFloat: like strtod, with "inf" and "nan" in any case, without hexadecimal numbers and
/// underscores.
Result<double> parse_float(std::string_view token) {
  if (token.empty() || is_blank(token.front()) || is_blank(token.back()))
    return std::unexpected(not_a_number(token));
  const auto signless = token.substr(token.find_first_not_of("+-") == 1 ? 1 : 0);
  if (signless.size() != token.size() && (signless.front() == 'n' || signless.front() == 'N')) {
    return std::unexpected(not_a_number(token));
  }
  if (token.find_first_of("pP_xX(") != std::string_view::npos) return std::unexpected(not_a_number(token));
  auto number = parse<double>(token);
  if (number || token.size() < 3) return number;
  // Too large or too small for a double: Go refuses the first and takes the second as 0.
  const bool negative_exponent =
      token.find("e-") != std::string_view::npos || token.find("E-") != std::string_view::npos;
  if (negative_exponent && token.find_first_not_of("+-.eE0123456789") == std::string_view::npos) {
    char text[64];
    if (token.size() < sizeof text) {
      std::memcpy(text, token.data(), token.size());
      text[token.size()] = 0;
      char* end = nullptr;
      const double value = std::strtod(text, &end);
      if (end == text + token.size() && std::abs(value) < 1) return value;
    }
  }
  return number;
}

bool valid(std::string_view text) {
  std::string scratch;
  return valid_utf8(text, scratch).data() == text.data();
}

}  // namespace

class Exposition::Parser {
 public:
  explicit Parser(Exposition& out) : out_(out), at_(out.text_.data()), end_(at_ + out.text_.size()) {}

  Status run() {
    for (line_ = 1; at_ != end_; ++line_) {
      skip_blanks();
      if (at_ == end_) break;
      if (*at_ == '\n') {
        ++at_;
        continue;
      }
      if (std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)) == nullptr) {
        return error("the last line does not end with a line feed");
      }
      auto status = *at_ == '#' ? comment() : sample();
      if (!status) return status;
    }
    return finish();
  }

 private:
  enum class Part : std::uint8_t { kValue, kSum, kCount };

  Status error(std::string_view what, std::string_view about = {}) {
    std::string message = "line " + std::string(Digits(line_)) + ": " + std::string(what);
    if (!about.empty()) message += " \"" + std::string(about.substr(0, 80)) + '"';
    return fail(Code::kInvalid, std::move(message));
  }

  // Every line ends with '\n' and nothing below goes past it, so that these need no end of text.
  void skip_blanks() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t')) ++at_;
  }
  std::string_view token() {
    const char* begin = at_;
    while (*at_ != ' ' && *at_ != '\t' && *at_ != '\n') ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }
  void skip_line() {
    while (*at_ != '\n') ++at_;
    ++at_;
  }

  /// A name, plain or quoted; empty where there is none.
  std::string_view name(bool colons) {
    if (*at_ == '"') {
      auto text = quoted();
      return text && is_name(*text, colons) ? *text : std::string_view{};
    }
    const char* begin = at_;
    while (is_letter(*at_) || (colons && *at_ == ':') || (at_ != begin && is_digit(*at_))) ++at_;
    return {begin, static_cast<std::size_t>(at_ - begin)};
  }

  /// A quoted string, unescaped where it stands: at the opening quote, to behind the closing one.
  Result<std::string_view> quoted() {
    char* const begin = ++at_;
    char* to = begin;
    for (; *at_ != '"'; ++at_) {
      if (*at_ == '\n') return std::unexpected(error("a quoted text has no end").error());
      if (*at_ == '\\') {
        ++at_;
        if (*at_ != '\\' && *at_ != 'n' && *at_ != '"') {
          return std::unexpected(
              error("invalid escape sequence", std::string_view(at_ - 1, *at_ == '\n' ? 1 : 2)).error());
        }
        *to++ = *at_ == 'n' ? '\n' : *at_;
        continue;
      }
      *to++ = *at_;
    }
    ++at_;
    return std::string_view{begin, static_cast<std::size_t>(to - begin)};
  }

  /// A quoted name may have nothing in it that a plain one may not have.
  static bool is_name(std::string_view text, bool colons) {
    if (text.empty() || is_digit(text.front())) return false;
    return std::ranges::all_of(text,
                               [&](char c) { return is_letter(c) || is_digit(c) || (colons && c == ':'); });
  }

  Status comment() {
    ++at_;
    skip_blanks();
    const auto keyword = token();
    const bool help = keyword == "HELP";
    if (!help && keyword != "TYPE") {
      skip_line();
      return {};
    }
    skip_blanks();
    if (*at_ == '\n') {
      ++at_;
      return {};
    }
    const auto metric = name(true);
    if (metric.empty() || (*at_ != ' ' && *at_ != '\t' && *at_ != '\n'))
      return error("invalid metric name in a comment");
    if (*at_ == '\n') {
      ++at_;
      return {};
    }
    Part part{};
    Family& family = find_or_add(metric, part);
    skip_blanks();
    if (*at_ == '\n') {
      ++at_;
      return {};
    }
    return help ? help_text(family) : type(family);
  }

  Status help_text(Family& family) {
    if (family.has_help) return error("second HELP for metric", family.name);
    char* const begin = at_;
    char* to = begin;
    for (; *at_ != '\n'; ++at_) {
      if (*at_ == '\\') {
        ++at_;
        if (*at_ != '\\' && *at_ != 'n') {
          return error("invalid escape sequence", std::string_view(at_ - 1, *at_ == '\n' ? 1 : 2));
        }
        *to++ = *at_ == 'n' ? '\n' : *at_;
        continue;
      }
      *to++ = *at_;
    }
    ++at_;
    family.help = {begin, static_cast<std::size_t>(to - begin)};
    family.has_help = true;
    return {};
  }

  Status type(Family& family) {
    const char* begin = at_;
    while (*at_ != '\n') ++at_;
    const std::string_view text(begin, static_cast<std::size_t>(at_ - begin));
    ++at_;
    if (family.has_type) return error("second TYPE, or TYPE after the samples, of metric", family.name);
    constexpr struct {
      std::string_view name;
      MetricType type;
    } kTypes[] = {{"counter", MetricType::kCounter},
                  {"gauge", MetricType::kGauge},
                  {"untyped", MetricType::kUntyped},
                  {"histogram", MetricType::kHistogram},
                  {"summary", MetricType::kSummary}};
    for (const auto& known : kTypes) {
      const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
      if (std::ranges::equal(text, known.name, same)) {
        family.type = known.type;
        family.has_type = true;
        return {};
      }
    }
    return error("unknown metric type", text);
  }

  Status sample() {
    labels_.clear();
    bound_ = NAN;
    std::string_view metric;
    if (*at_ != '{') {
      metric = name(true);
      if (metric.empty()) return error("invalid metric name");
      skip_blanks();
    }
    std::size_t family = kNone;
    Part part{};
    if (!metric.empty()) {
      family = index_of(find_or_add(metric, part));
      fix_type(out_.families_[family]);
    }
    if (*at_ == '{') {
      ++at_;
      auto status = label_list(family, part);
      if (!status) return status;
      skip_blanks();
    }
    if (family == kNone) return error("a sample without a metric name");
    return value(out_.families_[family], part);
  }

  /// From behind the '{' to behind the '}'.
  Status label_list(std::size_t& family, Part& part) {
    for (;;) {
      skip_blanks();
      if (*at_ == '}') {
        ++at_;
        return {};
      }
      const bool was_quoted = *at_ == '"';
      const auto label = name(was_quoted);  // a quoted one can be the metric's
      if (label.empty()) return error("invalid label name");
      skip_blanks();
      if (was_quoted && *at_ != '=') {  // {"metric name", ...}
        if (family != kNone) return error("a second metric name", label);
        family = index_of(find_or_add(label, part));
        fix_type(out_.families_[family]);
      } else {
        auto status = label_value(family, label);
        if (!status) return status;
      }
      skip_blanks();
      if (*at_ == ',') {
        ++at_;
      } else if (*at_ != '}') {
        return error("expected ',' or '}' behind label", label);
      }
    }
  }

  Status label_value(std::size_t family, std::string_view label) {
    if (!is_name(label, false)) return error("invalid label name", label);
    if (label == "__name__") return error("reserved label name", label);
    if (*at_ != '=') return error("expected '=' behind label name", label);
    ++at_;
    skip_blanks();
    if (*at_ != '"') return error("expected '\"' before the value of label", label);
    auto text = quoted();
    if (!text) return fail(text);
    if (!valid(*text)) return error("invalid UTF-8 in the value of label", label);
    const auto kind = family == kNone ? MetricType::kUntyped : out_.families_[family].type;
    if ((kind == MetricType::kHistogram && label == "le") ||
        (kind == MetricType::kSummary && label == "quantile")) {
      auto bound = parse_float(*text);
      if (!bound) return error("expected a number as value of the label", label);
      bound_ = *bound;
      return {};
    }
    for (const auto& other : labels_) {
      if (other.name == label) return error("duplicate label", label);
    }
    labels_.push_back({label, *text});
    return {};
  }

  Status value(Family& family, Part part) {
    const auto text = token();
    auto number = parse_float(text);
    if (!number) return error("expected a number as value, got", text);
    if (*at_ != '\n') {
      skip_blanks();
      const auto time = token();
      if (!exporter::parse<std::int64_t>(time))
        return error("expected a whole number as timestamp, got", time);
      if (out_.timestamp_line_ == 0) out_.timestamp_line_ = line_;
      skip_blanks();
      if (*at_ != '\n') return error("unexpected text behind the timestamp");
    }
    ++at_;
    const bool composed = family.type == MetricType::kHistogram || family.type == MetricType::kSummary;
    Series& series = composed ? composed_series(family) : add_series(family);
    if (part == Part::kCount) {
      series.count = *number;
    } else if (!composed || part == Part::kSum) {
      series.value = *number;
    } else if (!std::isnan(bound_)) {
      series.points.push_back({bound_, *number});
    }
    return {};
  }

  Family& find_or_add(std::string_view metric, Part& part) {
    part = Part::kValue;
    if (const auto found = by_name_.find(metric); found != by_name_.end())
      return out_.families_[found->second];
    for (const auto& [suffix, meaning] : {std::pair{std::string_view("_sum"), Part::kSum},
                                          {std::string_view("_count"), Part::kCount},
                                          {std::string_view("_bucket"), Part::kValue}}) {
      if (!metric.ends_with(suffix)) continue;
      const auto found = by_name_.find(metric.substr(0, metric.size() - suffix.size()));
      if (found == by_name_.end()) continue;
      Family& family = out_.families_[found->second];
      const bool bucket = suffix == "_bucket";
      if (family.type == MetricType::kHistogram || (family.type == MetricType::kSummary && !bucket)) {
        part = meaning;
        return family;
      }
    }
    by_name_.emplace(metric, out_.families_.size());
    auto& family = out_.families_.emplace_back();
    family.name = metric;
    return family;
  }
  std::size_t index_of(const Family& family) const {
    return static_cast<std::size_t>(&family - out_.families_.data());
  }
  static void fix_type(Family& family) { family.has_type = true; }

  Series& add_series(Family& family) {
    std::ranges::sort(labels_, {}, &Label::name);
    auto& series = family.series.emplace_back();
    series.first_label = static_cast<std::uint32_t>(out_.labels_.size());
    series.label_count = static_cast<std::uint32_t>(labels_.size());
    series.line = static_cast<std::uint32_t>(line_);
    out_.labels_.insert(out_.labels_.end(), labels_.begin(), labels_.end());
    return series;
  }

  /// The series that this line is a part of.
  Series& composed_series(Family& family) {
    std::ranges::sort(labels_, {}, &Label::name);
    key_.assign(Digits(index_of(family)));
    for (const auto& label : labels_) {
      key_.append(1, '\0').append(label.name).append(1, '\0').append(label.value);
    }
    const auto [found, added] = composed_.try_emplace(key_, family.series.size());
    if (added) return add_series(family);
    return family.series[found->second];
  }

  Status finish() {
    std::erase_if(out_.families_, [](const Family& family) { return family.series.empty(); });
    for (auto& family : out_.families_) {
      if (!fill_labels(family))
        return fail(Code::kInvalid, "too many label names in " + std::string(family.name));
      family.line = family.series.front().line;
      std::ranges::stable_sort(family.series, [&](const Series& a, const Series& b) {
        return std::ranges::lexicographical_compare(out_.labels(a), out_.labels(b), {}, &Label::value,
                                                    &Label::value);
      });
      for (auto& series : family.series) {
        std::ranges::stable_sort(series.points, [](const Point& a, const Point& b) {
          return std::isnan(b.bound) ? !std::isnan(a.bound) : a.bound < b.bound;
        });
        // Of several for one bound the last counts.
        const auto kept =
            std::ranges::unique(series.points.rbegin(), series.points.rend(), {}, &Point::bound);
        series.points.erase(series.points.begin(), kept.begin().base());
      }
    }
    return {};
  }

  bool fill_labels(Family& family) {
    bool same = true;
    const auto first = out_.labels(family.series.front());
    for (const auto& series : family.series) {
      same = same && std::ranges::equal(out_.labels(series), first, {}, &Label::name, &Label::name);
    }
    if (same) return true;
    std::vector<std::string_view> names;
    for (const auto& series : family.series) {
      for (const auto& label : out_.labels(series)) names.push_back(label.name);
    }
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    if (out_.labels_.size() + names.size() * family.series.size() > kMaxLabels) return false;
    for (auto& series : family.series) {
      if (series.label_count == names.size()) continue;
      labels_.clear();
      for (const auto wanted : names) {
        const auto has = out_.labels(series);
        const auto found = std::ranges::find(has, wanted, &Label::name);
        labels_.push_back({wanted, found == has.end() ? std::string_view{} : found->value});
      }
      series.first_label = static_cast<std::uint32_t>(out_.labels_.size());
      series.label_count = static_cast<std::uint32_t>(labels_.size());
      out_.labels_.insert(out_.labels_.end(), labels_.begin(), labels_.end());
    }
    return true;
  }

  // A few lines could ask for millions of labels: each label name is put on each series of its family.
  static constexpr std::size_t kMaxLabels = 4'000'000;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  Exposition& out_;
  char* at_;
  char* const end_;
  std::uint64_t line_ = 1;
  std::vector<Label> labels_;  // of the current line
  double bound_ = NAN;         // its "le" or "quantile"
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::unordered_map<std::string, std::size_t> composed_;
  std::string key_;
};

Result<Exposition> Exposition::parse(std::string_view text) {
  Exposition result;
  result.text_.assign(text.begin(), text.end());
  auto status = Parser(result).run();
  if (!status) return fail(status);
  return result;
}

}  // namespace exporter::node
