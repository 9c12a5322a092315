// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.x request parser. What is not plainly right is refused: two readings of one request are how
// requests are smuggled.

#include "detail/http_parser.hpp"

#include <algorithm>
#include <array>

namespace exporter::detail {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
// Both bound what one small head can make us allocate.
constexpr std::size_t kMaxHeaders = 128;
constexpr std::size_t kMaxParameters = 512;
// Chunk sizes, extensions and trailers together.
constexpr std::uint32_t kMaxChunkOverhead = 64 * 1024;

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kToken = make_token_table();

bool is_token_char(char c) { return kToken[static_cast<unsigned char>(c)]; }
bool is_token(std::string_view s) { return !s.empty() && std::all_of(s.begin(), s.end(), is_token_char); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = lower(c);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::string_view trim_blanks(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

int parse_version(std::string_view version, RequestHead& head) {
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return 400;
  }
  if (version[5] != '1') return 505;
  head.http10 = version[7] == '0';
  head.keep_alive = !head.http10;
  return 0;
}

int parse_query(std::string_view text, RequestHead& head) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto piece = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (piece.empty()) continue;
    if (head.query.size() == kMaxParameters) return 400;
    const auto equals = piece.find('=');
    auto& [name, value] = head.query.emplace_back();
    if (!percent_decode(piece.substr(0, equals), true, name)) return 400;
    if (equals != std::string_view::npos && !percent_decode(piece.substr(equals + 1), true, value))
      return 400;
  }
  return 0;
}

int parse_target(std::string_view target, RequestHead& head) {
  if (target.empty()) return 400;
  for (const char c : target) {
    if (is_control(c) || c == ' ' || c == '#') return 400;
  }
  if (target == "*") {
    if (head.method != "OPTIONS") return 400;
    head.path = "*";
    return 0;
  }
  if (target.front() != '/') {
    // The form that is sent to proxies: all that matters here is what follows the host.
    const auto scheme = target.find("://");
    if (scheme == std::string_view::npos) return 400;
    const auto name = target.substr(0, scheme);
    if (!equal_ignoring_case(name, "http") && !equal_ignoring_case(name, "https")) return 400;
    target.remove_prefix(scheme + 3);
    const auto host = std::min(target.find_first_of("/?"), target.size());
    if (host == 0) return 400;
    target.remove_prefix(host);
  }
  const auto question = std::min(target.find('?'), target.size());
  const auto path = target.substr(0, question);
  if (path.empty()) {
    head.path = "/";
  } else if (!percent_decode(path, false, head.path) || head.path.find('\0') != std::string::npos) {
    return 400;
  }
  return question < target.size() ? parse_query(target.substr(question + 1), head) : 0;
}

int parse_request_line(std::string_view line, RequestHead& head) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  const auto method = line.substr(0, first);
  if (method.size() > kMaxMethodBytes || !is_token(method)) return 400;
  if (const int status = parse_version(line.substr(last + 1), head); status != 0) return status;
  head.method = method;
  return parse_target(line.substr(first + 1, last - first - 1), head);
}

int parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 19 || !std::all_of(text.begin(), text.end(), is_digit)) return 400;
  length = 0;
  for (const char c : text) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  return 0;
}

void read_connection(std::string_view value, bool& close, bool& keep) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto option = trim_blanks(value.substr(0, comma));
    value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    if (equal_ignoring_case(option, "close")) close = true;
    if (equal_ignoring_case(option, "keep-alive")) keep = true;
  }
}

// What the headers say about the connection and the body.
int apply_headers(RequestHead& head) {
  unsigned hosts = 0;
  unsigned lengths = 0;
  unsigned codings = 0;
  bool close = false;
  bool keep = false;
  for (const auto& [name, value] : head.headers) {
    if (name == "host") {
      ++hosts;
    } else if (name == "content-length") {
      ++lengths;
      if (const int status = parse_length(value, head.content_length); status != 0) return status;
    } else if (name == "transfer-encoding") {
      ++codings;
      if (!equal_ignoring_case(value, "chunked")) return 501;
      head.chunked = true;
    } else if (name == "connection") {
      read_connection(value, close, keep);
    } else if (name == "expect" && equal_ignoring_case(value, "100-continue")) {
      head.expect_continue = !head.http10;
    }
  }
  if (hosts > 1 || (hosts == 0 && !head.http10)) return 400;
  if (lengths + codings > 1 || (codings > 0 && head.http10)) return 400;
  if (keep) head.keep_alive = true;
  if (close) head.keep_alive = false;
  return 0;
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return false;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      out.push_back(plus_is_space && c == '+' ? ' ' : c);
    }
  }
  return true;
}

std::size_t HeadFinder::find(std::string_view buffer) {
  for (std::size_t i = seen_; i < buffer.size(); ++i) {
    const char c = buffer[i];
    if (!started_) {
      if (c == '\r' || c == '\n') continue;
      if (!is_token_char(c)) return kNotHttp;
      started_ = true;
      line_empty_ = false;
    } else if (c == '\n') {
      if (line_empty_) return i + 1;
      line_empty_ = true;
    } else if (c != '\r') {
      line_empty_ = false;
    }
  }
  seen_ = static_cast<std::uint32_t>(buffer.size());
  return kNotYet;
}

int parse_head(std::string_view text, RequestHead& head) {
  while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
  if (const int status = parse_request_line(take_line(text), head); status != 0) return status;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line.empty()) break;
    if (head.headers.size() == kMaxHeaders) return 431;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return 400;
    const auto value = trim_blanks(line.substr(colon + 1));
    if (std::any_of(value.begin(), value.end(), [](char c) { return is_control(c) && c != '\t'; }))
      return 400;
    auto& [stored_name, stored_value] = head.headers.emplace_back(line.substr(0, colon), value);
    std::transform(stored_name.begin(), stored_name.end(), stored_name.begin(), lower);
  }
  return apply_headers(head);
}

int BodySkipper::start(const RequestHead& head) {
  *this = BodySkipper();
  if (head.chunked) {
    state_ = State::kSize;
  } else if (head.content_length > kMaxBodyBytes) {
    return 413;
  } else if (head.content_length > 0) {
    state_ = State::kLength;
    left_ = head.content_length;
  }
  return 0;
}

int BodySkipper::step_size(char c) {
  switch (state_) {
    case State::kSize:
      if (const int value = hex_value(c); value >= 0) {
        if (++digits_ > 8) return 413;
        left_ = left_ * 16 + static_cast<std::uint64_t>(value);
        return 0;
      }
      if (digits_ == 0) return 400;
      if (c == ';' || c == ' ' || c == '\t') {
        state_ = State::kExtension;
        return 0;
      }
      break;
    case State::kExtension:
      if (c != '\r' && c != '\n') return is_control(c) && c != '\t' ? 400 : 0;
      break;
    default:
      break;
  }
  if (c == '\r' && state_ != State::kSizeEnd) {
    state_ = State::kSizeEnd;
    return 0;
  }
  if (c != '\n') return 400;
  total_ += left_;
  if (total_ > kMaxBodyBytes) return 413;
  state_ = left_ == 0 ? State::kTrailer : State::kData;
  line_empty_ = true;
  digits_ = 0;
  return 0;
}

int BodySkipper::step_trailer(char c) {
  if (c == '\n') {
    if (line_empty_) state_ = State::kDone;
    line_empty_ = true;
  } else if (c != '\r') {
    line_empty_ = false;
  }
  return 0;
}

BodySkipper::Step BodySkipper::skip(std::string_view data) {
  Step step;
  while (state_ != State::kDone && step.used < data.size()) {
    if (state_ == State::kLength || state_ == State::kData) {
      const auto taken = std::min<std::uint64_t>(left_, data.size() - step.used);
      left_ -= taken;
      step.used += static_cast<std::size_t>(taken);
      if (left_ == 0) state_ = state_ == State::kLength ? State::kDone : State::kDataEnd;
      continue;
    }
    const char c = data[step.used++];
    if (++overhead_ > kMaxChunkOverhead) {
      step.status = 413;
      return step;
    }
    switch (state_) {
      case State::kDataEnd:
        if (c == '\r') {
          state_ = State::kDataLf;
          break;
        }
        [[fallthrough]];
      case State::kDataLf:
        if (c != '\n') step.status = 400;
        state_ = State::kSize;
        break;
      case State::kTrailer:
        step.status = step_trailer(c);
        break;
      default:
        step.status = step_size(c);
        break;
    }
    if (step.status != 0) return step;
  }
  step.done = state_ == State::kDone;
  return step;
}

}  // namespace exporter::detail
