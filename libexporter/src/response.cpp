// SPDX-License-Identifier: Apache-2.0
// Response heads, and Reply.

#include "detail/response.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "detail/http_parser.hpp"

namespace exporter {
namespace detail {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 413:
      return "Request Entity Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 24> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// A line end within a value would let whoever chose the value write headers.
void append_header(std::string& out, std::string_view name, std::string_view value) {
  const auto append_clean = [&out](std::string_view text) {
    for (const char c : text) out.push_back(c == '\r' || c == '\n' || c == '\0' ? ' ' : c);
  };
  append_clean(name);
  out += ": ";
  append_clean(value);
  out += "\r\n";
}

}  // namespace

Outgoing make_outgoing(Response response, const ResponseTraits& traits) {
  Outgoing out;
  const bool bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  const bool streaming = response.stream != nullptr && !bodiless;
  out.chunked = streaming && !traits.http10;
  out.close = !traits.keep_alive || (streaming && traits.http10 && !traits.head_only);

  auto& head = out.head;
  head.reserve(192);
  head += "HTTP/1.1 ";
  append_number(head, static_cast<std::size_t>(response.status));
  head += ' ';
  head += reason(response.status);
  head += "\r\n";
  if (!bodiless && !response.content_type.empty()) append_header(head, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) append_header(head, name, value);
  if (out.chunked) {
    head += "Transfer-Encoding: chunked\r\n";
  } else if (!streaming && !bodiless) {
    head += "Content-Length: ";
    append_number(head, response.body ? response.body->size() : 0);
    head += "\r\n";
  }
  if (out.close) {
    head += "Connection: close\r\n";
  } else if (traits.http10) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  if (traits.head_only || bodiless) return out;
  if (streaming) {
    out.stream = std::move(response.stream);
  } else {
    out.body = std::move(response.body);
  }
  return out;
}

Response error_response(int status) {
  std::string text;
  append_number(text, static_cast<std::size_t>(status));
  text += ' ';
  text += reason(status);
  text += '\n';
  Response response;
  response.status = status;
  response.body = shared_body(std::move(text));
  return response;
}

}  // namespace detail

void Reply::Sender::send(Response response) {
  if (extra) {
    const auto given = response.headers.size();
    for (const auto& header : *extra) {
      const auto same = [&header](const auto& each) {
        return detail::equal_ignoring_case(each.first, header.first);
      };
      const auto end = response.headers.begin() + static_cast<std::ptrdiff_t>(given);
      if (std::none_of(response.headers.begin(), end, same)) response.headers.push_back(header);
    }
  }
  inbox->post(
      [to = sink, id = connection, out = detail::make_outgoing(std::move(response), traits)]() mutable {
        to->answer(id, std::move(out));
      });
}

Reply::~Reply() {
  if (!sender_) return;
  try {
    sender_->send(detail::error_response(500));
  } catch (...) {  // NOLINT(bugprone-empty-catch): out of memory; the client's own time-out ends it
  }
}

void Reply::send(Response response) {
  if (const auto sender = std::exchange(sender_, nullptr)) sender->send(std::move(response));
}

void Reply::add_headers(std::shared_ptr<const Headers> headers) {
  if (sender_) sender_->extra = std::move(headers);
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string_view Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string_view> Request::parameters(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.emplace_back(value);
  }
  return values;
}

}  // namespace exporter
