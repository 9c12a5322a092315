// SPDX-License-Identifier: Apache-2.0
// Addresses of pages, as flags give them.

#include <exporter/http_client.hpp>

#include <algorithm>

namespace exporter {
namespace {

/// Where a URL's user and host begin: behind the scheme. "user:password@http://host" has none, whatever was
/// meant.
std::size_t authority_begin(std::string_view url) {
  const auto end = url.find("://");
  const bool has_scheme =
      end != std::string_view::npos && url.substr(0, end).find('@') == std::string_view::npos;
  return has_scheme ? end + 3 : 0;
}

}  // namespace

std::string shown_url(std::string_view url) {
  const auto query = url.find_first_of("?#");
  std::string text(url.substr(0, query));
  const std::size_t begin = authority_begin(text);
  const auto host_end = std::min(text.find('/', begin), text.size());
  const auto at = text.rfind('@', host_end);
  if (at != std::string::npos && at >= begin && at < host_end) text.replace(begin, at - begin, "xxxxx");
  return text;
}

std::string address_label(std::string_view address) {
  const auto query = address.find_first_of("?#");
  return shown_url(address) + (query == std::string_view::npos ? "" : std::string(address.substr(query)));
}

Result<HttpAddress> parse_http_address(std::string_view text) {
  if (text.starts_with("unix:")) {
    const auto rest = text.substr(5);
    const auto colon = rest.find(':');
    const auto socket = rest.substr(0, colon);
    std::string path(colon == std::string_view::npos ? "/" : rest.substr(colon + 1));
    if (!path.starts_with('/')) path.insert(0, "/");
    if (socket.empty())
      return fail(Code::kInvalid,
                  "the address " + shown_url(text) + " names no socket: unix:<socket>:<path>");
    return HttpAddress{.url = "http://unix" + path, .unix_socket = std::string(socket)};
  }
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto rest = text.substr(scheme.size());
    if (rest.empty() || rest[0] == '/') {
      return fail(Code::kInvalid, "the address " + shown_url(text) + " names no host");
    }
    return HttpAddress{.url = std::string(text), .unix_socket = ""};
  }
  return fail(Code::kInvalid,
              "the address " + shown_url(text) + " begins with none of http://, https:// and unix:");
}

}  // namespace exporter
